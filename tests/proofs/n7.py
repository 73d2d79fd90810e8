"""N7: three beats at once, beats dead for half an hour, nights in which the clocks change; each reminder exactly once.

Proposals with two accepted members each, whose thresholds (14, 3, 1 days and 6 hours before a draft's close; 3 and 1
days before an answer is due, and when it is overdue; 14, 3, 1 days before the last day for letters) fall into three
stretches: into the first minute of three beats beside one worker group; into the half hour (of letters: hour) in which
all beats were dead by kill -9; and, by three processes with a common clock that is put forward, around every change of
clocks of a year in several zones. Beside each stand those who must hear nothing: begun after the threshold, submitted,
withdrawn, listed only, inactive, closed. A call opens to everyone, and a deadline is extended. 50 proposals a
threshold (quick: 4). Goal: every reminder written once and received once, none beside; after the dead half hour all
have arrived 120 s after the first beat started.
"""

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from lunarpartners.bootstrap import ROOT
from proposals.calls.models import DependentDate, Phase
from proposals.calls.states import DayKind
from proposals.intake.actions import extend_deadline
from proposals.intake.calculations.reminders import CLARIFICATION, DRAFT, ENDORSEMENT, Threshold
from proposals.intake.models import Clarification, Proposal, TeamMember, Telling
from proposals.intake.states import Status, TeamRole
from proposals.outbox.gateways.bell import bell
from proposals.outbox.models import Message
from proposals.outbox.states import Kind
from proposals.partners.models import User
from tests.factories import make_call, make_organisation, make_proposal, make_staff, make_user
from tests.proofs.stage import Stage, wait_until
from tests.proofs.tally import drain
from tests.proofs.verdict import Verdict

EACH = 50
BEATS = 3
DEAD_FOR = timedelta(minutes=30)
CAUGHT_UP_WITHIN_S = 120
ROUND_S = 60  # from one beat to the next
LONG_AGO = timedelta(days=60)
ZONES = ("Europe/Rome", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Africa/Casablanca", "Asia/Beirut")
YEAR = 2027
BEFORE_IT_ALL = datetime(YEAR - 1, 1, 1, tzinfo=UTC)  # so that no opening is news


@dataclass
class Cast:
    """Who plays, and the keys of the messages that they are to get; all others would be too many."""

    expected: set[str] = field(default_factory=set)
    staff: User = field(default_factory=make_staff)
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(10**6)))

    def phase(self, *, opens_at: datetime, closes_at: datetime, zone: str = "Asia/Shanghai") -> Phase:
        """The one phase of a new public call."""
        call = make_call(opens_at=opens_at, closes_at=closes_at)
        call.phases.update(zone=zone, needs_endorsement=True)
        return call.phases.get()

    def proposal(self, phase: Phase, status: Status, at: datetime) -> Proposal:
        """With two accepted members; one more is listed only, and one has no account any more."""
        proposal = make_proposal(call=phase.call, status=status, by=self.person(), lead=self.body, at=at)
        for person in (self.person(), self.person(is_active=False)):
            TeamMember.objects.create(
                proposal=proposal, full_name="Co", role=TeamRole.CO_I, email=person.email, user=person, accepted_at=at
            )
        TeamMember.objects.create(proposal=proposal, full_name="Listed", role=TeamRole.CO_I, email="listed@partner.example")
        return proposal

    def person(self, *, is_active: bool = True) -> User:
        """With an address used once."""
        return make_user(email=f"reminded-{next(self.numbers)}@partner.example", is_active=is_active)

    def expect(self, what: str, proposal: Proposal, thing: object, deadline: datetime, thresholds: Iterable[Threshold]) -> None:
        """One message a threshold to each of the two."""
        people = proposal.team.filter(user__is_active=True).values_list("user", flat=True)
        instant = deadline.astimezone(UTC).isoformat()
        self.expected |= {f"reminder:{what}:{thing}:{instant}:{each.name}:{person}" for each in thresholds for person in people}

    def __post_init__(self) -> None:
        self.body = make_organisation()


def prove(stage: Stage, *, full: bool, chance: random.Random) -> Verdict:
    """Play the row."""
    each = EACH if full else EACH // 10 - 1
    verdict = Verdict()
    turns = _clocks_change(stage, verdict, chance)
    stage.fresh()
    cast = Cast()
    began = time.monotonic()
    now = timezone.now()
    _falling_due(cast, each, lambda: now + timedelta(seconds=chance.uniform(5, ROUND_S - 10)))
    stage.worker()
    beats = [stage.beat() for _ in range(BEATS)]
    _wait_for(cast, 2 * ROUND_S)
    for beat in beats:
        beat.kill()
        stage.forget(beat)

    now = timezone.now()
    _falling_due(cast, each, lambda: now - timedelta(seconds=chance.uniform(1, DEAD_FOR.total_seconds())))
    _letters(cast, each, now)
    _many(cast, each, now)
    started = time.monotonic()
    for _ in range(BEATS):
        stage.beat()
    _wait_for(cast, 2 * CAUGHT_UP_WITHIN_S)
    drain(stage, seconds=CAUGHT_UP_WITHIN_S)
    caught_up = time.monotonic() - started
    _ask_again(ROUND_S if full else 5)
    _judge(stage, cast, verdict)
    verdict.require(caught_up <= CAUGHT_UP_WITHIN_S, f"caught up {caught_up:.0f} s after the beats started")
    verdict.figures |= {"clock_changes": turns, "beats": BEATS, "catch_up_seconds": round(caught_up, 1)}
    verdict.figures["live_seconds"] = round(started - began)
    return verdict


def _falling_due(cast: Cast, each: int, reached: Callable[[], datetime]) -> None:
    """For each threshold proposals that reach it at some such instant, and those that must hear nothing."""
    for threshold in DRAFT.thresholds:
        closes_at = reached() + threshold.before
        phase = cast.phase(opens_at=closes_at - LONG_AGO, closes_at=closes_at)
        for _ in range(each):
            draft = cast.proposal(phase, Status.DRAFT, closes_at - LONG_AGO)
            cast.expect("draft", draft, draft.pk, closes_at, [threshold])
        cast.proposal(phase, Status.SUBMITTED, closes_at - LONG_AGO)
        cast.proposal(phase, Status.WITHDRAWN, closes_at - LONG_AGO)
        cast.proposal(phase, Status.DRAFT, closes_at - threshold.before + timedelta(seconds=1))
    for threshold in CLARIFICATION.thresholds:
        due_at = reached() + threshold.before
        for number in range(each + 1):
            asked_at = due_at - threshold.before + timedelta(seconds=1) if number == each else due_at - LONG_AGO
            if threshold.before or number < each:
                question = _question(cast, asked_at, due_at)
                if number < each:
                    cast.expect("clarification", question.proposal, question.pk, due_at, [threshold])
    closed = timezone.now() - timedelta(seconds=1)
    cast.proposal(cast.phase(opens_at=closed - LONG_AGO, closes_at=closed), Status.DRAFT, closed - LONG_AGO)


def _question(cast: Cast, asked_at: datetime, due_at: datetime) -> Clarification:
    """One that waits, about a proposal of a phase that closed long ago."""
    closed = asked_at - timedelta(days=1)
    proposal = cast.proposal(
        cast.phase(opens_at=closed - LONG_AGO, closes_at=closed), Status.CLARIFICATION, closed - timedelta(days=1)
    )
    return Clarification.objects.create(
        proposal=proposal, asked_in=Status.ELIGIBILITY, question="?", asked_by=cast.staff, asked_at=asked_at, due_at=due_at
    )


def _letters(cast: Cast, each: int, now: datetime) -> None:
    """Letters are due by a day, so the zone is chosen in which midnight was the last full hour."""
    midnight = now.replace(minute=0, second=0, microsecond=0)
    east = -midnight.hour % 24
    zone = f"Etc/GMT{-east:+d}" if east <= 14 else f"Etc/GMT{24 - east:+d}"
    ended = midnight - timedelta(seconds=1)
    for threshold in ENDORSEMENT.thresholds:
        phase = cast.phase(opens_at=now - LONG_AGO, closes_at=now - timedelta(days=30), zone=zone)
        deadline = ended + threshold.before
        on = deadline.astimezone(ZoneInfo(zone)).date()
        DependentDate.objects.create(phase=phase, label="Letters", on=on, kind=DayKind.ENDORSEMENT)
        for _ in range(each):
            one = cast.proposal(phase, Status.SUBMITTED, now - timedelta(days=40))
            cast.expect("endorsement", one, one.pk, deadline, [threshold])
        endorsed = cast.proposal(phase, Status.SUBMITTED, now - timedelta(days=40))
        Proposal.objects.filter(pk=endorsed.pk).update(has_endorsement=True)
        cast.proposal(phase, Status.WITHDRAWN, now - timedelta(days=40))


def _many(cast: Cast, each: int, now: datetime) -> None:
    """A call that opened meanwhile is told to everyone, and an extension to those in a live proposal's team."""
    opened = cast.phase(opens_at=now - timedelta(minutes=1), closes_at=now + LONG_AGO)
    moved = cast.phase(opens_at=now - LONG_AGO, closes_at=now + LONG_AGO)
    teams = [cast.proposal(moved, Status.DRAFT, now - timedelta(days=1)) for _ in range(each)]
    closes_at = now + 2 * LONG_AGO
    extend_deadline(moved, closes_at=closes_at, by=cast.staff, now=now)
    closes_at = Phase.objects.get(pk=moved.pk).closes_at
    for team in teams:
        for person in team.team.filter(user__is_active=True).values_list("user", flat=True):
            cast.expected.add(f"deadline:{moved.pk}:{closes_at.isoformat()}:{person}")
    partners = User.objects.filter(is_active=True, staff_role="").values_list("pk", flat=True)
    cast.expected |= {f"call:{opened.pk}:{person}" for person in partners}


def _wait_for(cast: Cast, seconds: float) -> None:
    """Until all that is expected is written."""
    wait_until(lambda: not _lacking(cast), seconds=seconds, what="every reminder is written", every_s=0.5)


def _ask_again(seconds: float) -> None:
    """Thirty more beats than there are, and time in which everybody could be told a second time."""
    for _ in range(30):
        bell.ring("intake.remind")
    time.sleep(seconds)


def _lacking(cast: Cast) -> set[str]:
    return cast.expected - _written()


def _written() -> set[str]:
    return set(Message.objects.values_list("key", flat=True))


def _judge(stage: Stage, cast: Cast, verdict: Verdict) -> None:
    """What was written against what was to be, and against what the sink received."""
    rows = dict(Message.objects.values_list("message_id", "key"))
    came = Counter(mail.message_id for mail in stage.sink.mails)
    once = {rows[each] for each, times in came.items() if each in rows and times == 1}
    failed = [each.key for each in Telling.objects.exclude(details={}) if "failed" in each.details]
    verdict.require(set(rows.values()) == cast.expected, f"{len(set(rows.values()) - cast.expected)} were written to the wrong")
    verdict.require(once == cast.expected, f"{len(cast.expected - once)} did not arrive once")
    verdict.require(sum(came.values()) == len(cast.expected), f"{sum(came.values())} mails came for {len(cast.expected)}")
    verdict.require(not failed, f"tellings with failures: {failed}")
    verdict.require(not Telling.objects.open().exists(), "a telling is still open")
    reminders = Message.objects.filter(kind=Kind.REMINDER).count()
    verdict.figures |= {"reminders": reminders, "others": len(rows) - reminders, "exact": len(once & cast.expected)}


def _clocks_change(stage: Stage, verdict: Verdict, chance: random.Random) -> int:
    """Each change of clocks of a year: a close on that day by the place's clock, and all four thresholds before it."""
    cast = Cast()
    instants: set[datetime] = set()
    turns = 0
    for zone in ZONES:
        for day in _changes(ZoneInfo(zone)):
            turns += 1
            closes_at = day.replace(hour=23, minute=59, tzinfo=ZoneInfo(zone)).astimezone(UTC)
            phase = cast.phase(opens_at=BEFORE_IT_ALL, closes_at=closes_at, zone=zone)
            draft = cast.proposal(phase, Status.DRAFT, closes_at - LONG_AGO)
            cast.expect("draft", draft, draft.pk, closes_at, DRAFT.thresholds)
            for threshold in DRAFT.thresholds:
                for seconds in (-1, chance.uniform(0, 60), 60 + chance.uniform(0, 60)):
                    instants.add(threshold.reached_at(closes_at) + timedelta(seconds=seconds))
    early = _put_forward(stage, sorted(instants))
    verdict.require(_written() == cast.expected, f"{len(_lacking(cast))} lack, {len(_written() - cast.expected)} are too many")
    verdict.require(not early, f"{early} were written before their threshold")
    verdict.figures["around_clock_changes"] = Message.objects.count()
    return turns


def _changes(zone: ZoneInfo) -> Iterator[datetime]:
    """The days of the year on which a zone's clocks change, as midnights without a zone."""
    for number in range(365):
        noon = datetime(YEAR, 1, 1, 12, tzinfo=UTC) + timedelta(days=number)
        day = noon.replace(hour=0, tzinfo=None)
        if day.replace(tzinfo=zone).utcoffset() != (day + timedelta(days=1)).replace(tzinfo=zone).utcoffset():
            yield day


def _put_forward(stage: Stage, instants: list[datetime]) -> int:
    """Three beats with a common clock, instant by instant; how many messages were written before they were due."""
    command = [sys.executable, "-m", "tests.proofs.clocked"]
    beats = [
        subprocess.Popen(
            command, cwd=ROOT, env=stage.environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1
        )
        for _ in range(BEATS)
    ]
    try:
        for beat in beats:
            _answer(beat)
        for now in instants:
            for beat in beats:
                assert beat.stdin is not None
                beat.stdin.write(f"{now.isoformat()}\n")
                beat.stdin.flush()
            for beat in beats:
                _answer(beat)
    finally:
        for beat in beats:
            beat.terminate()
            beat.wait()
    return sum(1 for key, at in Message.objects.values_list("key", "due_at") if at < _reached(key))


def _answer(beat: "subprocess.Popen[str]") -> str:
    assert beat.stdout is not None
    told = beat.stdout.readline()
    if not told:
        raise RuntimeError("a beat by another clock ended")
    return told


def _reached(key: str) -> datetime:
    """The threshold's instant, read from a reminder's key."""
    deadline, _colon, name = key.removeprefix("reminder:draft:").split(":", 1)[1].rpartition(":")[0].rpartition(":")
    before = next(each.before for each in DRAFT.thresholds if each.name == name)
    return datetime.fromisoformat(deadline) - before
