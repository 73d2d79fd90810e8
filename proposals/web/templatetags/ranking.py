"""Words of the pages of results and panels: a share in percent, a name by its key, a verdict as a badge."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import template

from proposals.intake.states import Status
from proposals.review.states import Verdict
from proposals.web.plots import number

register = template.Library()
TONES = {Verdict.YES: "good", Verdict.CONDITIONS: "warn", Verdict.NO: "bad"}


@register.filter
def percent(value: float | str | None) -> str:
    """A share in percent to one place; a dash for none."""
    return "–" if value is None else f"{number(Decimal(f'{float(value):.1f}'))}\u00a0%"


@register.filter
def named(names: Mapping[str, Any], key: str) -> Any:
    """What a key stands for."""
    return names[key]


@register.inclusion_tag("components/status_badge.html")
def verdict_badge(verdict: Verdict) -> dict[str, str]:
    """Whether the lander can carry it, as a badge."""
    return {"word": str(verdict.label), "tone": TONES[verdict]}


@register.filter
def recommended(value: str) -> str:
    """What a panel recommends, in words; empty for nothing yet."""
    return str(Status(value).label) if value else ""


@register.filter
def nth(things: Sequence[Any], place: int) -> Any:
    """The thing at a place, counted from 0."""
    return things[place]
