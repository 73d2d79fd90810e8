"""Who is due what at an instant: which tellings are to be begun, and whom one has to tell."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast, Coalesce, Greatest

from proposals.audit.models import Event
from proposals.calls.models import DependentDate, Phase
from proposals.calls.states import DayKind
from proposals.intake.calculations.reminders import CLARIFICATION, DRAFT, ENDORSEMENT, Plan, due, end_of_day, nearest, windows
from proposals.intake.models import Clarification, Proposal, Telling
from proposals.intake.queries.deadlines import concerned_by
from proposals.intake.states import CLOSED, Fact, Status
from proposals.partners.models import User
from proposals.partners.states import StaffRole

PLANS: dict[str, Plan] = {Fact.DRAFT: DRAFT, Fact.ENDORSEMENT: ENDORSEMENT, Fact.CLARIFICATION: CLARIFICATION}
NEWS_FOR = timedelta(days=14)  # a call that opened, or was published, longer ago than this is no news
MOST_QUESTIONS = 500  # begun in one round; the next takes the rest


@dataclass(frozen=True)
class Due:
    """Something to tell that has not been begun; its key is the same whoever finds it."""

    fact: Fact
    phase_id: int
    deadline_at: datetime
    threshold: str = ""
    clarification_id: int | None = None

    @property
    def key(self) -> str:
        """A call opens once, whatever becomes of its deadline; a deadline that moves is reminded of anew."""
        if self.fact == Fact.OPENED:
            return f"{self.fact}:{self.phase_id}"
        thing = self.clarification_id or self.phase_id
        return f"{self.fact}:{thing}:{self.deadline_at.astimezone(UTC).isoformat()}:{self.threshold}"


def due_now(now: datetime) -> list[Due]:
    """All that is due and not begun: a handful of statements over what is open, none over all proposals."""
    found = [*_openings(now), *_drafts(now), *_endorsements(now), *_questions(now)]
    begun = set(Telling.objects.filter(key__in=[each.key for each in found]).values_list("key", flat=True)) if found else set()
    return [each for each in found if each.key not in begun]


def holds(telling: Telling, now: datetime) -> bool:
    """Whether what a telling says is still so: the deadline has not moved or passed, no nearer threshold is reached."""
    phase = telling.phase
    if telling.fact == Fact.OPENED:
        return now <= phase.closes_at
    if telling.fact == Fact.EXTENDED:
        return now <= phase.closes_at == telling.deadline_at
    reached = nearest(PLANS[telling.fact], telling.deadline_at, now)
    if reached is None or reached.name != telling.threshold:
        return False
    if telling.fact == Fact.DRAFT:
        return telling.deadline_at == phase.closes_at
    return telling.fact != Fact.ENDORSEMENT or telling.deadline_at in _endorsement_days(phase)


def people_to_tell(telling: Telling) -> QuerySet[User]:
    """Whom an opening or an extension is to be told."""
    return concerned_by(telling.phase) if telling.fact == Fact.EXTENDED else _partners()


def proposals_to_remind(telling: Telling) -> QuerySet[Proposal]:
    """The proposals whose teams are to be reminded; what came after the threshold is left out."""
    plan = PLANS[telling.fact]
    reached_at = next(each.reached_at(telling.deadline_at) for each in plan.thresholds if each.name == telling.threshold)
    found = Proposal.objects.filter(phase=telling.phase_id)
    if telling.fact == Fact.DRAFT:
        found = found.filter(status=Status.DRAFT, moved_at__lt=reached_at)
    elif telling.fact == Fact.ENDORSEMENT:
        found = found.filter(has_endorsement=False, submitted_at__lt=reached_at).exclude(
            status__in=[Status.DRAFT, *sorted(CLOSED)]
        )
    else:
        asked = Clarification.objects.filter(tellings=telling, answered_at=None, due_at=telling.deadline_at)
        found = found.filter(status=Status.CLARIFICATION, pk__in=asked.values("proposal"))
    return found


def _partners() -> QuerySet[User]:
    """Everyone with a partner's account whose address is known to be theirs."""
    verified = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
    return User.objects.filter(Exists(verified), is_active=True, staff_role=StaffRole.NONE)


def _open_phases(now: datetime) -> QuerySet[Any]:
    """Phases that take proposals, each with the instant since which its deadline is what it is."""
    moved = Telling.objects.filter(fact=Fact.EXTENDED, phase=OuterRef("pk"), deadline_at=OuterRef("closes_at"))
    set_at = Greatest("opens_at", Coalesce(Subquery(moved.values("begun_at")[:1]), "opens_at"))
    return Phase.objects.open(now).filter(call__is_published=True).annotate(set_at=set_at)


def _openings(now: datetime) -> Iterator[Due]:
    """Calls that have opened; later phases are entered by invitation, which is another message."""
    first = ~Exists(Phase.objects.filter(call=OuterRef("call"), position__lt=OuterRef("position")))
    published = Event.objects.filter(
        subject_type="call", subject_id=Cast(OuterRef("call_id"), CharField()), verb="call.published", at__gte=now - NEWS_FOR
    )
    for phase in _open_phases(now).filter(first, Q(opens_at__gte=now - NEWS_FOR) | Exists(published)):
        yield Due(Fact.OPENED, phase.pk, phase.closes_at)


def _drafts(now: datetime) -> Iterator[Due]:
    for phase in _open_phases(now):
        threshold = due(DRAFT, phase.closes_at, since=phase.set_at, now=now)
        if threshold:
            yield Due(Fact.DRAFT, phase.pk, phase.closes_at, threshold.name)


def _endorsements(now: datetime) -> Iterator[Due]:
    """Letters may follow until a day of the phase, which is usually after its deadline."""
    widest = ENDORSEMENT.thresholds[0].before + timedelta(days=2)  # zones
    moved = Telling.objects.filter(fact=Fact.EXTENDED, phase=OuterRef("phase"), deadline_at=OuterRef("phase__closes_at"))
    days = DependentDate.objects.filter(
        kind=DayKind.ENDORSEMENT,
        on__range=(now.date() - timedelta(days=2), (now + widest).date()),
        phase__needs_endorsement=True,
        phase__call__is_published=True,
        phase__opens_at__lte=now,
    ).annotate(set_at=Coalesce(Subquery(moved.values("begun_at")[:1]), F("phase__opens_at")))
    for day in days.select_related("phase"):
        deadline = end_of_day(day.on, day.phase.zone)
        threshold = due(ENDORSEMENT, deadline, since=day.set_at, now=now)
        if threshold:
            yield Due(Fact.ENDORSEMENT, day.phase_id, deadline, threshold.name)


def _endorsement_days(phase: Phase) -> set[datetime]:
    return {end_of_day(day.on, phase.zone) for day in phase.dates.filter(kind=DayKind.ENDORSEMENT)}


def _questions(now: datetime) -> Iterator[Due]:
    """Questions that wait for an answer; each has a deadline of its own, so the windows are asked for in SQL."""
    for window in windows(CLARIFICATION, now):
        begun = Telling.objects.filter(
            clarification=OuterRef("pk"), deadline_at=OuterRef("due_at"), threshold=window.threshold.name
        )
        waiting = Clarification.objects.filter(
            ~Exists(begun),
            answered_at=None,
            due_at__gt=window.after,
            due_at__lte=window.upto,
            asked_at__lt=F("due_at") - window.threshold.before,
            proposal__status=Status.CLARIFICATION,
        )
        for pk, phase_id, due_at in waiting.order_by("due_at").values_list("pk", "proposal__phase", "due_at")[:MOST_QUESTIONS]:
            yield Due(Fact.CLARIFICATION, phase_id, due_at, window.threshold.name, pk)
