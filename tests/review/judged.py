"""Reviews for tests of what follows from them, written as rows: criteria, assignments, and reviews as they are frozen."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from proposals.audit.calculations import canonical, sha256
from proposals.calls.models import Criterion, Phase
from proposals.intake.models import Proposal
from proposals.intake.states import Status
from proposals.partners.models import User
from proposals.partners.states import StaffRole
from proposals.review.models import Assessment, Assignment, FrozenAssessment, ReviewPlan
from proposals.review.states import Answer, ReviewKind, Stage
from tests.factories import make_call, make_proposal, make_staff

AT = datetime(2027, 5, 1, 12, 0, tzinfo=UTC)


def make_phase(*, criteria: tuple[tuple[str, int, int, int], ...] = (("Science", 60, 10, 5), ("Works", 40, 10, 0))) -> Phase:
    """A phase with criteria of (name, weight, maximum, pass minimum), two reviewers and one assessor for each proposal."""
    phase = make_call(code="CE8").phases.get()
    for position, (name, weight, maximum, least) in enumerate(criteria, 1):
        Criterion.objects.create(phase=phase, position=position, name=name, weight=weight, maximum=maximum, pass_minimum=least)
    ReviewPlan.objects.create(phase=phase, reviewers=2, assessors=1)
    return phase


def make_judged(phase: Phase, title: str, *, status: Status = Status.UNDER_REVIEW, **fields: Any) -> Proposal:
    """A proposal of the phase, under review."""
    return make_proposal(call=phase.call, title=title, status=status, **fields)


def make_reviewer(name: str, role: StaffRole = StaffRole.REVIEWER) -> User:
    """A science reviewer."""
    return make_staff(role=role, full_name=name)


def make_assignment(proposal: Proposal, user: User, *, kind: ReviewKind = ReviewKind.SCIENCE, **fields: Any) -> Assignment:
    """An accepted assignment."""
    answer = fields.pop("answer", Answer.ACCEPTED)
    answered = None if answer == Answer.ASKED else AT
    return Assignment.objects.create(
        proposal=proposal, phase_id=proposal.phase_id, user=user, kind=kind, answer=answer, answered_at=answered,
        by=proposal.created_by, at=AT, **fields,
    )  # fmt: skip


def submit(assignment: Assignment, *scores: str | None, verdict: str = "", conditions: str = "") -> FrozenAssessment:
    """The review as submitted once more: a score a criterion, None for "not able to judge"."""
    assessment, _made = Assessment.objects.update_or_create(
        assignment=assignment,
        defaults={"stage": Stage.SUBMITTED, "saved_at": AT, "submitted_at": AT, "verdict": verdict, "conditions": conditions},
    )
    criteria = Criterion.objects.filter(phase=assignment.phase_id) if assignment.kind == ReviewKind.SCIENCE else []
    text = canonical(
        {
            "kind": assignment.kind,
            "criteria": [
                {"id": criterion.pk, "value": score and Decimal(score), "unable": score is None}
                for criterion, score in zip(criteria, scores, strict=True)
            ],
            "verdict": verdict,
            "conditions": conditions,
            "confidence": 2,
        }
    )
    number = assessment.frozen.count() + 1
    return FrozenAssessment.objects.create(assessment=assessment, number=number, canonical=text, sha256=sha256(text), at=AT)


def review(proposal: Proposal, user: User, *scores: str | None) -> FrozenAssessment:
    """A science review that is in."""
    return submit(make_assignment(proposal, user), *scores)


def assess(proposal: Proposal, user: User, verdict: str, conditions: str = "") -> FrozenAssessment:
    """An accommodation review that is in."""
    return submit(make_assignment(proposal, user, kind=ReviewKind.TECHNICAL), verdict=verdict, conditions=conditions)
