"""What the secretariat does with a submitted proposal."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.intake import emails
from proposals.intake.actions.clarifications import close_question
from proposals.intake.models import MoveNotAllowed, Note, Proposal, SavedView
from proposals.intake.rules import may_look, may_move, may_triage
from proposals.intake.states import Status
from proposals.partners.calculations import one_line
from proposals.partners.models import User
from proposals.partners.states import StaffRole

VIEWS_AT_MOST = 12


def _move(proposal: Proposal, to: Status, *, by: User, now: datetime, note: str = "", **context: Any) -> None:
    """Rule, move, audit, tell: what every step of triage does."""
    if not may_triage(by):
        raise PermissionDenied
    if not may_move(by, proposal, to):
        raise MoveNotAllowed(proposal.status, to)
    also = {"correct_by": context["correct_by"]} if "correct_by" in context else None
    move = proposal.move(to, by=by, now=now, note=note, also=also)
    # A question that waits ends with the state it was asked in, or no other could be asked later.
    close_question(proposal, by=by, now=now)
    record(f"proposal.{to}", by=by, about=proposal, was=move.was)
    emails.moved(move, proposal=proposal, **context)


@transaction.atomic
def receive(proposal: Proposal, *, by: User, now: datetime) -> None:
    """This will take a submission into the eligibility check; a late one is admitted, and its team is told.

    Raises PermissionDenied or MoveNotAllowed.
    """
    _move(proposal, Status.ELIGIBILITY, by=by, now=now, admitted=proposal.status == Status.LATE)


@transaction.atomic
def return_for_correction(proposal: Proposal, *, reason: str, correct_by: datetime, by: User, now: datetime) -> None:
    """This will give the proposal back to its team, with a reason and an instant until which a correction is on time.

    Raises PermissionDenied, ValidationError or MoveNotAllowed.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("Say what has to be corrected.")})
    if correct_by <= now:
        raise ValidationError({"correct_by": _("Choose an instant in the future.")})
    _move(proposal, Status.RETURNED, by=by, now=now, note=reason.strip(), correct_by=correct_by)


@transaction.atomic
def declare_ineligible(proposal: Proposal, *, reason: str, by: User, now: datetime) -> None:
    """This will end the proposal as not eligible, with a reason that its team reads on the site.

    Raises PermissionDenied, ValidationError or MoveNotAllowed.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("Say why the proposal is not eligible.")})
    _move(proposal, Status.INELIGIBLE, by=by, now=now, note=reason.strip())


@transaction.atomic
def accept_for_review(proposal: Proposal, *, by: User, now: datetime) -> None:
    """This will pass the proposal on to review, and tell its team. Raises PermissionDenied or MoveNotAllowed."""
    _move(proposal, Status.UNDER_REVIEW, by=by, now=now)


@transaction.atomic
def assign(proposal: Proposal, *, to: User | None, by: User, now: datetime) -> None:
    """This will name the member of the secretariat who handles the proposal (None: nobody).

    Raises PermissionDenied, or ValidationError for someone who is not of the secretariat.
    """
    if not may_triage(by):
        raise PermissionDenied
    if to is not None and to.staff_role != StaffRole.SECRETARIAT:
        raise ValidationError(_("%(person)s is not of the secretariat.") % {"person": to})
    proposal.assignee = to
    proposal.save(update_fields=["assignee"])
    record("proposal.assigned", by=by, about=proposal, to=to.pk if to else None)


@transaction.atomic
def tag(proposal: Proposal, *, tags: Sequence[str], by: User, now: datetime) -> None:
    """This will set the proposal's tags, which only staff see. Raises PermissionDenied or ValidationError."""
    if not may_triage(by):
        raise PermissionDenied
    proposal.tags = sorted({" ".join(tag.split()) for tag in tags if tag.strip()})[:12]
    proposal.clean_fields(exclude=[f.name for f in Proposal._meta.fields if f.name != "tags"])
    proposal.save(update_fields=["tags"])
    record("proposal.tagged", by=by, about=proposal, tags=proposal.tags)


@transaction.atomic
def add_note(proposal: Proposal, *, text: str, by: User, now: datetime, request_key: uuid.UUID | None = None) -> None:
    """This will add a note of staff for staff; the second click adds nothing. Raises PermissionDenied or ValidationError."""
    if not may_triage(by):
        raise PermissionDenied
    note = Note(proposal=proposal, text=text.strip(), by=by, at=now, request_key=request_key or uuid.uuid4())
    note.clean_fields(exclude=["proposal", "by"])
    Note.objects.bulk_create([note], ignore_conflicts=True)
    record("proposal.noted", by=by, about=proposal)


@transaction.atomic
def save_view(*, name: str, query: str, by: User, now: datetime) -> SavedView:
    """This will keep the queue's filters under a name, as a tab of one's own.

    A name used again gets the new filters. Raises PermissionDenied, or ValidationError (no name, more than 12 views).
    """
    if not may_look(by):
        raise PermissionDenied
    name = one_line(name)
    others = SavedView.objects.filter(user=by).exclude(name=name)
    view = SavedView.objects.filter(user=by, name=name).first() or SavedView(user=by, name=name)
    if others.count() >= VIEWS_AT_MOST:
        raise ValidationError(_("You have %(limit)d views already; remove one first.") % {"limit": VIEWS_AT_MOST})
    view.query = query
    view.clean_fields(exclude=["user"])
    view.save()
    return view


@transaction.atomic
def remove_view(view: SavedView, *, by: User) -> None:
    """This will remove one of one's own tabs. Raises PermissionDenied for another's."""
    if not may_look(by) or view.user_id != by.pk:
        raise PermissionDenied
    view.delete()
