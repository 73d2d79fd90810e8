"""The calendar file: deadlines in UTC with alarms, the same entry after an extension."""

from datetime import UTC, date, datetime, timedelta, timezone

import icalendar

from proposals.calls.calculations import calendar

NOW = datetime(2027, 1, 1, tzinfo=UTC)


def entries(content):
    return icalendar.Calendar.from_ical(content).walk("VEVENT")


def made(closes_at, revision=1, title="Letter of intent closes"):
    return calendar(
        "Synthetic call",
        [("phase-7@lunar.example", title, closes_at)],
        [("date-3@lunar.example", "Preliminary selection", date(2027, 5, 1))],
        link="https://lunar.example/calls/x/",
        revision=revision,
        now=NOW,
    )


def test_calendar_gives_the_deadline_in_utc_with_alarms():
    beijing = timezone(timedelta(hours=8))
    deadline, day = entries(made(datetime(2027, 3, 31, 23, 59, tzinfo=beijing).astimezone(UTC)))
    assert b"DTSTART:20270331T155900Z" in made(datetime(2027, 3, 31, 15, 59, tzinfo=UTC))
    assert deadline["DTSTART"].dt == datetime(2027, 3, 31, 15, 59, tzinfo=UTC)
    assert [alarm["TRIGGER"].dt for alarm in deadline.walk("VALARM")] == [
        timedelta(days=-14),
        timedelta(days=-1),
        timedelta(hours=-6),
    ]
    assert day["DTSTART"].dt == date(2027, 5, 1)
    assert day.walk("VALARM") == []


def test_calendar_keeps_the_uid_and_raises_the_sequence():
    first, _ = entries(made(NOW, revision=1))
    second, _ = entries(made(NOW + timedelta(days=30), revision=2))
    assert first["UID"] == second["UID"]
    assert (first["SEQUENCE"], second["SEQUENCE"]) == (1, 2)


def test_calendar_keeps_line_breaks_and_commas_inside_a_title():
    deadline, _ = entries(made(NOW, title="A, B; C\r\nATTACH:https://evil.example/"))
    assert "ATTACH" not in deadline
    assert deadline["SUMMARY"].startswith("A, B; C")
