"""An assignment from the question to its end: ask, accept, decline, take off; who leads, and until when."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.intake.models import Proposal
from proposals.partners.gateways import unrestricted
from proposals.partners.models import User
from proposals.review.actions.access import close_to, open_to
from proposals.review.emails import assignments as emails
from proposals.review.models import Assignment
from proposals.review.queries.assignments import why_not
from proposals.review.rules.assignments import may_accept, may_ask, may_decline, may_end
from proposals.review.states import STANDING, Answer, ReviewKind


class NotAskable(ValidationError):
    """This person cannot be asked to judge this proposal; the message says why."""


class AnsweredMeanwhile(ValidationError):
    """The assignment has moved on: somebody was faster. Nothing was changed."""


@transaction.atomic
def ask(
    proposal: Proposal,
    *,
    user: User,
    kind: ReviewKind,
    due_at: datetime | None,
    by: User,
    now: datetime,
    why: str = "",
    affinity: Decimal | None = None,
) -> Assignment:
    """This will ask a person to judge a proposal, and tell them that a question waits.

    Raises PermissionDenied; NotAskable for a conflict, a full load, another role, a second question, a day that has passed.
    """
    proposal = Proposal.objects.select_for_update(of=("self",), no_key=True).select_related("phase__call").get(pk=proposal.pk)
    if not may_ask(by, proposal):
        raise PermissionDenied
    User.objects.select_for_update(no_key=True).get(
        pk=user.pk
    )  # whoever asks them at the same time counts this one in their load
    refusal = why_not(proposal, user=user, kind=kind) or passed(due_at, now)
    if refusal:
        raise NotAskable(refusal)
    assignment = write(proposal, user=user, kind=kind, due_at=due_at, by=by, now=now, why=why, affinity=affinity)
    emails.asked(user, [assignment], key=f"review-asked:{assignment.pk}", now=now)
    return assignment


def write(proposal: Proposal, *, user: User, by: User, now: datetime, **columns: Any) -> Assignment:
    """This will write one question to one person, and its line in the trail; the caller has checked it and tells of it.

    Raises NotAskable where the same person has been asked meanwhile.
    """
    try:
        with transaction.atomic():
            assignment = Assignment.objects.create(proposal=proposal, phase=proposal.phase, user=user, by=by, at=now, **columns)
    except IntegrityError as error:
        raise NotAskable(_("%(person)s is already asked to judge this proposal.") % {"person": user}) from error
    record("assignment.asked", by=by, about=proposal, assignment=assignment.pk, user=user.pk, kind=str(assignment.kind))
    return assignment


def passed(due_at: datetime | None, now: datetime) -> str:
    """In words, that a day to be finished by has passed; empty where it has not, or there is none."""
    return _("The day by which the reviews are due has passed. Choose a later one.") if due_at and due_at <= now else ""


@transaction.atomic
def accept(assignment: Assignment, *, by: User, now: datetime) -> Assignment:
    """This will accept, and open the proposal to the reviewer if the undertaking is accepted too.

    Raises PermissionDenied, for a barred proposal too, or AnsweredMeanwhile.
    """
    with unrestricted():  # before the answer, no row of it is the reviewer's to see
        assignment = _held(assignment)
        if assignment.answer != Answer.ASKED:
            raise AnsweredMeanwhile(_("This question has been answered or taken back meanwhile."))
        if not may_accept(by, assignment):
            raise PermissionDenied
        _answer(assignment, Answer.ACCEPTED, now)
        opened = open_to(assignment)
        record("assignment.accepted", by=by, about=assignment.proposal, assignment=assignment.pk, opened=opened)
    return assignment


@transaction.atomic
def decline(assignment: Assignment, *, reason: str, by: User, now: datetime) -> None:
    """This will decline with a reason, close the proposal to the reviewer, and tell the secretariat.

    Raises PermissionDenied, also once an assessment is in; AnsweredMeanwhile; ValidationError without a reason.
    """
    with unrestricted():
        assignment = _held(assignment)
        _end(assignment, Answer.DECLINED, reason, allowed=may_decline(by, assignment), now=now)
        record("assignment.declined", by=by, about=assignment.proposal, assignment=assignment.pk)
        emails.declined(assignment, now=now)


@transaction.atomic
def take_off(assignment: Assignment, *, reason: str, by: User, now: datetime) -> None:
    """This will end an assignment for a reason, close the proposal to the reviewer, and tell them that they need do nothing.

    What they wrote stays. Raises PermissionDenied, AnsweredMeanwhile, or ValidationError without a reason.
    """
    assignment = _held(assignment)
    _end(assignment, Answer.REMOVED, reason, allowed=may_end(by, assignment), now=now)
    record("assignment.taken_off", by=by, about=assignment.proposal, assignment=assignment.pk, user=assignment.user_id)
    emails.taken_off(assignment, now=now)


@transaction.atomic
def name_lead(assignment: Assignment, *, by: User, now: datetime) -> None:
    """This will have this reviewer write the consensus, instead of whoever was to. Raises PermissionDenied."""
    Proposal.objects.select_for_update(no_key=True).get(pk=assignment.proposal_id)
    assignment = _held(assignment)
    if not may_end(by, assignment):
        raise PermissionDenied
    Assignment.objects.filter(proposal=assignment.proposal_id, phase=assignment.phase_id, is_lead=True).update(is_lead=False)
    Assignment.objects.filter(pk=assignment.pk).update(is_lead=True)
    record("assignment.lead_named", by=by, about=assignment.proposal, assignment=assignment.pk, user=assignment.user_id)


@transaction.atomic
def extend(assignment: Assignment, *, due_at: datetime, by: User, now: datetime) -> None:
    """This will move the day by which a judgement is due, and tell the reviewer.

    Raises PermissionDenied, or ValidationError for a day that has passed.
    """
    assignment = _held(assignment)
    if not may_end(by, assignment):
        raise PermissionDenied
    if refusal := passed(due_at, now):
        raise ValidationError(refusal)
    if due_at == assignment.due_at:
        return
    was, assignment.due_at = assignment.due_at, due_at
    Assignment.objects.filter(pk=assignment.pk).update(due_at=due_at)
    record("assignment.due_moved", by=by, about=assignment.proposal, assignment=assignment.pk, was=was, due_at=due_at)
    emails.due_moved(assignment, now=now)


def _held(assignment: Assignment) -> Assignment:
    """The row as it is now, locked; its person, proposal, phase and assessment with it."""
    related = ("proposal", "phase__call", "user__expert", "assessment")
    return Assignment.objects.select_for_update(of=("self",), no_key=True).select_related(*related).get(pk=assignment.pk)


def _end(assignment: Assignment, answer: Answer, reason: str, *, allowed: bool, now: datetime) -> None:
    if assignment.answer not in STANDING:
        raise AnsweredMeanwhile(_("This assignment has ended meanwhile."))
    if not allowed:
        raise PermissionDenied
    if not reason.strip():
        raise ValidationError({"reason": _("Say in a few words why.")})
    assignment.reason = reason.strip()
    _answer(assignment, answer, now, reason=assignment.reason, is_lead=False)
    close_to(assignment)


def _answer(assignment: Assignment, answer: Answer, now: datetime, **also: Any) -> None:
    Assignment.objects.filter(pk=assignment.pk).update(answer=answer, answered_at=now, **also)
    assignment.answer, assignment.answered_at = answer, now
