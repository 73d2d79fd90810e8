"""Times as people read them: in Beijing, in the reader's own zone, and how long is left."""

from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

BEIJING = ZoneInfo("Asia/Shanghai")
SOON = timedelta(hours=48)


def reader_zone(zone: str | tzinfo | None) -> tzinfo:
    """The zone named, or the one the request runs in when none or an unknown one is named."""
    if isinstance(zone, str) and zone:
        try:
            return ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            return timezone.get_current_timezone()
    return zone if isinstance(zone, tzinfo) else timezone.get_current_timezone()


def offset(instant: datetime) -> str:
    """The distance of an aware instant's own zone from UTC, as "UTC+8", "UTC-5" or "UTC+5:30"."""
    minutes = round((instant.utcoffset() or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    if not minutes:
        return "UTC"
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02d}" if rest else "")


def day(instant: datetime) -> str:
    """The day of an aware instant in its own zone, day before month in English too."""
    english = (get_language() or "en").startswith("en")
    return date_format(instant, "j F Y" if english else "DATE_FORMAT")


def zone_name(zone: tzinfo) -> str:
    """The place that names a zone: "Lima" for America/Lima, "UTC" for UTC."""
    return str(zone).rsplit("/", maxsplit=1)[-1].replace("_", " ")


def in_beijing(instant: datetime) -> str:
    """The instant as one phrase: "31 December 2026, 23:59 Beijing (UTC+8)"."""
    there = instant.astimezone(BEIJING)
    return _("%(day)s, %(time)s Beijing (UTC+8)") % {"day": day(there), "time": f"{there:%H:%M}"}


def for_reader(instant: datetime, zone: str | tzinfo | None) -> str:
    """The same instant in the reader's zone, with its day where Beijing has another; empty for a reader on Beijing's time."""
    place = reader_zone(zone)
    here, there = instant.astimezone(place), instant.astimezone(BEIJING)
    if here.utcoffset() == there.utcoffset():
        return ""
    told = {"day": day(here), "time": f"{here:%H:%M}", "place": zone_name(place), "offset": offset(here)}
    if str(place) == "UTC":
        same_day, other_day = _("%(time)s UTC"), _("%(day)s, %(time)s UTC")
    else:
        same_day, other_day = (
            _("%(time)s your time (%(place)s, %(offset)s)"),
            _("%(day)s, %(time)s your time (%(place)s, %(offset)s)"),
        )
    return (same_day if here.date() == there.date() else other_day) % told


def left(instant: datetime, now: datetime) -> str:
    """How long until the instant: whole days, in the last two days hours and minutes; or how long it is past."""
    gap = instant - now
    if gap < timedelta():
        ago = -gap.days - 1
        return ngettext("Closed %(days)d day ago", "Closed %(days)d days ago", ago) % {"days": ago} if ago else _("Closed")
    if gap >= SOON:
        return ngettext("%(days)d day left", "%(days)d days left", gap.days) % {"days": gap.days}
    hours, minutes = divmod(int(gap.total_seconds() // 60), 60)
    if hours:
        return _("%(hours)d h %(minutes)d min left") % {"hours": hours, "minutes": minutes}
    return _("%(minutes)d min left") % {"minutes": minutes}
