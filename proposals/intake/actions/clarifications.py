"""Questions of the secretariat and the partners' answers, both on the site."""

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.intake import emails
from proposals.intake.models import Clarification, MoveNotAllowed, Proposal
from proposals.intake.rules import may_answer, may_triage
from proposals.intake.states import Status
from proposals.partners.models import User

ANSWER_AT_MOST = 8000


@transaction.atomic
def ask(proposal: Proposal, *, question: str, due_at: datetime, by: User, now: datetime) -> Clarification:
    """This will put a question to the team, to be answered on the site until an instant, and mail that it waits.

    Raises PermissionDenied, ValidationError (empty question, due in the past) or MoveNotAllowed.
    """
    if not may_triage(by):
        raise PermissionDenied
    if not question.strip():
        raise ValidationError({"question": _("Write the question.")})
    if due_at <= now:
        raise ValidationError({"due_at": _("Choose an instant in the future.")})
    # A submitted proposal is in the eligibility check once a question about it has been asked.
    asked_in = Status.ELIGIBILITY if proposal.status == Status.SUBMITTED else Status(proposal.status)
    move = proposal.move(Status.CLARIFICATION, by=by, now=now)
    clarification = Clarification.objects.create(
        proposal=proposal, asked_in=asked_in, question=question.strip(), asked_by=by, asked_at=now, due_at=due_at
    )
    record("clarification.asked", by=by, about=proposal, clarification=clarification.pk, due_at=due_at)
    emails.asked(move, clarification, proposal=proposal)
    return clarification


@transaction.atomic
def answer(proposal: Proposal, *, text: str, by: User, now: datetime) -> Clarification:
    """This will answer the question that waits, and put the proposal back where it was asked.

    Raises PermissionDenied, ValidationError for an empty answer, or MoveNotAllowed when it was answered meanwhile.
    """
    if not may_answer(by, proposal):
        raise PermissionDenied
    if not text.strip():
        raise ValidationError({"text": _("Write the answer.")})
    if len(text) > ANSWER_AT_MOST:
        raise ValidationError({"text": _("The answer has more than %(limit)d characters.") % {"limit": ANSWER_AT_MOST}})
    waiting = proposal.clarifications.select_for_update().filter(answered_at=None).first()
    if waiting is None:
        raise MoveNotAllowed(proposal.status, Status.ELIGIBILITY)
    waiting.answer, waiting.answered_by, waiting.answered_at = text.strip(), by, now
    waiting.full_clean(exclude=["proposal"], validate_unique=False, validate_constraints=False)
    waiting.save(update_fields=["answer", "answered_by", "answered_at"])
    move = proposal.move(Status(waiting.asked_in), by=by, now=now)
    record("clarification.answered", by=by, about=proposal, clarification=waiting.pk)
    emails.moved(move, proposal=proposal, answered=True)
    return waiting


def close_question(proposal: Proposal, *, by: User, now: datetime) -> None:
    """This will close a question that still waits, when the proposal moves on without its answer."""
    proposal.clarifications.filter(answered_at=None).update(answered_at=now, answered_by=by)
