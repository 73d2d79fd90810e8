"""Who judges what: a declared conflict, the optimiser's plan applied, answers, and a second plan for what was declined."""

from datetime import timedelta
from random import Random

from proposals.calls.models import Phase
from proposals.demo.reference import load
from proposals.demo.story.stage import Stage
from proposals.intake.models import Proposal
from proposals.intake.states import Status
from proposals.partners.models import User
from proposals.review.actions.assignments import accept, decline
from proposals.review.actions.conflicts import declare
from proposals.review.actions.experts import accept_undertaking
from proposals.review.actions.pairings import apply_pairing, make_pairing, solve
from proposals.review.models import Assignment, Pairing
from proposals.review.queries.experts import has_undertaken, undertaking_of
from proposals.review.states import Answer, ConflictKind, ReviewKind

DECLINED = 3
SOLVER_S = 4.0  # for one plan; where the optimum is not proven by then, the plan says how far it may be


def assign_reviews(stage: Stage, phase: Phase, *, day: float) -> None:
    """Let one expert declare a conflict, assign both reviews, and let everyone answer but the demonstration's own reviewer."""
    _one_conflict(stage, phase, day)
    for kind, per_proposal in ((ReviewKind.SCIENCE, stage.size.reviewers), (ReviewKind.TECHNICAL, stage.size.assessors)):
        if per_proposal:
            _apply(stage, phase, kind, day=day)
    _answer(stage, phase, day=day + 1, declines=DECLINED if stage.size.reviewers > 1 else 0)
    if stage.size.reviewers > 1:
        _apply(stage, phase, ReviewKind.SCIENCE, day=day + 1.5)
        _answer(stage, phase, day=day + 1.8, declines=0)


def accept_the_last(stage: Stage, phase: Phase, *, day: float) -> None:
    """The demonstration's reviewer accepts as well."""
    for assignment in Assignment.objects.filter(phase=phase, answer=Answer.ASKED).select_related("user"):
        accept(assignment, by=assignment.user, now=stage.clock.at(day))


def _apply(stage: Stage, phase: Phase, kind: ReviewKind, *, day: float) -> None:
    now = stage.clock.at(day, hour=2 if kind == ReviewKind.SCIENCE else 3)
    made = make_pairing(phase, kind=kind, by=stage.desk, now=now)
    while Pairing.objects.get(pk=made.pk).result["state"] in {"waiting", "running"} and solve(now=now, seconds=SOLVER_S):
        pass
    plan = Pairing.objects.get(pk=made.pk)
    apply_pairing(plan, revision=plan.revision, by=stage.desk, now=now + timedelta(minutes=20))


def _one_conflict(stage: Stage, phase: Phase, day: float) -> None:
    """A reviewer whom nothing in the data bars says that they wrote a paper with one of the team."""
    user = User.objects.filter(expert__isnull=False, email__endswith="@review.example.org").order_by("pk").first()
    under_review = Proposal.objects.filter(phase=phase, status=Status.UNDER_REVIEW).order_by("submitted_at", "pk")
    free = under_review.exclude(access__user=user).first()
    if user and free:
        note = load("story")["conflict_note"]
        declare(free, user=user, kind=ConflictKind.PROFESSIONAL, note=note, by=stage.desk, now=stage.clock.at(day, hour=1))


def _answer(stage: Stage, phase: Phase, *, day: float, declines: int) -> None:
    """Accept, having read the undertaking that the phase asks; a few decline with a reason."""
    reasons, chance = load("story")["declines"], Random(f"answers {phase.position}")  # noqa: S311  # a story, not a secret
    asked = list(
        Assignment.objects.filter(phase=phase, answer=Answer.ASKED).select_related("user__expert", "phase").order_by("pk")
    )
    others = [one for one in asked if not one.user.email.startswith("reviewer@")]
    refused = {one.pk: reason for one, reason in zip(chance.sample(others, min(declines, len(others))), reasons, strict=False)}
    for number, assignment in enumerate(others):
        now, user = stage.clock.at(day, hour=number / 20), assignment.user
        if assignment.pk in refused:
            decline(assignment, reason=refused[assignment.pk], by=user, now=now)
            continue
        if not has_undertaken(user.expert, phase):
            accept_undertaking(user, phase=phase, sha256=undertaking_of(phase).sha256, by=user, now=now)
        accept(assignment, by=user, now=now)
