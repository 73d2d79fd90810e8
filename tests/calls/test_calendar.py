"""The calendar file: deadlines in UTC with alarms, the same entry after an extension."""

from datetime import UTC, date, datetime, timedelta, timezone

import icalendar

from proposals.calls.calculations import Deadline, calendar, deadlines_file

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


def deadline(at, *, title="CE9: closes", set_at=NOW):
    return Deadline("phase-7@lunar.example", title, at, set_at, "https://lunar.example/dashboard/")


def test_deadlines_file_is_the_same_text_until_a_deadline_moves():
    beijing = timezone(timedelta(hours=8))
    at = datetime(2027, 3, 31, 23, 59, tzinfo=beijing)
    first = deadlines_file("Deadlines", [deadline(at)])
    assert deadlines_file("Deadlines", [deadline(at.astimezone(UTC))]) == first
    (was,) = entries(first)
    assert b"DTSTART:20270331T155900Z" in was.to_ical()
    (now,) = entries(deadlines_file("Deadlines", [deadline(at + timedelta(minutes=1))]))
    assert now["SEQUENCE"] == was["SEQUENCE"] + 1
    assert (now["UID"], now["DTSTAMP"].dt) == (was["UID"], NOW)


def test_deadlines_file_warns_a_day_before_and_keeps_the_sequence_small():
    (last,) = entries(deadlines_file("Deadlines", [deadline(datetime(2080, 1, 1, tzinfo=UTC))]))
    assert [alarm["TRIGGER"].dt for alarm in last.walk("VALARM")] == [timedelta(days=-1)]
    assert last["SEQUENCE"] < 2**31  # what calendars keep it in


def test_deadlines_file_without_deadlines_is_a_calendar_all_the_same():
    assert entries(deadlines_file("Deadlines", [])) == []
    assert deadlines_file("Deadlines", []).startswith("BEGIN:VCALENDAR\r\n")


def test_deadlines_file_keeps_line_breaks_inside_a_title():
    (one,) = entries(deadlines_file("D", [deadline(NOW, title="A\r\nATTACH:https://evil.example/")]))
    assert "ATTACH" not in one
