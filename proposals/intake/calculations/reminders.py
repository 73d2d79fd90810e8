"""Which reminder of a deadline is due at an instant: computed from what is true now, never scheduled.

Everything is measured on instants, so a day is 24 hours also where the clocks change that night.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Threshold:
    """How long before a deadline people are reminded of it."""

    name: str
    before: timedelta

    def reached_at(self, deadline: datetime) -> datetime:
        """The instant from which this reminder is due, in UTC: by a clock on the wall a day may have 23 hours."""
        return deadline.astimezone(UTC) - self.before


@dataclass(frozen=True)
class Plan:
    """The thresholds of one kind of reminder, widest first; nobody is reminded once it has lapsed after the deadline."""

    thresholds: tuple[Threshold, ...]
    lapses_after: timedelta = timedelta()


@dataclass(frozen=True)
class Window:
    """The deadlines for which one threshold is due: later than `after`, at the latest `upto`."""

    threshold: Threshold
    after: datetime
    upto: datetime


_DAYS = tuple(Threshold(f"{days}d", timedelta(days=days)) for days in (14, 3, 1))
DRAFT = Plan((*_DAYS, Threshold("6h", timedelta(hours=6))))
ENDORSEMENT = Plan(_DAYS)
# A question is chased once when its answer is overdue, and not by a machine weeks later.
CLARIFICATION = Plan((*_DAYS[1:], Threshold("overdue", timedelta())), lapses_after=timedelta(days=14))


def windows(plan: Plan, now: datetime) -> list[Window]:
    """For each threshold the deadlines for which it is the nearest one reached: no deadline is in two of them."""
    now = now.astimezone(UTC)
    ends = [now + threshold.before for threshold in plan.thresholds]
    starts = [*ends[1:], now - plan.lapses_after]
    return [Window(*each) for each in zip(plan.thresholds, starts, ends, strict=True)]


def nearest(plan: Plan, deadline: datetime, now: datetime) -> Threshold | None:
    """The nearest threshold of this deadline that has been reached; None before the first, and once it has lapsed."""
    return next((each.threshold for each in windows(plan, now) if each.after < deadline <= each.upto), None)


def due(plan: Plan, deadline: datetime, *, since: datetime, now: datetime) -> Threshold | None:
    """The one reminder of this deadline that is due now, or None.

    Of several thresholds passed it is the nearest. `since` is when there was first something to remind of (the draft
    begun, the deadline set): what was reached before that is not made up for.
    """
    found = nearest(plan, deadline, now)
    return found if found and since < found.reached_at(deadline) else None


def end_of_day(on: date, zone: str) -> datetime:
    """The last second of a day by a zone's clocks, in UTC."""
    midnight = datetime.combine(on + timedelta(days=1), time(0), ZoneInfo(zone))
    return midnight.astimezone(UTC) - timedelta(seconds=1)


def roughly(left: timedelta) -> timedelta:
    """A time left as it is told: to the hour, in the last two hours to the minute; never below zero."""
    unit = timedelta(hours=1) if left >= timedelta(hours=2) else timedelta(minutes=1)
    return max(round(left / unit) * unit, timedelta())
