"""The two ends of a reviewer's sight of a proposal: opened by an accepted assignment and the undertaking, closed with it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from proposals.audit.actions import record
from proposals.intake.models import Access, Proposal
from proposals.review.emails import assignments as emails
from proposals.review.models import Assignment
from proposals.review.queries.experts import has_undertaken
from proposals.review.states import Answer


def open_to(assignment: Assignment) -> bool:
    """This will let the reviewer read the proposal, if the assignment is accepted and the undertaking too; says whether.

    Whichever of the two comes last calls it. A conflict's bar goes before it, wherever proposals are read.
    """
    expert = getattr(assignment.user, "expert", None)
    if assignment.answer != Answer.ACCEPTED or not has_undertaken(expert, assignment.phase):
        return False
    Access.objects.get_or_create(
        proposal_id=assignment.proposal_id, user_id=assignment.user_id, why=_why(assignment), defaults={"grant": True}
    )
    return True


def close_to(assignment: Assignment) -> None:
    """This will end the sight that this assignment gave; another of the same person keeps its own."""
    Access.objects.filter(proposal_id=assignment.proposal_id, user_id=assignment.user_id, why=_why(assignment)).delete()


def end_barred(proposals: Iterable[Proposal], *, by: Any, now: datetime) -> int:
    """This will end the assignments that a bar has overtaken, and tell of the open places; says how many.

    The secretariat is told; the reviewer only where they had accepted, and so know of the proposal already.
    """
    barred = Access.objects.filter(proposal=OuterRef("proposal"), user=OuterRef("user"), grant=False)
    found = Assignment.objects.standing().filter(Exists(barred), proposal__in=[each.pk for each in proposals])
    overtaken = found.select_related("proposal", "phase__call", "user").select_for_update(of=("self",), no_key=True)
    count = 0
    for assignment in overtaken.order_by("pk"):
        knew = assignment.answer == Answer.ACCEPTED
        ended = {"answer": Answer.REMOVED, "answered_at": now, "reason": "conflict", "is_lead": False}
        Assignment.objects.filter(pk=assignment.pk).update(**ended)
        close_to(assignment)
        record("assignment.overtaken", by=by, about=assignment.proposal, assignment=assignment.pk, user=assignment.user_id)
        emails.declined(assignment, now=now)
        if knew:
            emails.taken_off(assignment, now=now)
        count += 1
    return count


def _why(assignment: Assignment) -> str:
    return f"assignment:{assignment.pk}"
