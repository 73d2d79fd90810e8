"""Answers about people and organisations that join several models."""

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Q, QuerySet
from django.utils import translation

from proposals.partners.calculations import Names, digest, nearest
from proposals.partners.models import Invitation, Membership, Notice, Organisation, User

COMPARED_AT_MOST = 5000  # names an organisation is held against on its page for staff


def names_of(organisation: Organisation) -> Names:
    """Everything an organisation is called."""
    others = [organisation.native_name, *organisation.aliases]
    return Names(organisation.name, organisation.acronym, tuple(name for name in others if name))


def near_in_directory(wanted: Names) -> list[Organisation]:
    """The organisations of the public directory that this may be, nearest first. Two queries at most."""
    return _near(wanted, Organisation.objects.directory())


def near_for_staff(organisation: Organisation) -> list[Organisation]:
    """Every current organisation, whoever added it, that this one may be; for staff's eyes only."""
    others = Organisation.objects.current().exclude(pk=organisation.pk)
    if organisation.country:
        others = others.filter(country__in=["", str(organisation.country)])
    return _near(names_of(organisation), others)


def _near(wanted: Names, among: QuerySet[Organisation]) -> list[Organisation]:
    rows = among.only("name", "acronym", "native_name", "aliases").order_by("-pk")[:COMPARED_AT_MOST]
    found = [key for key, _score in nearest(wanted, ((row.pk, names_of(row)) for row in rows))]
    by_key = Organisation.objects.in_bulk(found)
    return [by_key[key] for key in found]


def verified_addresses(user: Any) -> list[str]:
    """The addresses this person has shown to be theirs, in lower case."""
    known = EmailAddress.objects.filter(user_id=user.pk, verified=True).values_list("email", flat=True)
    return sorted({address.lower() for address in known})


def pending_invitations(user: Any, now: datetime) -> QuerySet[Invitation]:
    """The invitations that this person can accept: open, and sent to an address they have verified."""
    mine = Invitation.objects.open(now).filter(email__in=verified_addresses(user))
    return mine.select_related("organisation", "invited_by").order_by("-created_at")


def by_token(token: str) -> Invitation | None:
    """The invitation of a link, whatever its state; None for a token that was never drawn."""
    found = Invitation.objects.filter(token_digest=digest(token))
    return found.select_related("organisation", "invited_by").first()


def closed_because(invitation: Invitation, now: datetime) -> str:
    """Why an invitation cannot be accepted (used, withdrawn, expired), or nothing while it can."""
    if invitation.accepted_at:
        return "used"
    if invitation.withdrawn_at:
        return "withdrawn"
    return "expired" if invitation.expires_at <= now else ""


def memberships(user: Any) -> QuerySet[Membership]:
    """A person's organisations with their role in each, by name."""
    mine = Membership.objects.filter(user_id=user.pk, organisation__merged_into=None)
    return mine.select_related("organisation").order_by("organisation__name", "pk")


def organisations_to_file_for(user: Any) -> QuerySet[Organisation]:
    """The organisations that this person is a member of, confirmed or not; all of them for the secretariat."""
    current = Organisation.objects.current()
    return current if user.is_staff else current.filter(memberships__user=user.pk).distinct()


def members(organisation: Organisation) -> QuerySet[Membership]:
    """An organisation's people, representatives first."""
    return organisation.memberships.select_related("user").order_by("-role", "user__full_name", "pk")


def in_directory(words: str) -> QuerySet[Organisation]:
    """The public directory's entries that hold these words in a name, by name; all of them for no words."""
    found = Organisation.objects.directory().order_by("name", "pk")
    for word in words.split()[:6]:
        found = found.filter(
            Q(name__icontains=word) | Q(acronym__icontains=word) | Q(native_name__icontains=word) | Q(aliases__icontains=word)
        )
    return found


def person_by_address(email: str) -> User | None:
    """Whoever has verified this address, or signs in with it."""
    known = EmailAddress.objects.filter(email__iexact=email, verified=True).select_related("user").first()
    return known.user if known else User.objects.filter(email=email.strip().lower()).first()


def notice(slug: str) -> Notice | None:
    """A page of text in the reader's language, else in English, else None."""
    language = translation.get_language() or "en"
    rows = {row.language: row for row in Notice.objects.filter(slug=slug, language__in=[language, "en"])}
    return rows.get(language) or rows.get("en")
