"""Verbs of what may become of a project after its selection; each has a reason, which the team reads on the site."""

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.calls.states import Change
from proposals.decisions.calculations.days import day_of
from proposals.decisions.queries.announcing import project_of
from proposals.decisions.rules.after import may_change
from proposals.intake import emails
from proposals.intake.models import MoveNotAllowed, Proposal
from proposals.intake.rules import may_triage
from proposals.intake.states import Status
from proposals.partners.calculations import one_line
from proposals.partners.models import User


@transaction.atomic
def descope(proposal: Proposal, *, reason: str, by: User, now: datetime) -> None:
    """This will say that a project goes on with less than was agreed.

    What was announced of it is marked until it is announced anew. Raises PermissionDenied, ValidationError or MoveNotAllowed.
    """
    _change(proposal, Status.DESCOPED, reason=reason, by=by, now=now)


@transaction.atomic
def defer(proposal: Proposal, *, reason: str, by: User, now: datetime) -> None:
    """This will put a project off until it is resumed. Raises PermissionDenied, ValidationError or MoveNotAllowed."""
    _change(proposal, Status.DEFERRED, reason=reason, by=by, now=now)


@transaction.atomic
def transfer(proposal: Proposal, *, mission: str, reason: str, by: User, now: datetime) -> None:
    """This will end a project here because it goes to another mission, which its team is told the name of.

    Raises PermissionDenied, ValidationError or MoveNotAllowed.
    """
    if not one_line(mission):
        raise ValidationError({"mission": _("Name the mission that the project goes to.")})
    _change(proposal, Status.TRANSFERRED, reason=reason, mission=one_line(mission), by=by, now=now)


@transaction.atomic
def cancel(proposal: Proposal, *, reason: str, by: User, now: datetime) -> None:
    """This will end a project for good. Raises PermissionDenied, ValidationError or MoveNotAllowed."""
    _change(proposal, Status.CANCELLED, reason=reason, by=by, now=now)


@transaction.atomic
def resume(proposal: Proposal, *, reason: str, by: User, now: datetime) -> None:
    """This will let a deferred project go on as agreed; the public page keeps its mark until it is announced anew.

    Raises PermissionDenied, ValidationError or MoveNotAllowed.
    """
    if not may_triage(by):
        raise PermissionDenied
    if proposal.status != Status.DEFERRED:
        raise MoveNotAllowed(proposal.status, Status.AGREED)
    move = proposal.move(Status.AGREED, by=by, now=now, note=_given(reason))
    record("proposal.resumed", by=by, about=proposal, was=move.was)
    emails.moved(move, proposal=proposal, template="changed_after")


def _change(proposal: Proposal, to: Status, *, reason: str, by: User, now: datetime, mission: str = "") -> None:
    """Rule, move, the mark on the public entry, trail, mail."""
    if not may_triage(by):
        raise PermissionDenied
    if not may_change(by, proposal, to):
        raise MoveNotAllowed(proposal.status, to)
    given = _given(reason)
    move = proposal.move(to, by=by, now=now, note=f"{mission}: {given}" if mission else given)
    project = project_of(proposal)
    if project is not None:
        project.change, project.changed_on = Change(to.value), day_of(now)
        project.save(update_fields=["change", "changed_on"])
    record(f"proposal.{to}", by=by, about=proposal, was=move.was)
    emails.moved(move, proposal=proposal)


def _given(reason: str) -> str:
    if not reason.strip():
        raise ValidationError({"reason": _("Say why; the team reads it on the site.")})
    return reason.strip()
