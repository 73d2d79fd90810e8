"""The one deadline rule, and instants as staff type and read them in a phase's own zone."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext as _

from proposals.calls.states import Standing

_TYPED = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})[ T]+(?P<hour>\d{2}):(?P<minute>\d{2})"
    r"(?::(?P<second>\d{2})(?:\.(?P<fraction>\d{1,6}))?)?(?: ?(?P<offset>[+-]\d{2}:\d{2}(?::\d{2})?))?",
    re.ASCII,
)


class NotAnInstant(ValueError):
    """What was typed is no instant, in words that say what to type instead."""


class Period(Protocol):
    """What the deadline rule looks at: a phase, or anything with its three instants (all aware)."""

    opens_at: datetime
    closes_at: datetime
    late_until: datetime | None


P = TypeVar("P", bound=Period)


def standing(opens_at: datetime, closes_at: datetime, late_until: datetime | None, at: datetime) -> Standing:
    """Where a phase stands at an instant; all instants are aware.

    The exact instant of opening is open, the exact instant of closing is still on time, and the exact
    last instant for late ones is still late. Without `late_until` nothing is taken after the close.
    """
    if at < opens_at:
        return Standing.NOT_YET
    if at <= closes_at:
        return Standing.OPEN
    if late_until is not None and at <= late_until:
        return Standing.LATE
    return Standing.CLOSED


def current(phases: Sequence[P], at: datetime) -> P | None:
    """The phase a reader asks about: the open one, else one taking late ones, else the next, else the last."""
    stands = [(standing(phase.opens_at, phase.closes_at, phase.late_until, at), phase) for phase in phases]
    for wanted in (Standing.OPEN, Standing.LATE):
        for found, phase in stands:
            if found == wanted:
                return phase
    coming = [phase for found, phase in stands if found == Standing.NOT_YET]
    if coming:
        return min(coming, key=lambda phase: phase.opens_at)
    return max(phases, key=lambda phase: phase.closes_at, default=None)


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name; raises NotAnInstant for one that does not exist."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise NotAnInstant(
            _("“%(zone)s” is not a time zone. Type an area and a place, such as Asia/Shanghai.") % {"zone": name}
        ) from error


def read_instant(typed: str, zone: str) -> datetime:
    """The instant (in UTC) that staff typed as "2027-03-31 23:59" in the clock of a zone.

    Seconds may follow; "24:00" is 00:00 of the next day. An hour that the clocks skip is refused; one that
    they show twice needs its offset ("2027-10-31 02:30 +01:00"). Raises NotAnInstant.
    """
    there = zone_of(zone)
    match = _TYPED.fullmatch(typed.strip())
    if match is None:
        raise NotAnInstant(_("Type year, month, day and the time, such as 2027-03-31 23:59."))
    part: dict[str, Any] = {name: int(match[name] or 0) for name in ("year", "month", "day", "hour", "minute", "second")}
    micro = int((match["fraction"] or "0").ljust(6, "0"))
    end_of_day = part["hour"] == 24
    if end_of_day and (part["minute"] or part["second"] or micro):
        raise NotAnInstant(_("24:00 is the end of a day; nothing comes after it."))
    try:
        wall = datetime(**{**part, "hour": 0 if end_of_day else part["hour"]}, microsecond=micro)  # noqa: DTZ001  # a clock's face
        wall += timedelta(days=end_of_day)
        readings = _readings(wall, there)
    except (ValueError, OverflowError) as error:
        raise NotAnInstant(_("There is no such day or time.")) from error
    if match["offset"]:
        readings = [one for one in readings if _offset(one.astimezone(there)) == match["offset"]]
    if not readings:
        raise NotAnInstant(_("The clocks of %(zone)s do not show that time on that day.") % {"zone": zone})
    if len(readings) > 1:
        both = [f"{wall:%Y-%m-%d %H:%M} {_offset(one.astimezone(there))}" for one in readings]
        raise NotAnInstant(
            _("The clocks show that time twice that day. Type %(first)s or %(second)s.") % {"first": both[0], "second": both[1]}
        )
    return readings[0]


def _readings(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """Every instant at which the clocks of a zone show this face: none, one or two, earliest first."""
    found = {wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(one for one in found if one.astimezone(zone).replace(tzinfo=None, fold=0) == wall)


def _offset(local: datetime) -> str:
    return local.isoformat().partition("T")[2].lstrip("0123456789:.")


def write_instant(instant: datetime, zone: str) -> str:
    """An instant as `read_instant` reads it back; its offset is written where the clocks show it twice."""
    there = zone_of(zone)
    local = instant.astimezone(there)
    face = local.replace(tzinfo=None, fold=0)
    written = face.isoformat(" ") if local.second or local.microsecond else face.isoformat(" ", "minutes")
    return f"{written} {_offset(local)}" if len(_readings(face, there)) > 1 else written


def days_later(was: datetime, now: datetime, zone: str) -> timedelta:
    """How many whole days of a zone's calendar lie between two instants; dependent days move by these."""
    there = zone_of(zone)
    return _day(now, there) - _day(was, there)


def _day(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()
