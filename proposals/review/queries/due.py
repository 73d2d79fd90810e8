"""What waits for a reviewer, how long it takes, and how far the reviews of each call have come."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Length

from proposals.calls.models import Criterion
from proposals.intake.models import Access, Proposal, Version
from proposals.partners.gateways import unrestricted
from proposals.review.calculations.scores import minutes
from proposals.review.models import Assessment, Assignment
from proposals.review.rules.assessments import is_open
from proposals.review.states import Answer, ReviewKind

ABOUT = ("phase", "proposal__call", "user")


@dataclass(frozen=True)
class Task:
    """One review of a reviewer: the draft where there is one, criteria answered of all, minutes to read and to judge."""

    assignment: Assignment
    assessment: Assessment | None
    answered: int
    criteria: int
    reading: int
    judging: int
    overdue: bool

    @property
    def is_open(self) -> bool:
        """Whether it can be written now."""
        return is_open(self.assignment)

    @property
    def is_revised(self) -> bool:
        """Submitted once, changed since, not submitted again."""
        found = self.assessment
        return found is not None and found.unsent is not None

    @property
    def minutes(self) -> int:
        """How long it takes in all."""
        return self.reading + self.judging


@dataclass(frozen=True)
class Work:
    """All that a reviewer has: asked and not answered; to be opened by the undertaking; due; paused; done."""

    asked: list[Assignment] = field(default_factory=list)
    locked: list[Assignment] = field(default_factory=list)
    due: list[Task] = field(default_factory=list)
    paused: list[Task] = field(default_factory=list)
    done: list[Task] = field(default_factory=list)


def work_of(user: Any, *, now: datetime) -> Work:
    """Everything this person is asked to judge, soonest first; nothing of what a conflict bars. Eight statements at most."""
    barred = Access.objects.filter(user=user.pk, grant=False).values("proposal_id")
    with unrestricted():  # an asked reviewer may not see the proposal yet; only the person's own rows are read
        own = Assignment.objects.standing().filter(user=user.pk).exclude(proposal__in=barred)
        rows = list(own.select_related(*ABOUT).order_by(F("due_at").asc(nulls_last=True), "pk"))
    granted = set(Proposal.objects.visible_to(user).filter(pk__in={row.proposal_id for row in rows}).values_list("pk", flat=True))
    accepted = [row for row in rows if row.answer == Answer.ACCEPTED]
    tasks = _tasks([row for row in accepted if row.proposal_id in granted], now=now)
    todo = [task for task in tasks if task.assessment is None or task.assessment.submitted_at is None]
    return Work(
        asked=[row for row in rows if row.answer == Answer.ASKED],
        locked=[row for row in accepted if row.proposal_id not in granted],
        due=[task for task in todo if task.is_open],
        paused=[task for task in todo if not task.is_open],
        done=[task for task in tasks if task not in todo],
    )


def _tasks(rows: list[Assignment], *, now: datetime) -> list[Task]:
    if not rows:
        return []
    done = Count("scores", filter=Q(scores__value__isnull=False) | Q(scores__unable=True))
    drafts = {one.assignment_id: one for one in Assessment.objects.filter(assignment__in=rows).annotate(answered=done)}
    lengths = _lengths(rows)
    counted = Criterion.objects.filter(phase__in={row.phase_id for row in rows}).values_list("phase_id").annotate(Count("pk"))
    criteria: dict[int, int] = dict(counted)
    found = []
    for row in rows:
        draft = drafts.get(row.pk)
        asked = 0 if row.kind == ReviewKind.TECHNICAL else criteria.get(row.phase_id, 0)
        reading, judging = minutes(lengths.get((row.proposal_id, row.phase_id), 0), asked)
        late = row.due_at is not None and row.due_at < now and (draft is None or draft.submitted_at is None)
        found.append(Task(row, draft, getattr(draft, "answered", 0), asked, reading, judging, late))
    return found


def _lengths(rows: Iterable[Assignment]) -> dict[tuple[Any, int], int]:
    """The length of the version to judge in characters, by proposal and phase."""
    versions = Version.objects.filter(proposal__in={row.proposal_id for row in rows}).order_by("number")
    return {(proposal, phase): n for proposal, phase, n in versions.values_list("proposal_id", "phase_id", Length("canonical"))}


def assignments_seen(user: Any) -> QuerySet[Assignment]:
    """Standing assignments of the proposals that this member of staff may know of."""
    return Assignment.objects.standing().filter(proposal__in=Proposal.objects.visible_to(user))


@dataclass(frozen=True)
class Progress:
    """How far the reviews of one call have come: submitted, of all that stand; overdue; not answered yet."""

    code: str
    submitted: int
    wanted: int
    overdue: int
    unanswered: int


def progress(user: Any, *, now: datetime) -> list[Progress]:
    """The reviews of each call that has any, over what this member of staff may know of. One statement."""
    missing = Q(assessment__submitted_at__isnull=True)
    calls = assignments_seen(user).filter(phase=F("proposal__phase")).values("proposal__call__code")
    rows = calls.annotate(
        wanted=Count("pk"),
        submitted=Count("pk", filter=~missing),
        overdue=Count("pk", filter=missing & Q(due_at__lt=now)),
        unanswered=Count("pk", filter=Q(answer=Answer.ASKED)),
    ).order_by("proposal__call__code")
    return [
        Progress(row["proposal__call__code"], row["submitted"], row["wanted"], row["overdue"], row["unanswered"]) for row in rows
    ]
