"""A call's days as an iCalendar file: deadlines in UTC with alarms, dependent days as whole days."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from icalendar import Alarm, Calendar, Event

ALARMS_BEFORE = (timedelta(days=14), timedelta(days=1), timedelta(hours=6))


def calendar(
    name: str,
    deadlines: Iterable[tuple[str, str, datetime]],
    days: Iterable[tuple[str, str, date]],
    *,
    link: str,
    revision: int,
    now: datetime,
) -> bytes:
    """The bytes of the file; each entry is (stable UID, title, aware instant or day).

    `revision` rises with every change, so that a calendar which already has the entry takes the new one.
    """
    whole = Calendar()
    whole.add("prodid", "-//Lunar Partners//Calls//EN")
    whole.add("version", "2.0")
    whole.add("method", "PUBLISH")
    whole.add("x-wr-calname", name)
    for uid, title, closes_at in deadlines:
        entry = _entry(uid, title, link=link, revision=revision, now=now)
        entry.add("dtstart", closes_at)
        for before in ALARMS_BEFORE:
            alarm = Alarm()
            alarm.add("action", "DISPLAY")
            alarm.add("description", title)
            alarm.add("trigger", -before)
            entry.add_component(alarm)
        whole.add_component(entry)
    for uid, title, on in days:
        entry = _entry(uid, title, link=link, revision=revision, now=now)
        entry.add("dtstart", on)
        whole.add_component(entry)
    return bytes(whole.to_ical())


def _entry(uid: str, title: str, *, link: str, revision: int, now: datetime) -> Event:
    entry = Event()
    entry.add("uid", uid)
    entry.add("summary", title)
    entry.add("url", link)
    entry.add("sequence", revision)
    entry.add("dtstamp", now)
    entry.add("transp", "TRANSPARENT")
    return entry
