"""The verb that makes projects public: an entry on the call's page each, several in one act."""

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.calls.models import AnnouncedProject, Call
from proposals.decisions.calculations.days import day_of
from proposals.decisions.models import Announcement
from proposals.decisions.queries.announcing import Entry, project_of
from proposals.intake import emails
from proposals.intake.rules import may_triage
from proposals.intake.states import Status
from proposals.partners.models import User


@transaction.atomic
def announce(entries: Sequence[Entry], *, by: User, now: datetime) -> list[AnnouncedProject]:
    """This will put projects on the public page of their call, all of them or none, and tell their teams.

    One that was announced before keeps its place: its entry takes the new words and loses the mark of what had become
    of it. Raises PermissionDenied, ValidationError (none chosen, an entry not complete) or MoveNotAllowed.
    """
    if not may_triage(by):
        raise PermissionDenied
    if not entries:
        raise ValidationError(_("Choose at least one project."))
    # In one order, so that two such acts wait for each other instead of both for ever.
    return [_announce(entry, by=by, now=now) for entry in sorted(entries, key=lambda entry: entry.proposal.reference or "")]


def _announce(entry: Entry, *, by: User, now: datetime) -> AnnouncedProject:
    proposal = entry.proposal
    move = proposal.move(Status.ANNOUNCED, by=by, now=now)
    held = project_of(proposal)
    project = held or AnnouncedProject(call=proposal.call, position=_next_place(proposal.call))
    project.title, project.organisations = entry.title.strip(), entry.organisations.strip()
    project.countries, project.mass_kg, project.level = ",".join(entry.countries), entry.mass_kg, proposal.level
    project.change, project.changed_on = "", None
    day = day_of(now).isoformat()
    project.source = f"{proposal.call.title}: announcement by its secretariat, {day}"[:300]
    project.clean_fields(exclude=["call"])
    project.save()
    if held is None:
        Announcement.objects.create(proposal=proposal, project=project, by=by, at=now)
    record("proposal.announced", by=by, about=proposal, was=move.was, project=project.pk)
    emails.moved(move, proposal=proposal)
    return project


def _next_place(call: Call) -> int:
    """The place after the last entry of the page; the call is locked, so that no two get the same."""
    Call.objects.select_for_update().only("pk").get(pk=call.pk)
    return int(AnnouncedProject.objects.filter(call=call).aggregate(last=Max("position"))["last"] or 0) + 1
