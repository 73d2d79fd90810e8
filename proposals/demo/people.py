"""The fictional organisations and people of the demonstration, and one login for each role."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from allauth.account.models import EmailAddress

from proposals.demo.reference import load
from proposals.partners.models import Membership, Organisation, User
from proposals.partners.states import Role, StaffRole
from proposals.review.actions.experts import save_expert
from proposals.review.models import Expert

PASSWORD = "lunar demonstration 2026"  # noqa: S105  # known to all, and only ever set by `seed`
SYNTHETIC = "(synthetic)"
UNCONFIRMED = {5, 23, 38}
STAFF = (
    ("secretariat@demo.example.org", "Secretariat, first desk (synthetic)", StaffRole.SECRETARIAT),
    ("secretariat2@demo.example.org", "Secretariat, second desk (synthetic)", StaffRole.SECRETARIAT),
    ("observer@demo.example.org", "Observer (synthetic)", StaffRole.OBSERVER),
    ("reviewer@demo.example.org", "Science reviewer (synthetic)", StaffRole.REVIEWER),
    ("assessor@demo.example.org", "Technical assessor (synthetic)", StaffRole.ASSESSOR),
    ("chair@demo.example.org", "Panel chair (synthetic)", StaffRole.CHAIR),
    ("board@demo.example.org", "Member of the board (synthetic)", StaffRole.BOARD),
)
# What the two who judge know, how well, and how much they can take on.
EXPERTS = {
    StaffRole.REVIEWER: ({"geophysics": "1", "remote_sensing": "0.7", "radio": "0.5", "launch_orbit": "0.5"}, 4),
    StaffRole.ASSESSOR: ({"geophysics": "1", "rover": "0.7", "technology": "0.7"}, 4),
}
LANGUAGE_OF = {"CN": "zh-hans", "HK": "zh-hans", "FR": "fr", "RU": "ru", "BY": "ru", "ES": "es", "MX": "es", "AR": "es"}
ZONE_OF = {"PK": "Asia/Karachi", "IT": "Europe/Rome", "PE": "America/Lima", "CN": "Asia/Shanghai", "HK": "Asia/Hong_Kong"}


def seed_staff() -> list[User]:
    """The staff logins, first desk first."""
    return [login(email, full_name=name, staff_role=role, time_zone="Asia/Shanghai") for email, name, role in STAFF]


def seed_experts(desk: User, now: datetime) -> None:
    """Give the demonstration's reviewer and assessor their profiles, where they have none."""
    for user in User.objects.filter(email__in=[email for email, _name, _role in STAFF], expert=None):
        known, most = EXPERTS.get(StaffRole(user.staff_role), ({}, 0))
        if known:
            weights = {topic: Decimal(weight) for topic, weight in known.items()}
            save_expert(Expert(user=user, country="CN", languages=["en"], max_load=most), weights=weights, by=desk, now=now)


def login(email: str, *, password: str = PASSWORD, **fields: Any) -> User:
    """A person with a verified address and the known password; found again if already there."""
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(email, password or None, **fields)
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def seed_organisations(now: datetime, by: User) -> list[Organisation]:
    """The fictional organisations, in the order of the data file."""
    found = {row.name: row for row in Organisation.objects.filter(is_synthetic=True)}
    rows = []
    for number, entry in enumerate(load("synthetic_organisations")):
        name = f"{entry['name']} {SYNTHETIC}"
        confirmed = number not in UNCONFIRMED
        rows.append(
            found.get(name)
            or Organisation.objects.create(
                name=name,
                acronym=entry["acronym"],
                native_name=entry["native_name"],
                aliases=entry["aliases"],
                kind=entry["kind"],
                country=entry["country"] or "",
                is_synthetic=True,
                confirmed_at=now if confirmed else None,
                confirmed_by=by if confirmed else None,
            )
        )
    return rows


def person(entry: dict[str, Any], organisation: Organisation, *, now: datetime, by: User, can_sign_in: bool) -> User:
    """A member of a team as a user of the site, and of their organisation."""
    country = str(organisation.country)
    user = login(
        entry["email"],
        password=PASSWORD if can_sign_in else "",
        full_name=entry["full_name"],
        native_name=entry["native_name"],
        language=LANGUAGE_OF.get(country, "en"),
        time_zone=ZONE_OF.get(country, "UTC"),
    )
    Membership.objects.get_or_create(
        user=user,
        organisation=organisation,
        defaults={"role": Role.REPRESENTATIVE, "confirmed_at": now, "confirmed_by": by},
    )
    return user


def logins() -> list[tuple[str, str]]:
    """Each role's login: what it shows, and its address; the password is the same for all."""
    partners = (
        ("partner with a draft, a seismometer", "U14"),
        ("partner whose rover was asked a question", "S03"),
        ("partner whose proposal was returned", "S04"),
        ("partner under review, a retroreflector", "U01"),
    )
    by_key = {entry["key"]: entry for entry in load("synthetic_proposals")}
    return [
        *((what, by_key[key]["team"][0]["email"]) for what, key in partners),
        ("secretariat", STAFF[0][0]),
        ("secretariat, a second desk", STAFF[1][0]),
        *((str(role.label), email) for email, _name, role in STAFF[2:]),
    ]
