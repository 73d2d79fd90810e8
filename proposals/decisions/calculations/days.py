"""The day that an act of the secretariat falls on: that of Beijing."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")


def day_of(instant: datetime) -> date:
    """The day in Beijing at an instant."""
    return instant.astimezone(BEIJING).date()
