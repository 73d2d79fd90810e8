"""A call as its readers ask for it: with all its rows in a few statements, however many rows there are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import SimpleNamespace
from typing import Any, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import F, OuterRef
from django.db.models.functions import Cast, JSONObject

from proposals.audit.models import Event
from proposals.calls.calculations import current, standing
from proposals.calls.models import (
    AnnouncedProject,
    Call,
    CallQuerySet,
    Criterion,
    DependentDate,
    Document,
    Phase,
    PublicAnswer,
    Topic,
)
from proposals.calls.states import Standing, TopicKind
from proposals.partners.gateways import Compiled, Given

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True)
class Stage:
    """A phase with where it stands, its dependent days and its criteria."""

    phase: Phase
    standing: Standing
    dates: Sequence[DependentDate] = ()
    criteria: Sequence[Criterion] = ()


@dataclass(frozen=True)
class Shown:
    """A call as the public reads it at one instant; `stage` is the phase that matters now, None without phases."""

    call: Call
    stages: Sequence[Stage]
    stage: Stage | None
    priorities: Sequence[Topic] = ()
    aims: Sequence[Topic] = ()
    sites: Sequence[Topic] = ()
    documents: Sequence[Document] = ()
    answers: Sequence[PublicAnswer] = ()
    announced: Sequence[AnnouncedProject] = ()

    @property
    def standing(self) -> Standing:
        """Where the call stands: as its current phase does; a call without phases is not open yet."""
        return self.stage.standing if self.stage else Standing.NOT_YET


def _packed(rows: "models.QuerySet[Any]") -> ArraySubquery:
    """All the rows as one column, in their own order; decimals as text, since JSON would make floats of them."""
    columns: dict[str, Any] = {
        field.attname: Cast(field.attname, models.TextField()) if isinstance(field, models.DecimalField) else F(field.attname)
        for field in rows.model._meta.concrete_fields
    }
    return ArraySubquery(rows.values(packed=JSONObject(**columns)))


def _unpacked(model: type[M], packed: Iterable[dict[str, Any]]) -> list[M]:
    """The rows of `_packed` as instances, each value of its field's own type."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return [model(**{name: fields[name].to_python(value) for name, value in row.items()}) for row in packed]


def _phases() -> "models.QuerySet[Phase]":
    return Phase.objects.annotate(
        packed_dates=_packed(DependentDate.objects.filter(phase=OuterRef("pk"))),
        packed_criteria=_packed(Criterion.objects.filter(phase=OuterRef("pk"))),
    )


def _stage(phase: Any, at: datetime) -> Stage:
    return Stage(
        phase=phase,
        standing=standing(phase.opens_at, phase.closes_at, phase.late_until, at),
        dates=_unpacked(DependentDate, phase.packed_dates),
        criteria=_unpacked(Criterion, phase.packed_criteria),
    )


def _current(stages: Sequence[Stage], at: datetime) -> Stage | None:
    phase = current([stage.phase for stage in stages], at)
    return next((stage for stage in stages if stage.phase is phase), None)


def shown_calls(calls: CallQuerySet, at: datetime) -> list[Shown]:
    """Calls in the reader's order: open first, by the nearest deadline; then coming ones; then closed, latest first."""
    found = []
    for call in calls.prefetch_related(models.Prefetch("phases", queryset=_phases())):
        stages = [_stage(phase, at) for phase in call.phases.all()]
        found.append(Shown(call=call, stages=stages, stage=_current(stages, at)))
    return sorted(found, key=lambda shown: _rank(shown, at))


def _rank(shown: Shown, at: datetime) -> tuple[int, float, int]:
    if shown.stage is None:
        return (2, 0.0, -shown.call.pk)
    place = {Standing.OPEN: 0, Standing.LATE: 1, Standing.NOT_YET: 2, Standing.CLOSED: 3}[shown.standing]
    instant = shown.stage.phase.opens_at if shown.standing == Standing.NOT_YET else shown.stage.phase.closes_at
    return (place, abs((instant - at).total_seconds()), -shown.call.pk)


def _named(*, reads_all: bool) -> CallQuerySet:
    return Call.objects.visible_to(SimpleNamespace(is_active=True, reads_all=reads_all)).filter(slug=_SLUG)


def _with_all(*, reads_all: bool) -> "models.QuerySet[Call, Call]":
    by_now = Given("at", models.DateTimeField())
    return _named(reads_all=reads_all).annotate(
        packed_topics=_packed(Topic.objects.filter(call=OuterRef("pk"))),
        packed_documents=_packed(Document.objects.filter(call=OuterRef("pk"))),
        packed_answers=_packed(PublicAnswer.objects.filter(call=OuterRef("pk"), published_at__lte=by_now)),
        packed_announced=_packed(AnnouncedProject.objects.filter(call=OuterRef("pk"))),
    )


_SLUG, _OF_CALL = Given("slug", models.SlugField()), Given("call")
_CALL = {reads_all: Compiled(partial(_named, reads_all=reads_all)) for reads_all in (True, False)}
_WHOLE_CALL = {reads_all: Compiled(partial(_with_all, reads_all=reads_all)) for reads_all in (True, False)}
_STAGES = Compiled(lambda: _phases().filter(call=_OF_CALL))
_FIRST_PHASE = Compiled(lambda: Phase.objects.filter(call=_OF_CALL).order_by("position")[:1])


def visible_call(user: Any, slug: str) -> Call | None:
    """The call of this address, if this reader may see it. One query."""
    return next(iter(_CALL[_reads_as_staff(user)](slug=slug)), None)


def first_phase(call: Call) -> Phase | None:
    """The phase that a call begins with. One query."""
    return next(iter(_FIRST_PHASE(call=call.pk)), None)


def later_phase(call: Call, at: datetime) -> Phase | None:
    """The phase after the first that takes proposals at this instant: those invited to it, no new ones. One query."""
    later = list(Phase.objects.filter(call=call).order_by("position"))[1:]
    takes = {Standing.OPEN, Standing.LATE}
    return next((one for one in later if standing(one.opens_at, one.closes_at, one.late_until, at) in takes), None)


def _reads_as_staff(user: Any) -> bool:
    return bool(user.is_active and user.reads_all)


def shown_call(user: Any, slug: str, at: datetime) -> Shown | None:
    """One call with all that its page says, in two statements; None where the reader has no such call."""
    call: Any = next(iter(_WHOLE_CALL[_reads_as_staff(user)](slug=slug, at=at)), None)
    if call is None:
        return None
    stages = [_stage(phase, at) for phase in _STAGES(call=call.pk)]
    topics = _unpacked(Topic, call.packed_topics)
    by_kind = {kind: [topic for topic in topics if topic.kind == kind] for kind in TopicKind}
    return Shown(
        call=call,
        stages=stages,
        stage=_current(stages, at),
        priorities=by_kind[TopicKind.PRIORITY],
        aims=by_kind[TopicKind.AIM],
        sites=by_kind[TopicKind.SITE],
        documents=_unpacked(Document, call.packed_documents),
        answers=_unpacked(PublicAnswer, call.packed_answers),
        announced=_unpacked(AnnouncedProject, call.packed_announced),
    )


def last_saved(call: Call) -> Event | None:
    """The last thing that happened to a call: who, and when."""
    return Event.objects.filter(subject_type="call", subject_id=str(call.pk)).order_by("-at", "-id").first()
