"""What is due, as pure arithmetic: every threshold once, the nearest alone, by instants and not by clocks."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proposals.intake.calculations.reminders import (
    CLARIFICATION,
    DRAFT,
    ENDORSEMENT,
    due,
    end_of_day,
    nearest,
    roughly,
    windows,
)

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=900)
# Zones with a change of clocks that year, to the half hour (Lord Howe) and at midnight (Havana), and without one.
ZONES = "Asia/Shanghai Europe/Rome America/New_York Australia/Lord_Howe Pacific/Apia America/Havana Asia/Kathmandu".split()
plans = st.sampled_from([DRAFT, ENDORSEMENT, CLARIFICATION])
moments = st.timedeltas(timedelta(), timedelta(days=366)).map(lambda passed: datetime(2027, 1, 1, tzinfo=UTC) + passed)
gaps = st.timedeltas(timedelta(seconds=1), timedelta(days=40))
days = st.dates(date(2027, 1, 1), date(2027, 12, 31))


def told(plan, deadline, beats, since=LONG_AGO):
    """What a beat at each of these instants finds due, each threshold as it is told first: the key makes it once."""
    found = [(at, due(plan, deadline, since=since, now=at)) for at in sorted(beats)]
    return list(dict.fromkeys(each.name for _at, each in found if each))


@given(plans, moments, st.integers(1, 59))
def test_beat_that_never_sleeps_tells_each_threshold_once_in_its_minute(plan, deadline, second):
    for threshold in plan.thresholds:
        reached = threshold.reached_at(deadline)
        minutes = [reached + timedelta(seconds=second + 60 * n) for n in range(-3, 3)]
        before, after = [due(plan, deadline, since=LONG_AGO, now=at) for at in minutes[:2]], minutes[3:]
        assert threshold not in before
        assert {due(plan, deadline, since=LONG_AGO, now=at) for at in after} == {threshold}
    whole = [deadline - timedelta(days=20) + timedelta(hours=n) for n in range(24 * 40)]
    assert told(plan, deadline, whole) == [each.name for each in plan.thresholds]


@given(plans, moments, st.lists(gaps, min_size=1, max_size=30))
def test_beat_that_sleeps_tells_the_nearest_alone_and_never_one_twice(plan, deadline, before):
    beats = [deadline + timedelta(days=20) - gap for gap in before]
    names = told(plan, deadline, beats)
    order = [each.name for each in plan.thresholds]
    assert names == sorted(names, key=order.index)
    for at in beats:
        reached = [each for each in plan.thresholds if each.reached_at(deadline) <= at]
        lapsed = at >= deadline + plan.lapses_after
        assert nearest(plan, deadline, at) == (reached[-1] if reached and not lapsed else None)


@given(plans, moments, gaps, gaps)
def test_what_was_reached_before_there_was_anything_is_not_made_up_for(plan, deadline, begun, asked):
    since, now = deadline - begun, deadline + timedelta(days=1) - asked
    found = due(plan, deadline, since=since, now=now)
    assert found is None or since < found.reached_at(deadline) <= now


@given(plans, moments)
def test_windows_meet_without_a_gap_or_an_overlap(plan, now):
    found = windows(plan, now)
    assert [each.threshold for each in found] == list(plan.thresholds)
    assert all(wide.after == near.upto for wide, near in pairwise(found))
    assert all(each.after < each.upto for each in found[:-1])


@pytest.mark.parametrize("threshold", DRAFT.thresholds, ids=lambda each: each.name)
def test_threshold_is_due_from_its_very_instant(threshold):
    at = threshold.reached_at(NOON)
    assert due(DRAFT, NOON, since=LONG_AGO, now=at) == threshold
    assert due(DRAFT, NOON, since=LONG_AGO, now=at - timedelta(microseconds=1)) != threshold
    assert due(DRAFT, NOON, since=at, now=at) is None
    assert due(DRAFT, NOON, since=at - timedelta(microseconds=1), now=at) == threshold


def test_deadline_itself_ends_the_reminders():
    assert due(DRAFT, NOON, since=LONG_AGO, now=NOON - timedelta(microseconds=1)) == DRAFT.thresholds[-1]
    assert due(DRAFT, NOON, since=LONG_AGO, now=NOON) is None
    assert due(CLARIFICATION, NOON, since=LONG_AGO, now=NOON) == CLARIFICATION.thresholds[-1]
    assert due(CLARIFICATION, NOON, since=LONG_AGO, now=NOON + timedelta(days=14)) is None


@given(days, st.sampled_from(ZONES), st.sampled_from(ZONES), st.times())
def test_day_is_24_hours_where_the_clocks_change(on, zone, reader, at):
    """Whatever zone an instant is written in: Python reckons by the wall within one zone."""
    deadline = datetime.combine(on, at, ZoneInfo(zone))
    for threshold in DRAFT.thresholds:
        reached = threshold.reached_at(deadline)
        assert deadline.astimezone(UTC) - reached == threshold.before
        there = reached.astimezone(ZoneInfo(reader))
        assert due(DRAFT, deadline, since=LONG_AGO, now=there) == threshold
        assert due(DRAFT, deadline, since=LONG_AGO, now=reached - timedelta(seconds=1)) != threshold


def test_night_in_which_the_clocks_go_forward_has_an_hour_less():
    rome = ZoneInfo("Europe/Rome")
    deadline, midnight = datetime(2027, 3, 28, 7, tzinfo=rome), datetime(2027, 3, 28, tzinfo=rome)
    six_hours = DRAFT.thresholds[-1]
    assert six_hours.reached_at(deadline) == midnight.astimezone(UTC)
    assert due(DRAFT, deadline, since=LONG_AGO, now=midnight) == six_hours
    assert due(DRAFT, deadline, since=LONG_AGO, now=midnight - timedelta(seconds=1)) == DRAFT.thresholds[-2]


@given(days, st.sampled_from(ZONES))
def test_day_ends_a_second_before_the_next_begins(on, zone):
    end = end_of_day(on, zone)
    there = ZoneInfo(zone)
    assert end.astimezone(there).date() == on
    assert (end + timedelta(seconds=1)).astimezone(there).date() == on + timedelta(days=1)


@pytest.mark.parametrize(
    ("zone", "on", "end"),
    [
        ("Asia/Shanghai", date(2027, 4, 30), datetime(2027, 4, 30, 15, 59, 59, tzinfo=UTC)),
        ("Europe/Rome", date(2027, 3, 28), datetime(2027, 3, 28, 21, 59, 59, tzinfo=UTC)),  # a day of 23 hours
        ("Europe/Rome", date(2027, 10, 31), datetime(2027, 10, 31, 22, 59, 59, tzinfo=UTC)),  # a day of 25 hours
        ("America/Havana", date(2027, 3, 13), datetime(2027, 3, 14, 4, 59, 59, tzinfo=UTC)),  # the next begins at 01:00
    ],
)
def test_end_of_day_by_the_clocks_of_the_place(zone, on, end):
    assert end_of_day(on, zone) == end


@given(st.timedeltas(timedelta(days=-3), timedelta(days=20)))
def test_time_left_is_told_to_the_hour_and_at_the_end_to_the_minute(left):
    told_as = roughly(left)
    unit = timedelta(hours=1) if left >= timedelta(hours=2) else timedelta(minutes=1)
    assert told_as >= timedelta()
    assert told_as % unit == timedelta()
    assert abs(told_as - max(left, timedelta())) <= unit / 2
