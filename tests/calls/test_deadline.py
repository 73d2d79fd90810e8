"""The deadline rule: the exact instant is on time, 24:00 is the next day, extensions move whole days."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proposals.calls.calculations import NotAnInstant, current, days_later, read_instant, standing, write_instant

OPENS = datetime(2027, 1, 1, tzinfo=UTC)
CLOSES = datetime(2027, 3, 31, 15, 59, 59, tzinfo=UTC)
LATE = CLOSES + timedelta(days=2)
TICK = timedelta(microseconds=1)
ZONES = [
    "UTC",
    "Asia/Shanghai",
    "America/Lima",
    "Europe/Rome",  # an hour skipped and one shown twice
    "Australia/Lord_Howe",  # half an hour of summer time
    "Pacific/Kiritimati",  # UTC+14
    "Etc/GMT+12",  # UTC-12
    "Asia/Kathmandu",  # UTC+5:45
]
instants = st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
zones = st.sampled_from(ZONES)


@dataclass
class Period:
    opens_at: datetime
    closes_at: datetime
    late_until: datetime | None = None


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (OPENS - TICK, "not_yet"),
        (OPENS, "open"),
        (CLOSES, "open"),
        (CLOSES + TICK, "late"),
        (LATE, "late"),
        (LATE + TICK, "closed"),
    ],
)
def test_standing_at_each_boundary(at, expected):
    assert standing(OPENS, CLOSES, LATE, at) == expected


@pytest.mark.parametrize(("at", "expected"), [(CLOSES, "open"), (CLOSES + TICK, "closed")])
def test_standing_without_late_ones_goes_from_open_to_closed(at, expected):
    assert standing(OPENS, CLOSES, None, at) == expected


@given(at=instants, zone=zones)
def test_standing_is_the_same_in_every_zone(at, zone):
    there = ZoneInfo(zone)
    here = standing(OPENS, CLOSES, LATE, at)
    assert standing(OPENS.astimezone(there), CLOSES.astimezone(there), LATE.astimezone(there), at) == here
    assert standing(OPENS, CLOSES, LATE, at.astimezone(there)) == here


@given(first=instants, later=st.timedeltas(timedelta(0), timedelta(days=9000)))
def test_standing_never_goes_back(first, later):
    order = ["not_yet", "open", "late", "closed"]
    assert order.index(standing(OPENS, CLOSES, LATE, first)) <= order.index(standing(OPENS, CLOSES, LATE, first + later))


def test_read_instant_takes_24_00_as_the_next_day():
    assert read_instant("2026-12-31 24:00", "Asia/Shanghai") == datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
    assert read_instant("2026-12-31 24:00", "Asia/Shanghai") == read_instant("2027-01-01 00:00", "Asia/Shanghai")


def test_read_instant_is_the_same_instant_in_lima_and_beijing():
    assert read_instant("2026-12-31 23:59", "Asia/Shanghai") == read_instant("2026-12-31 10:59", "America/Lima")


@given(instant=instants, zone=zones)
def test_what_is_written_reads_back_as_the_same_instant(instant, zone):
    assert read_instant(write_instant(instant, zone), zone) == instant


def test_write_instant_leaves_out_empty_seconds():
    assert write_instant(datetime(2026, 12, 31, 15, 59, tzinfo=UTC), "Asia/Shanghai") == "2026-12-31 23:59"
    assert write_instant(datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC), "Asia/Shanghai") == "2026-12-31 23:59:59"


def test_an_hour_shown_twice_needs_its_offset():
    with pytest.raises(NotAnInstant, match=r"2027-10-31 02:30 \+02:00 or 2027-10-31 02:30 \+01:00"):
        read_instant("2027-10-31 02:30", "Europe/Rome")
    assert read_instant("2027-10-31 02:30 +01:00", "Europe/Rome") == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    assert write_instant(datetime(2027, 10, 31, 1, 30, tzinfo=UTC), "Europe/Rome") == "2027-10-31 02:30 +01:00"


@pytest.mark.parametrize(
    ("typed", "zone", "reason"),
    [
        ("2027-03-28 02:30", "Europe/Rome", "do not show that time"),  # the clocks jump from 02:00 to 03:00
        ("2027-03-31 23:59 +09:00", "Asia/Shanghai", "do not show that time"),
        ("2027-02-30 12:00", "UTC", "no such day"),
        ("2027-02-28 25:00", "UTC", "no such day"),
        ("2027-02-28 24:01", "UTC", "nothing comes after"),
        ("9999-12-31 24:00", "UTC", "no such day"),
        ("0001-01-01 00:00", "Asia/Shanghai", "no such day"),
        ("31.03.2027 23:59", "UTC", "such as 2027-03-31 23:59"),
        ("٢٠٢٧-٠٣-٣١ 23:59", "UTC", "such as 2027-03-31 23:59"),
        ("", "UTC", "such as 2027-03-31 23:59"),
        ("2027-03-31 23:59", "Mars/Jezero", "not a time zone"),
        ("2027-03-31 23:59", "../../etc/passwd", "not a time zone"),
    ],
)
def test_read_instant_says_what_is_wrong(typed, zone, reason):
    with pytest.raises(NotAnInstant, match=reason):
        read_instant(typed, zone)


@given(was=instants, days=st.integers(0, 400), zone=zones)
def test_days_later_counts_the_calendar_of_the_zone(was, days, zone):
    there = ZoneInfo(zone)
    wall = was.astimezone(there).replace(tzinfo=None)
    now = (wall + timedelta(days=days)).replace(tzinfo=there)
    assert days_later(was, now, zone) == timedelta(days=days)


def test_days_later_is_none_within_a_day_and_one_over_midnight():
    was = read_instant("2027-03-31 12:00", "Asia/Shanghai")
    assert days_later(was, read_instant("2027-03-31 23:59", "Asia/Shanghai"), "Asia/Shanghai") == timedelta(0)
    assert days_later(was, read_instant("2027-03-31 24:00", "Asia/Shanghai"), "Asia/Shanghai") == timedelta(days=1)
    assert date(2027, 4, 30) + days_later(was, was + timedelta(days=31), "Asia/Shanghai") == date(2027, 5, 31)


def test_current_prefers_open_then_late_then_next_then_last():
    past = Period(OPENS - timedelta(days=30), OPENS - timedelta(days=20))
    late = Period(OPENS - timedelta(days=9), OPENS - timedelta(days=1), OPENS + timedelta(days=1))
    now_open = Period(OPENS, CLOSES)
    soon, far = (Period(OPENS + timedelta(days=n), CLOSES) for n in (5, 50))
    assert current([past, late, now_open, soon], OPENS) == now_open
    assert current([past, late, soon], OPENS) == late
    assert current([past, far, soon], OPENS) == soon
    assert current([past], OPENS) == past
    assert current([], OPENS) is None
