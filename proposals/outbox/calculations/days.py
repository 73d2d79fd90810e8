"""Days as a reader lives them: their time zone, and whether today's digest is due."""

from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DIGEST_HOUR = 8


def zone_of(name: str) -> ZoneInfo:
    """A person's time zone; UTC for one that this machine does not know, which must not undo what it is wanted for."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def digest_day(now: datetime, zone: str) -> date | None:
    """The reader's day for which the digest is due now: from 08:00 on their clock; None before that."""
    local = now.astimezone(zone_of(zone))
    return local.date() if local.hour >= DIGEST_HOUR else None
