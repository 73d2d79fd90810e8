"""Verbs of membership: ask to join, confirm, change a role, hand over, remove, leave."""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.partners import emails
from proposals.partners.models import Membership, Organisation
from proposals.partners.rules import (
    may_change_member,
    may_confirm_member,
    may_hand_over,
    may_join,
    may_leave,
    may_run_the_call,
    membership_of,
)
from proposals.partners.states import Role


class AlreadyMember(ValidationError):
    """The person belongs to the organisation already; nothing was changed."""

    def __init__(self) -> None:
        super().__init__(_("This person belongs to the organisation already."))


class LastRepresentative(ValidationError):
    """The organisation would be left without a representative; nothing was changed."""

    def __init__(self) -> None:
        super().__init__(_("An organisation keeps at least one representative. Make another member representative first."))


@transaction.atomic
def join(organisation: Organisation, *, by: Any, now: datetime) -> Membership:
    """This will ask, for whoever does it, to join as a contributor, and tell those who can confirm it.

    Raises PermissionDenied, or AlreadyMember.
    """
    locked = Organisation.objects.select_for_update().get(pk=organisation.pk)
    if membership_of(by, locked):
        raise AlreadyMember
    if not may_join(by, locked):
        raise PermissionDenied
    membership = Membership.objects.create(user=by, organisation=locked, role=Role.CONTRIBUTOR)
    record("member.asked", by=by, about=locked, member=by.pk)
    emails.organisation_asked(membership, now=now)
    return membership


def _locked(membership: Membership) -> Membership:
    """The membership as it is now; its organisation is locked, so that two changes follow one another."""
    Organisation.objects.select_for_update().get(pk=membership.organisation_id)
    try:
        return Membership.objects.select_related("organisation", "user").get(pk=membership.pk)
    except Membership.DoesNotExist as gone:
        raise ValidationError(_("This person is no longer a member.")) from gone


@transaction.atomic
def confirm_member(membership: Membership, *, by: Any, now: datetime) -> None:
    """This will confirm that a person belongs to the organisation in that role, and tell them. Raises PermissionDenied."""
    member = _locked(membership)
    if not may_confirm_member(by, member):
        raise PermissionDenied
    member.confirmed_at, member.confirmed_by = now, by
    member.save(update_fields=["confirmed_at", "confirmed_by"])
    record("member.confirmed", by=by, about=member.organisation, member=member.user_id, role=member.role)
    emails.member_confirmed(member, now=now)


@transaction.atomic
def change_role(membership: Membership, *, role: Role, by: Any, now: datetime) -> None:
    """This will give a member another role and tell them; a new representative waits for the secretariat.

    Raises PermissionDenied or LastRepresentative. The same role again changes nothing.
    """
    member = _locked(membership)
    if not may_change_member(by, member):
        raise PermissionDenied
    if member.role == role:
        return
    if role == Role.CONTRIBUTOR:
        _keep_one(member)
    _give(member, role, by=by, now=now)
    emails.role_changed(member, now=now)


@transaction.atomic
def hand_over(membership: Membership, *, by: Any, now: datetime) -> None:
    """This will make a member the representative in place of whoever does it, who stays as a contributor.

    Raises PermissionDenied.
    """
    member = _locked(membership)
    if not may_hand_over(by, member):
        raise PermissionDenied
    mine = Membership.objects.select_related("organisation").get(user=by, organisation=member.organisation)
    _give(member, Role.REPRESENTATIVE, by=by, now=now)
    _give(mine, Role.CONTRIBUTOR, by=by, now=now)
    emails.role_changed(member, now=now)
    emails.handed_over(member, by=by, now=now)


def _give(member: Membership, role: Role, *, by: Any, now: datetime) -> None:
    """A representative is confirmed only by the secretariat; a contributor is by whoever gives the role."""
    trusted = role == Role.CONTRIBUTOR or may_run_the_call(by)
    member.role = role
    member.confirmed_at, member.confirmed_by = (now, by) if trusted else (None, None)
    member.save(update_fields=["role", "confirmed_at", "confirmed_by"])
    record("member.role_changed", by=by, about=member.organisation, member=member.user_id, role=role)


@transaction.atomic
def remove_member(membership: Membership, *, by: Any, now: datetime) -> None:
    """This will end another person's membership and tell them. Raises PermissionDenied or LastRepresentative."""
    member = _locked(membership)
    if not may_change_member(by, member):
        raise PermissionDenied
    _keep_one(member)
    member.delete()
    record("member.removed", by=by, about=member.organisation, member=member.user_id)
    emails.member_removed(member, now=now)


@transaction.atomic
def leave(membership: Membership, *, by: Any, now: datetime) -> None:
    """This will end one's own membership. Raises PermissionDenied or LastRepresentative."""
    member = _locked(membership)
    if not may_leave(by, member):
        raise PermissionDenied
    _keep_one(member)
    member.delete()
    record("member.left", by=by, about=member.organisation, member=by.pk)


def _keep_one(member: Membership) -> None:
    if member.role != Role.REPRESENTATIVE:
        return
    others = member.organisation.memberships.exclude(pk=member.pk)
    if not others.filter(role=Role.REPRESENTATIVE).exists():
        raise LastRepresentative
