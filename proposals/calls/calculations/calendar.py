"""Days and deadlines as iCalendar files: a call's, and those that concern one person; instants in UTC with alarms."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.utils.functional import Promise
from icalendar import Alarm, Calendar, Event

ALARMS_BEFORE = (timedelta(days=14), timedelta(days=1), timedelta(hours=6))
ONE_DAY_BEFORE = (timedelta(days=1),)
READ_AGAIN_AFTER = timedelta(hours=1)
_COUNTED_FROM = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Deadline:
    """One deadline in a person's calendar.

    `uid` is its identity for good, `at` and `set_at` (when it was last set) are aware instants, `link` is a whole address.
    A calendar may be read by whoever provides it: the title says the reference and the call, nothing of a proposal.
    """

    uid: str
    title: str | Promise
    at: datetime
    set_at: datetime
    link: str


def deadlines_file(name: str, deadlines: Iterable[Deadline]) -> str:
    """The text of an iCalendar file; the same deadlines give the same text, so that nothing seems changed that is not.

    An entry's revision is its own instant, in minutes: deadlines move later, and a moved one replaces the entry that a
    calendar has.
    """
    whole = _whole(name)
    whole.add("refresh-interval", READ_AGAIN_AFTER, parameters={"value": "DURATION"})
    whole.add("x-published-ttl", "PT1H")
    for one in deadlines:
        revision = (one.at - _COUNTED_FROM) // timedelta(minutes=1)  # seconds would outgrow RFC 5545's integer
        entry = _entry(one.uid, str(one.title), link=one.link, revision=revision, now=one.set_at)
        entry.add("dtstart", one.at.astimezone(UTC))
        _alarm(entry, ONE_DAY_BEFORE)
        whole.add_component(entry)
    return bytes(whole.to_ical()).decode()


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
    whole = _whole(name)
    for uid, title, closes_at in deadlines:
        entry = _entry(uid, title, link=link, revision=revision, now=now)
        entry.add("dtstart", closes_at)
        _alarm(entry, ALARMS_BEFORE)
        whole.add_component(entry)
    for uid, title, on in days:
        entry = _entry(uid, title, link=link, revision=revision, now=now)
        entry.add("dtstart", on)
        whole.add_component(entry)
    return bytes(whole.to_ical())


def _whole(name: str) -> Calendar:
    whole = Calendar()
    whole.add("prodid", "-//Lunar Partners//Calls//EN")
    whole.add("version", "2.0")
    whole.add("method", "PUBLISH")
    whole.add("x-wr-calname", name)
    return whole


def _alarm(entry: Event, befores: Iterable[timedelta]) -> None:
    for before in befores:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", entry["summary"])
        alarm.add("trigger", -before)
        entry.add_component(alarm)


def _entry(uid: str, title: str, *, link: str, revision: int, now: datetime) -> Event:
    entry = Event()
    entry.add("uid", uid)
    entry.add("summary", title)
    entry.add("url", link)
    entry.add("sequence", revision)
    entry.add("dtstamp", now)
    entry.add("transp", "TRANSPARENT")
    return entry
