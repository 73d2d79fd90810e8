"""Template tags of all pages: icons, states, instants, quantities and the parts of a form field."""

from datetime import datetime, tzinfo
from decimal import Decimal
from functools import cache
from typing import Any

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import get_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from proposals.web import clock, figures
from proposals.web.plots import number

register = template.Library()
ICON_OF_TONE = {"good": "check", "info": "info", "wait": "waiting", "warn": "warning", "bad": "stop", "neutral": "todo"}
TONE_OF_MESSAGE = {"debug": "neutral", "info": "info", "success": "good", "warning": "warn", "error": "bad"}
MAIN_PAGES = frozenset({"portal:call_list", "portal:dashboard", "portal:inbox", "portal:help"})
TURNS = frozenset({"newer", "older", "forward", "undo", "send", "external"})  # arrows point the other way from right to left
TONE_OF_STATUS = {
    "draft": "neutral",
    "submitted": "info",
    "received": "info",
    "eligibility": "info",
    "late": "warn",
    "returned": "warn",
    "clarification": "warn",
    "under_review": "wait",
    "panel": "wait",
    "decided": "wait",
    "preliminary": "good",
    "selected": "good",
    "conditional": "good",
    "agreed": "good",
    "agreement": "good",
    "announced": "good",
    "descoped": "warn",
    "deferred": "wait",
    "transferred": "warn",
    "reserve": "wait",
    "merged": "wait",
    "ineligible": "bad",
    "not_selected": "bad",
    "cancelled": "bad",
    "withdrawn": "neutral",
}


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """One icon of the sprite, hidden from screen readers: a word always stands beside it."""
    turns = " lp-icon--turns" if name in TURNS else ""
    return format_html(
        '<svg class="lp-icon{}" aria-hidden="true"><use href="{}#{}"/></svg>', turns, static("img/icons.svg"), name
    )


@register.simple_tag(takes_context=True)
def main_page(context: template.Context) -> str:
    """The name of the page that is open, if it is one of the main navigation; else empty."""
    place = getattr(context.get("request"), "resolver_match", None)
    return place.url_name if place and place.view_name in MAIN_PAGES else ""


@register.filter
def tone_icon(tone: str) -> str:
    """The icon that belongs to a tone; a dot for an unknown one."""
    return ICON_OF_TONE.get(tone, "todo")


@register.filter
def message_tone(level_tag: str) -> str:
    """The tone of one of Django's messages, by its level."""
    return TONE_OF_MESSAGE.get(level_tag, "info")


@register.inclusion_tag("components/status_badge.html")
def status(value: str, word: str) -> dict[str, str]:
    """A proposal's state as a badge: the word as given, its tone by the state's name."""
    return {"word": word, "tone": TONE_OF_STATUS.get(value, "neutral")}


@register.inclusion_tag("components/deadline.html")
def deadline(instant: datetime, zone: str | tzinfo | None = None, now: datetime | None = None) -> dict[str, Any]:
    """An instant in Beijing and in the reader's zone, with how long is left; `instant` and `now` are aware."""
    moment = now or timezone.now()
    return {
        "instant": instant,
        "now": moment,
        "beijing": clock.in_beijing(instant),
        "local": clock.for_reader(instant, zone),
        "left": clock.left(instant, moment),
        "near": moment <= instant < moment + clock.SOON,
    }


@register.filter
def instant(value: datetime | None, zone: str | tzinfo | None = None) -> str:
    """An aware instant in Beijing's time and the reader's, as one `<time>`; empty for none."""
    if value is None:
        return ""
    here = clock.for_reader(value, zone)
    pattern = '<time datetime="{}"><bdi>{}</bdi> = <bdi>{}</bdi></time>' if here else '<time datetime="{}"><bdi>{}</bdi></time>'
    return format_html(pattern, value.isoformat(), clock.in_beijing(value), here)


@register.filter
def moment(value: datetime | None, zone: str | tzinfo | None = None) -> str:
    """An aware instant in Beijing's time and the reader's as plain text, for mails; empty for none."""
    if value is None:
        return ""
    here = clock.for_reader(value, zone)
    return f"{clock.in_beijing(value)} = {here}" if here else clock.in_beijing(value)


@register.simple_tag
def decimal_mark() -> str:
    """The reader's decimal mark, for scripts that write figures."""
    return str(get_format("DECIMAL_SEPARATOR"))


@register.filter
def kg(value: Decimal | int | str | None) -> str:
    """A mass in kilograms to the gram, left to right in any script; empty for none."""
    return quantity(None if value in {None, ""} else Decimal(str(value)).quantize(Decimal("0.001")), "kg")


@register.filter
def plain(value: Decimal | int | None) -> Decimal | int | None:
    """A figure without the zeros that its column adds: 50.000 is 50, 1.50 is 1.5, 100 stays 100."""
    if not isinstance(value, Decimal):
        return value
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()


@register.filter
def quantity(value: Decimal | int | None, unit: str) -> str:
    """A figure with its unit, left to right in any script; empty for none."""
    if value is None:
        return ""
    return format_html('<bdi class="lp-q" dir="ltr">{}\u00a0{}</bdi>', number(value), unit)


@register.filter(name="bytes")
def file_size(value: int | None) -> str:
    """A file's size in B, kB or MB of a thousand each; empty for none."""
    if value is None:
        return ""
    if value < 1000:
        return quantity(value, "B")
    if value < 1_000_000:
        return quantity(round(value / 1000), "kB")
    return quantity(Decimal(value).scaleb(-6).quantize(Decimal("0.1")), "MB")


@register.simple_tag
def envelope_box(width_mm: int, depth_mm: int, height_mm: int) -> SafeString:
    """The envelope's box to scale."""
    return figures.box(width_mm, depth_mm, height_mm)


@register.simple_tag
def envelope_masses(total_cap_kg: Decimal, module_cap_kg: Decimal | None = None) -> SafeString:
    """The mass limits to scale."""
    return figures.masses(Decimal(total_cap_kg), None if module_cap_kg is None else Decimal(module_cap_kg))


@register.filter
def unit(field: BoundField) -> str:
    """The unit that stands inside a field's frame: its widget's `data-unit`."""
    return str(field.field.widget.attrs.get("data-unit", ""))


@register.filter
def error_target(field: BoundField) -> str:
    """The id an error links to: the input, or the frame around a group of choices."""
    return field.id_for_label or f"div_{field.auto_id}"


@register.simple_tag
def form_errors(*forms: Any) -> list[tuple[str, str, str]]:
    """Every error of the forms and formsets given, in the order of the page, as (id to link to or "", label, message)."""
    found: list[tuple[str, str, str]] = []
    for form in forms:
        if not form:
            continue
        if hasattr(form, "management_form"):
            found += [("", "", str(error)) for error in form.non_form_errors()]
            found += form_errors(*form.forms)
            continue
        found += [("", "", str(error)) for error in form.non_field_errors()]
        for field in form:
            found += [(error_target(field), str(field.label), str(error)) for error in field.errors]
    return found
