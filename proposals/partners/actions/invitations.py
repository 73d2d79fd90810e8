"""Verbs of an invitation: send it, take it back, accept it."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.partners import emails
from proposals.partners.actions.members import AlreadyMember
from proposals.partners.calculations import digest
from proposals.partners.models import Invitation, Membership, Organisation
from proposals.partners.queries import closed_because, person_by_address, verified_addresses
from proposals.partners.rules import may_invite, may_withdraw_invitation, membership_of
from proposals.partners.states import Role

INVITATION_DAYS = 30
OPEN_AT_MOST = 100  # open invitations an organisation may have out


class InvitationClosed(ValidationError):
    """The invitation was used, taken back or has run out; `why` is used, withdrawn or expired. Nothing was changed."""

    def __init__(self, why: str) -> None:
        words = {
            "used": _("This invitation has been used already."),
            "withdrawn": _("This invitation was taken back."),
            "expired": _("This invitation has run out. Ask for a new one."),
        }
        super().__init__(words[why])
        self.why = why


class NotInvited(PermissionDenied):
    """The invitation went to an address that this person has not verified; nothing was changed."""


def issue(
    email: str, *, by: Any, now: datetime, organisation: Organisation | None = None, role: Role = Role.CONTRIBUTOR
) -> tuple[Invitation, str]:
    """This will write an invitation and return it with its token, of which only the digest is kept.

    For actions that have asked their own rule and send their own mail, such as those of a proposal's team
    (then `organisation` is None).
    """
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        email=email.strip().lower(),
        organisation=organisation,
        role=role,
        token_digest=digest(token),
        invited_by=by,
        expires_at=now + timedelta(days=INVITATION_DAYS),
    )
    return invitation, token


@transaction.atomic
def invite(organisation: Organisation, *, email: str, role: Role, by: Any, now: datetime) -> Invitation:
    """This will invite the holder of an address to join, by a link that is good for 30 days.

    An open invitation to the same address is taken back in its favour. Raises PermissionDenied, AlreadyMember, or
    ValidationError when too many are out.
    """
    locked = Organisation.objects.select_for_update().get(pk=organisation.pk)
    if not may_invite(by, locked):
        raise PermissionDenied
    person = person_by_address(email)
    if person and membership_of(person, locked):
        raise AlreadyMember
    out = locked.invitations.open(now)
    out.filter(email=email.strip().lower()).update(withdrawn_at=now)
    if out.count() >= OPEN_AT_MOST:
        raise ValidationError(_("Too many invitations are open. Take some back first."))
    invitation, token = issue(email, by=by, now=now, organisation=locked, role=role)
    record("member.invited", by=by, about=locked, invitation=invitation.pk, role=role)
    emails.invitation(invitation, token=token, to=person or invitation.email)
    return invitation


@transaction.atomic
def withdraw_invitation(invitation: Invitation, *, by: Any, now: datetime) -> None:
    """This will take an open invitation back. Raises PermissionDenied or InvitationClosed."""
    locked = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if not may_withdraw_invitation(by, locked):
        raise PermissionDenied
    if why := closed_because(locked, now):
        raise InvitationClosed(why)
    locked.withdrawn_at = now
    locked.save(update_fields=["withdrawn_at"])
    record("invitation.withdrawn", by=by, about=locked)


@transaction.atomic
def accept(invitation: Invitation, *, by: Any, now: datetime) -> Invitation:
    """This will use an invitation for whoever does it, and add them to its organisation, if it has one.

    A contributor whom a representative invited is confirmed with it; a representative waits for the secretariat.
    An invitation to a proposal's team only counts as used: what follows is for the package that knows proposals.
    Raises InvitationClosed, or NotInvited when it was sent to an address that this person has not verified.
    """
    locked = Invitation.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=invitation.pk)
    if not by.is_active or locked.email not in verified_addresses(by):
        raise NotInvited
    if why := closed_because(locked, now):
        raise InvitationClosed(why)
    locked.accepted_at, locked.accepted_by = now, by
    locked.save(update_fields=["accepted_at", "accepted_by"])
    record("invitation.accepted", by=by, about=locked)
    if locked.organisation is not None:
        _add(locked, locked.organisation, by=by, now=now)
    return locked


def _add(invitation: Invitation, organisation: Organisation, *, by: Any, now: datetime) -> None:
    vouched = invitation.role == Role.CONTRIBUTOR and may_invite(invitation.invited_by, organisation)
    trust = {"confirmed_at": now, "confirmed_by": invitation.invited_by} if vouched else {}
    member, is_new = Membership.objects.get_or_create(
        user=by, organisation=organisation, defaults={"role": invitation.role, **trust}
    )
    if not is_new and vouched and not member.confirmed_at and member.role == Role.CONTRIBUTOR:
        member.confirmed_at, member.confirmed_by = now, invitation.invited_by
        member.save(update_fields=["confirmed_at", "confirmed_by"])
    record("member.joined", by=by, about=organisation, member=by.pk, role=member.role)
