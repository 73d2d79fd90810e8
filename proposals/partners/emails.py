"""Who is told what about people and organisations; one function per message."""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from proposals.outbox.actions import post
from proposals.outbox.calculations import inert
from proposals.outbox.states import Kind, Priority
from proposals.partners.calculations import mailbox_link_token
from proposals.partners.gateways import password_path
from proposals.partners.models import Invitation, Mailbox, Membership, Organisation, User
from proposals.partners.states import ROLE_MEANS, Role, StaffRole


def _page(organisation: Organisation) -> str:
    return reverse("portal:organisation", args=[organisation.pk])


def _names(organisation: Organisation, **people: Any) -> dict[str, str]:
    """Names as they may stand in a mail."""
    shown = {name: inert(str(person)) for name, person in people.items()}
    return {"organisation": inert(organisation.name), **shown}


def invitation(invited: Invitation, *, token: str, to: Any) -> None:
    """To the address invited: who asks, for which organisation, until when, and the link."""
    if invited.organisation is None:
        raise ValueError("an invitation to a team is told by the package that knows teams")
    context = {
        **_names(invited.organisation, inviter=invited.invited_by),
        "as_representative": invited.role == Role.REPRESENTATIVE,
        "expires_at": invited.expires_at,
        "email": invited.email,
    }
    # Sent to the address invited, which may be a person's second one.
    known = getattr(to, "email", to) == invited.email
    post(
        key=f"invitation:{invited.pk}",
        to=to if known else invited.email,
        template="organisation_invitation",
        context=context,
        kind=Kind.TEAM,
        link=reverse("portal:invitation", args=[token]),
    )


def organisation_found(organisation: Organisation, *, by: User) -> None:
    """To the secretariat's mailbox: an organisation and its representative wait to be confirmed."""
    post(
        key=f"organisation-found:{organisation.pk}",
        to=settings.SECRETARIAT_EMAIL,
        template="organisation_found",
        context=_names(organisation, person=by),
        kind=Kind.NOTICE,
        about=organisation,
        link=reverse("admin:proposals_organisation_change", args=[organisation.pk]),
    )


def organisation_asked(membership: Membership, *, now: datetime) -> None:
    """To the confirmed representatives, or to the secretariat where there is none: a person asks to join."""
    organisation = membership.organisation
    trusted = organisation.memberships.filter(role=Role.REPRESENTATIVE, confirmed_at__isnull=False, user__is_active=True)
    hosts: list[Any] = [row.user for row in trusted.select_related("user")]
    for host in hosts or [settings.SECRETARIAT_EMAIL]:
        post(
            key=f"member-asked:{membership.pk}:{getattr(host, 'pk', 'secretariat')}:{now.isoformat()}",
            to=host,
            template="organisation_asked",
            context=_names(organisation, person=membership.user),
            kind=Kind.TEAM if hosts else Kind.NOTICE,
            about=organisation,
            link=_page(organisation) if hosts else reverse("admin:proposals_organisation_change", args=[organisation.pk]),
        )


def organisation_confirmed(organisation: Organisation) -> None:
    """To its representatives: the secretariat has confirmed the organisation."""
    for row in organisation.memberships.filter(role=Role.REPRESENTATIVE, user__is_active=True).select_related("user"):
        post(
            key=f"organisation-confirmed:{organisation.pk}:{row.user_id}",
            to=row.user,
            template="organisation_confirmed",
            context=_names(organisation),
            kind=Kind.TEAM,
            about=organisation,
            link=_page(organisation),
        )


def organisation_merged(membership: Membership, *, ended: Organisation) -> None:
    """To a member: the entry was merged into another, and whether the membership is confirmed there."""
    post(
        key=f"organisation-merged:{ended.pk}:{membership.user_id}",
        to=membership.user,
        template="organisation_merged",
        context={
            **_names(membership.organisation),
            "ended": inert(ended.name),
            "is_confirmed": bool(membership.confirmed_at),
        },
        kind=Kind.TEAM,
        about=membership.organisation,
        link=_page(membership.organisation),
    )


def _tell_member(what: str, member: Membership, *, to: User, now: datetime, link: str, **names: Any) -> None:
    post(
        key=f"{what}:{member.organisation_id}:{member.user_id}:{to.pk}:{now.isoformat()}",
        to=to,
        template=what,
        context={**_names(member.organisation, **names), "as_representative": member.role == Role.REPRESENTATIVE},
        kind=Kind.TEAM,
        about=member.organisation,
        link=link,
    )


def member_confirmed(member: Membership, *, now: datetime) -> None:
    """To the member: confirmed, and as what."""
    _tell_member("organisation_member_confirmed", member, to=member.user, now=now, link=_page(member.organisation))


def role_changed(member: Membership, *, now: datetime) -> None:
    """To the member: the new role, and what it lets them do."""
    _tell_member("organisation_role_changed", member, to=member.user, now=now, link=_page(member.organisation))


def handed_over(member: Membership, *, by: User, now: datetime) -> None:
    """To the one who handed over: who has it now."""
    link = _page(member.organisation)
    _tell_member("organisation_handed_over", member, to=by, now=now, link=link, person=member.user)


def member_removed(member: Membership, *, now: datetime) -> None:
    """To the one removed."""
    _tell_member("organisation_member_removed", member, to=member.user, now=now, link=reverse("portal:organisation_list"))


def mailbox_asked(mailbox: Mailbox, *, token: str) -> None:
    """To the mailbox alone: whose it is said to be, and the link that confirms it; wiped once sent, as it holds a key."""
    post(
        key=f"mailbox:{mailbox.pk}:{uuid.uuid4().hex}",
        to=mailbox.address,
        language=mailbox.language,
        template="mailbox_confirm",
        context={
            **_names(mailbox.organisation),
            "action_url": settings.SITE_URL + reverse("portal:mailbox_confirm", args=[token]),
        },
        kind=Kind.SECURITY,
    )


def mailbox_foot(mailbox: Mailbox) -> dict[str, str]:
    """What the foot of a mail to a role mailbox says: why it came, and the link that ends such mail."""
    stop = reverse("portal:mailbox_stop", args=[mailbox_link_token(mailbox.pk)])
    return {"mailbox_of": inert(mailbox.organisation.name), "stop_url": settings.SITE_URL + stop}


def security(template: str, *, to: Any, context: dict[str, Any]) -> None:
    """To one person, about signing in: any link stands in the text alone, which is wiped once sent."""
    post(
        key=f"{template}:{uuid.uuid4().hex}",
        to=to,
        template=template,
        context=context,
        kind=Kind.SECURITY,
        priority=Priority.SECURITY,
    )


def address_confirmed(user: User, *, email: str, now: datetime) -> None:
    """To the person: the secretariat has confirmed the address by hand."""
    context = {
        "title": _("Your e-mail address is confirmed"),
        "sentence": _("The secretariat has confirmed your e-mail address by hand. You can sign in now."),
        "email": email,
        "at": now,
    }
    security("security_notice", to=user, context=context)


def set_password(user: User, *, now: datetime) -> None:
    """To a new member of staff: the link to set a password."""
    context = {"action_url": settings.SITE_URL + password_path(user), "at": now, "email": user.email}
    security("security_set_password", to=user, context=context)


def appointed(user: User, *, now: datetime) -> None:
    """To a person who has an account: the staff role they have now, and what it means."""
    role = StaffRole(user.staff_role)
    post(
        key=f"appointed:{user.pk}:{uuid.uuid4().hex}",
        to=user,
        template="appointed",
        context={"role": role.label, "means": ROLE_MEANS[role]},
        kind=Kind.NOTICE,
        link=reverse("admin:index"),
        now=now,
    )
