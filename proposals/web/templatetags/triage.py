"""Words of the staff's pages: countries, levels, forms, how long something has stood."""

import re
from collections.abc import Iterable
from datetime import datetime

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_countries import countries

from proposals.calls.states import Form, Level
from proposals.outbox.models import Attempt, Message
from proposals.outbox.states import Result, SmtpPhase

register = template.Library()
SHOWN = 4
LEVELS = {Level.UNIT: gettext_lazy("unit"), Level.SYSTEM: gettext_lazy("system"), Level.MISSION: gettext_lazy("mission")}
SHORT = {
    Form.LAUNCH_ORBIT: gettext_lazy("launch and orbit"),
    Form.INTERACTION: gettext_lazy("interaction"),
    Form.SURFACE: gettext_lazy("surface"),
}


@register.filter
def country_names(codes: Iterable[str]) -> str:
    """The names of countries or regions, at most four of them and how many more."""
    names = [countries.name(code) or code for code in codes]
    shown = ", ".join(names[:SHOWN])
    more = len(names) - SHOWN
    if more <= 0:
        return shown
    return ngettext("%(names)s and %(n)d more", "%(names)s and %(n)d more", more) % {"names": shown, "n": more}


@register.filter
def level_word(level: str) -> str:
    """The level in two words: what stands before the colon of its description."""
    return re.split(r"\s*[:：]", str(Level(level).label), maxsplit=1)[0]


@register.filter
def level_short(level: str) -> str:
    """The level in one word, where there is little room."""
    return str(LEVELS[Level(level)])


@register.filter
def form_word(form: str) -> str:
    """A form of cooperation in a word or two, where there is little room."""
    return str(SHORT[Form(form)])


@register.filter
def since(instant: datetime, now: datetime) -> str:
    """How long something has stood: whole days, below one day hours."""
    gap = max(now - instant, now - now)
    if gap.days:
        return ngettext("for %(n)d day", "for %(n)d days", gap.days) % {"n": gap.days}
    hours = int(gap.total_seconds() // 3600)
    return ngettext("for %(n)d hour", "for %(n)d hours", hours) % {"n": hours} if hours else _("for less than an hour")


TONE_OF_DELIVERY = {
    "queued": "neutral",
    "sending": "info",
    "sent": "good",
    "uncertain": "warn",
    "refused": "bad",
    "dead": "bad",
    "bounced": "bad",
}


@register.inclusion_tag("components/status_badge.html")
def delivery(message: Message) -> dict[str, str]:
    """How far a message has come, as a badge."""
    return {"word": message.get_delivery_display(), "tone": TONE_OF_DELIVERY.get(message.delivery, "neutral")}


@register.filter
def outcome_word(attempt: Attempt) -> str:
    """How one attempt ended, or what was heard of it later."""
    return str(Result(attempt.outcome).label)


@register.filter
def phase_word(attempt: Attempt) -> str:
    """How far one attempt came."""
    return str(SmtpPhase(attempt.phase).label)
