"""Verbs of an organisation: found it, correct it, confirm it, merge it into another."""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.partners import emails
from proposals.partners.actions.mailboxes import carry_mailboxes
from proposals.partners.calculations import one_line
from proposals.partners.models import Membership, Organisation
from proposals.partners.queries import names_of, near_in_directory
from proposals.partners.rules import may_confirm_organisation, may_correct, may_found, may_merge, may_run_the_call
from proposals.partners.states import Role

COLUMNS = ("name", "native_name", "acronym", "aliases", "kind", "country", "website")


class NearKnown(Exception):
    """The public directory holds organisations that this may be; nothing was made."""

    def __init__(self, known: list[Organisation]) -> None:
        super().__init__("near to an organisation of the directory")
        self.known = known


@transaction.atomic
def found(organisation: Organisation, *, by: Any, now: datetime, is_another: bool = False, joins: bool = True) -> Organisation:
    """This will add an organisation and make whoever adds it its representative, both still to be confirmed.

    One added by the secretariat is confirmed at once and has no member yet; nor has one that is only named as a
    partner (`joins` False). `is_another`: the person has seen the near ones and says that this is none of them.
    Raises PermissionDenied, ValidationError, or NearKnown with the near ones.
    """
    if not may_found(by):
        raise PermissionDenied
    _tidy(organisation)
    if not may_run_the_call(by):
        organisation.in_directory = False
    if not is_another and (known := near_in_directory(names_of(organisation))):
        raise NearKnown(known)
    if may_run_the_call(by):
        organisation.confirmed_at, organisation.confirmed_by = now, by
    organisation.save()
    record("organisation.found", by=by, about=organisation, is_another=is_another)
    if not by.is_staff:
        if joins:
            Membership.objects.create(user=by, organisation=organisation, role=Role.REPRESENTATIVE)
        emails.organisation_found(organisation, by=by)
    return organisation


@transaction.atomic
def correct(organisation: Organisation, *, by: Any, now: datetime) -> Organisation:
    """This will save the corrected names, kind, country or website of an organisation.

    Raises PermissionDenied or ValidationError.
    """
    was = Organisation.objects.select_for_update().get(pk=organisation.pk)
    if not may_correct(by, was):
        raise PermissionDenied
    _tidy(organisation)
    columns = [*COLUMNS, "in_directory"] if may_run_the_call(by) else list(COLUMNS)
    changed = [name for name in columns if getattr(was, name) != getattr(organisation, name)]
    organisation.save(update_fields=columns)
    record("organisation.corrected", by=by, about=organisation, changed=changed)
    return organisation


def _tidy(organisation: Organisation) -> None:
    """Names on one line each; then every check of the model."""
    for column in ("name", "native_name", "acronym"):
        setattr(organisation, column, one_line(getattr(organisation, column)))
    aliases = [one_line(alias) for alias in organisation.aliases]
    organisation.aliases = list(dict.fromkeys(alias for alias in aliases if alias))[:20]
    organisation.full_clean(exclude=["confirmed_by", "merged_into"])


@transaction.atomic
def confirm_organisation(organisation: Organisation, *, by: Any, now: datetime) -> None:
    """This will confirm that an organisation is what it says, and tell its representatives. Raises PermissionDenied."""
    locked = Organisation.objects.select_for_update().get(pk=organisation.pk)
    if not may_confirm_organisation(by, locked):
        raise PermissionDenied
    locked.confirmed_at, locked.confirmed_by = now, by
    locked.save(update_fields=["confirmed_at", "confirmed_by"])
    record("organisation.confirmed", by=by, about=locked)
    emails.organisation_confirmed(locked)


@transaction.atomic
def merge(organisation: Organisation, *, into: Organisation, by: Any, now: datetime) -> Organisation:
    """This will end one entry in favour of another: its names become aliases, its members move, and they are told.

    What the members were trusted with, and its role mailboxes, move only if the ended entry was confirmed itself; otherwise
    the members wait as contributors to be confirmed, and the mailboxes end. Proposals point on through `merged_into`.
    Raises PermissionDenied or ValidationError.
    """
    locked = Organisation.objects.select_for_update().order_by("pk").in_bulk([organisation.pk, into.pk])
    if len(locked) < 2:
        raise ValidationError(_("Choose another organisation to merge into."))
    ended, kept = locked[organisation.pk], locked[into.pk]
    if not may_merge(by, ended):
        raise PermissionDenied
    if kept.merged_into_id:
        raise ValidationError(_("The other entry has itself been merged; choose the one it was merged into."))
    known = {kept.name, kept.native_name, kept.acronym}
    names = [*kept.aliases, ended.name, ended.native_name, ended.acronym, *ended.aliases]
    kept.aliases = list(dict.fromkeys(name for name in names if name and name not in known))
    kept.save(update_fields=["aliases"])
    Organisation.objects.filter(merged_into=ended).update(merged_into=kept)
    moved = [_move(membership, kept, trusted=bool(ended.confirmed_at)) for membership in ended.memberships.all()]
    carry_mailboxes(ended, into=kept)
    ended.invitations.filter(accepted_at=None, withdrawn_at=None).update(withdrawn_at=now)
    ended.merged_into = kept
    ended.in_directory = False
    ended.save(update_fields=["merged_into", "in_directory"])
    record("organisation.merged", by=by, about=ended, into=kept.pk, members=len(moved))
    for membership in moved:
        emails.organisation_merged(membership, ended=ended)
    return kept


def _move(membership: Membership, kept: Organisation, *, trusted: bool) -> Membership:
    """The membership in the entry that is kept: the stronger of the two, where someone was in both."""
    if not trusted:
        membership.role, membership.confirmed_at, membership.confirmed_by = Role.CONTRIBUTOR, None, None
    present = kept.memberships.filter(user_id=membership.user_id).first()
    if present is None:
        membership.organisation = kept
        membership.save()
        return membership
    if membership.confirmed_at and not present.confirmed_at:
        present.confirmed_at, present.confirmed_by = membership.confirmed_at, membership.confirmed_by
    if membership.confirmed_at and membership.role == Role.REPRESENTATIVE:
        present.role = Role.REPRESENTATIVE
    present.save()
    membership.delete()
    return present
