"""The results of a phase's reviews for one reader: ranks, marks, verdicts and what is missing, in five statements.

What counts is each review as it was submitted last: a draft, and a review that is being revised, change nothing.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef, Q

from proposals.calls.models import Criterion, Phase
from proposals.calls.states import PAYLOAD_LEVELS
from proposals.intake.models import Proposal
from proposals.intake.states import Status
from proposals.review.calculations.ranking import Change, Measure, Ranking, Review, Standing, ranking, without_each
from proposals.review.models import Assignment, FrozenAssessment, ReviewPlan
from proposals.review.states import Answer, ReviewKind, Verdict

NEVER = {Status.WITHDRAWN, Status.INELIGIBLE}
# Before its review a proposal has no results; a question may be asked before or after.
NOT_YET = {Status.DRAFT, Status.SUBMITTED, Status.LATE, Status.ELIGIBILITY, Status.RETURNED, Status.CLARIFICATION}


@dataclass(frozen=True)
class Missing:
    """How many reviews of one kind are in, and how many the plan asks for or were asked of people."""

    kind: ReviewKind
    have: int
    need: int


@dataclass(frozen=True)
class Given:
    """One review as it was submitted last, and its digest; `percent` is its mark, None for accommodation."""

    assignment: Assignment
    content: dict[str, Any]
    version: int
    sha256: str
    at: datetime
    percent: float | None = None

    @property
    def points(self) -> dict[str, str]:
        """The scores in points by criterion, as written; what could not be judged is left out."""
        return {str(one["id"]): one["value"] for one in self.content["criteria"] if one["value"] is not None}

    @property
    def verdict(self) -> Verdict | None:
        """Whether the lander can carry it."""
        return Verdict(self.content["verdict"]) if self.content["verdict"] else None

    @property
    def conditions(self) -> str:
        """The conditions of the verdict."""
        return str(self.content["conditions"])


@dataclass
class Row:
    """One proposal with what its reviewers found; `without` are the ranks it would have without one reviewer."""

    proposal: Proposal
    standing: Standing
    given: list[Given]
    missing: list[Missing]
    without: list[Change] = field(default_factory=list)

    @property
    def reviews(self) -> list[Given]:
        """The science reviews."""
        return [one for one in self.given if one.assignment.kind == ReviewKind.SCIENCE]

    @property
    def verdicts(self) -> list[Given]:
        """The accommodation reviews."""
        return [one for one in self.given if one.assignment.kind == ReviewKind.TECHNICAL]

    @property
    def ranks_without(self) -> tuple[int, int] | None:
        """The best and the worst rank, its own among them, without any one reviewer; None where none would change it."""
        ranks = {rank for change in self.without for rank in (change.was, change.now) if rank is not None}
        return (min(ranks), max(ranks)) if len(ranks) > 1 else None

    @property
    def hangs_on(self) -> list[Change]:
        """The reviewers without whom it would be on the other side of the line."""
        return [change for change in self.without if change.crosses]


@dataclass
class Results:
    """All rows, best first, and what they were reckoned from."""

    phase: Phase
    criteria: list[Criterion]
    rows: list[Row]
    ranking: Ranking
    people: dict[str, Any]
    places: int | None

    @property
    def first(self) -> list[Row]:
        """The rows within the places."""
        return [row for row in self.rows if row.standing.rank and row.standing.rank <= (self.places or 0)]

    @cached_property
    def mass_kg(self) -> Decimal:
        """The mass with margin of the rows within the places, kg."""
        return sum((row.proposal.mass_kg or Decimal(0) for row in self.first), start=Decimal(0))

    @cached_property
    def countries(self) -> list[str]:
        """The countries or regions that take part in the rows within the places."""
        return sorted({code for row in self.first for code in row.proposal.countries})


def judged(phase: Phase) -> Q:
    """The proposals that have, or will have, results in this phase, also once they have gone on to the next."""
    asked = Assignment.objects.filter(proposal=OuterRef("pk"), phase=phase, answer=Answer.ACCEPTED)
    return ~Q(status__in=sorted(NEVER)) & (Q(Exists(asked)) | (Q(phase=phase) & ~Q(status__in=sorted(NOT_YET))))


def phases_with_results() -> list[Phase]:
    """The phases that are planned to be judged, or in which somebody was asked to, newest call first."""
    asked = Assignment.objects.filter(phase=OuterRef("pk"))
    found = Phase.objects.filter(Q(review_plan__isnull=False) | Q(Exists(asked)))
    return list(found.select_related("call").order_by("-call_id", "position"))


def results(phase: Phase, *, reader: Any, places: int | None = None) -> Results:
    """What the reviews of a phase say of the proposals that this reader may know of; nothing of the others enters it."""
    seen = Proposal.objects.visible_to(reader).filter(judged(phase)).select_related("call", "lead", "phase").defer("search")
    return results_of(list(seen), phase=phase, places=places)


def results_of(proposals: Sequence[Proposal], *, phase: Phase, places: int | None = None) -> Results:
    """What the reviews of these proposals say, reckoned from them alone; `places` is where the line is drawn. Four statements.

    The seed of the intervals is the phase's number: nobody chooses it.
    """
    criteria = list(phase.criteria.all())
    plan = ReviewPlan.objects.filter(phase=phase).first()
    asked = Assignment.objects.standing().filter(phase=phase, proposal__in=proposals).select_related("user")
    assignments = list(asked)
    given = _given(assignments)
    measures = [Measure(str(c.pk), float(c.weight), float(c.maximum), float(c.pass_minimum)) for c in criteria]
    reviews = list(_reviews(given.values(), {measure.key for measure in measures}))
    found = ranking([str(proposal.pk) for proposal in proposals], reviews, measures, seed=phase.pk)
    without: defaultdict[str, list[Change]] = defaultdict(list)
    for change in without_each(reviews, measures, places=places):
        without[change.proposal].append(change)
    held = {str(proposal.pk): proposal for proposal in proposals}
    asked_for: defaultdict[str, list[Assignment]] = defaultdict(list)
    for assignment in assignments:
        asked_for[str(assignment.proposal_id)].append(assignment)
    rows = []
    for standing in found.standings:
        name, mine = standing.proposal, asked_for[standing.proposal]
        marked = [replace(given[one.pk], percent=found.marks.get((name, str(one.user_id)))) for one in mine if one.pk in given]
        rows.append(Row(held[name], standing, marked, _missing(held[name], mine, set(given), plan), without[name]))
    return Results(phase, criteria, rows, found, {str(one.user_id): one.user for one in assignments}, places)


def _given(assignments: Iterable[Assignment]) -> dict[int, Given]:
    """By assignment, the review that was submitted last. One statement."""
    by_pk = {assignment.pk: assignment for assignment in assignments}
    last = FrozenAssessment.objects.filter(assessment__assignment__in=by_pk).select_related("assessment")
    return {
        one.assessment.assignment_id: Given(
            by_pk[one.assessment.assignment_id], json.loads(one.canonical), one.number, one.sha256, one.at
        )
        for one in last.order_by("assessment_id", "-number").distinct("assessment_id")
    }


def _reviews(given: Iterable[Given], criteria: set[str]) -> Iterable[Review]:
    """The science reviews; verdicts of accommodation are independent and never in the ranking."""
    for one in given:
        if one.assignment.kind == ReviewKind.SCIENCE:
            points = {key: float(value) for key, value in one.points.items() if key in criteria}
            yield Review(str(one.assignment.proposal_id), str(one.assignment.user_id), points)


def _missing(proposal: Proposal, assignments: Sequence[Assignment], given: set[int], plan: ReviewPlan | None) -> list[Missing]:
    """The kinds of review of which fewer are in than the plan asks for, or than people were asked."""
    planned = {
        ReviewKind.SCIENCE: plan.reviewers if plan else 0,
        ReviewKind.TECHNICAL: plan.assessors if plan and proposal.level in PAYLOAD_LEVELS else 0,
    }
    found = []
    for kind, need in planned.items():
        of_kind = [one.pk for one in assignments if one.kind == kind]
        have = len(given.intersection(of_kind))
        if have < max(need, len(of_kind)):
            found.append(Missing(kind, have, max(need, len(of_kind))))
    return found
