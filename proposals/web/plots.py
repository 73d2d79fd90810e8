"""Plots as SVG text drawn on the server: no script, no inline style, the same figures always in a table beside them."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from django.utils.formats import get_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

ROW_PX = 52
BAR_PX = 18
PLOT_PX = 180
WIDEST = Decimal(75)  # per cent of the width: the rest is for the value written beside the longest bar
DIAGONAL = "M-2 2l4-4M0 8l8-8M6 10l4-4"
PLACED_PX = 42
Row = tuple[str, Decimal | int]
Placed = tuple[str, int, int | None, int | None]


def number(value: Decimal | int) -> str:
    """A figure as printed everywhere: the reader's decimal mark, thin spaces between thousands, as in SI."""
    return f"{value:,}".replace(",", "\u202f").replace(".", get_format("DECIMAL_SEPARATOR"))


def _with_unit(value: Decimal | int, unit: str) -> str:
    return f"{number(value)}\u00a0{unit}" if unit else number(value)


def _name(*parts: object) -> str:
    """An id that is the same for the same figure, so that pages can be compared and cached."""
    return "plot-" + hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:10]


def _svg(name: str, height: int, title: str, description: str, body: SafeString) -> SafeString:
    return format_html(
        '<svg class="lp-plot-svg" role="img" aria-labelledby="{0}-t {0}-d" width="100%" height="{1}" '
        'xmlns="http://www.w3.org/2000/svg"><title id="{0}-t">{2}</title><desc id="{0}-d">{3}</desc>{4}</svg>',
        name,
        height,
        title,
        description,
        body,
    )


def _over_pattern(name: str) -> SafeString:
    return format_html(
        '<defs><pattern id="{}-over" width="8" height="8" patternUnits="userSpaceOnUse">'
        '<rect width="8" height="8" class="lp-plot-fill-2"/><path d="{}" class="lp-plot-stripe"/></pattern></defs>',
        name,
        DIAGONAL,
    )


def bars(title: str, rows: Sequence[Row], cap: Decimal | int | None = None, unit: str = "") -> SafeString:
    """Horizontal bars from zero, one a row in the order given, each with its label and figure written beside it.

    A bar above `cap` is striped, in another colour and says so.
    `rows` are (label, figure >= 0) in `unit`; `cap` is drawn as a labelled line. Raises ValueError for a negative figure.
    """
    if any(value < 0 for _label, value in rows):
        raise ValueError("A bar starts at zero: a negative figure cannot be drawn.")
    name = _name("bars", title, rows, cap, unit)
    full = Decimal(max([value for _label, value in rows] + [cap or 0], default=0)) or Decimal(1)
    top = 28 if cap is not None else 4
    height = top + ROW_PX * len(rows) + 4

    tops = [top + index * ROW_PX for index in range(len(rows))]
    shapes = format_html_join(
        "", "{}", ((_bar(value, y, full, cap, name),) for (_label, value), y in zip(rows, tops, strict=True))
    )
    words = format_html_join("", "{}", ((_words(row, y, full, cap, unit),) for row, y in zip(rows, tops, strict=True)))
    base = format_html('<path class="lp-plot-ground" d="M0.5 {}V{}"/>', top, height)
    # The words come last: their halo keeps them readable where the line of the cap runs behind them.
    body = _over_pattern(name) + base + shapes + _cap(cap, full, unit, height) + words
    return _svg(name, height, title, _described(rows, cap, unit), body)


def _bar(value: Decimal | int, y: int, full: Decimal, cap: Decimal | int | None, name: str) -> SafeString:
    """One bar, striped and in another colour above the cap."""
    over = cap is not None and value > cap
    look = format_html('fill="url(#{}-over)"', name) if over else mark_safe('class="lp-plot-fill-1"')
    return format_html('<rect x="0" y="{}" width="{}%" height="{}" {}/>', y + 24, _percent(value, full), BAR_PX, look)


def _words(row: Row, y: int, full: Decimal, cap: Decimal | int | None, unit: str) -> SafeString:
    """One row's label, above its bar, and its figure, at the bar's end."""
    label, value = row
    over = cap is not None and value > cap
    return format_html(
        '<text x="0" y="{}">{}</text><text class="lp-plot-value" x="{}%" dx="8" y="{}">{}</text>',
        y + 16,
        format_html("{} ({})", label, _("above the limit")) if over else label,
        _percent(value, full),
        y + 38,
        _with_unit(value, unit),
    )


def _percent(value: Decimal | int, full: Decimal) -> str:
    return f"{Decimal(value) * WIDEST / full:.2f}"


def _cap(cap: Decimal | int | None, full: Decimal, unit: str, height: int) -> SafeString:
    if cap is None:
        return mark_safe("")
    at = _percent(cap, full)
    anchor, shift = ("end", -6) if Decimal(at) > WIDEST / 2 else ("start", 6)
    return format_html(
        '<line class="lp-plot-cap" x1="{0}%" x2="{0}%" y1="4" y2="{1}"/>'
        '<text class="lp-plot-quiet" x="{0}%" dx="{2}" y="16" text-anchor="{3}">{4}</text>',
        at,
        height,
        shift,
        anchor,
        _("Limit: %(figure)s") % {"figure": _with_unit(cap, unit)},
    )


def _described(rows: Sequence[Row], cap: Decimal | int | None, unit: str) -> str:
    told = [f"{label}: {_with_unit(value, unit)}." for label, value in rows]
    if cap is not None:
        told.append(_("Limit: %(figure)s") % {"figure": _with_unit(cap, unit)} + ".")
    return " ".join(told) or _("There are no figures yet.")


def timeline(title: str, points: Sequence[tuple[datetime, int]], deadline: datetime) -> SafeString:
    """How many had come by each instant, as a stair, against the deadline.

    `points` are (aware instant, cumulative count) in order of time; the axis runs from the first point to the later of
    the last point and the deadline, with a little room after it.
    """
    name = _name("timeline", title, points, deadline)
    if not points:
        nothing = format_html('<text class="lp-plot-quiet" x="0" y="24">{}</text>', _("There are no figures yet."))
        return _svg(name, 40, title, _("There are no figures yet."), nothing)
    start, end = points[0][0], max(points[-1][0], deadline)
    last_at, last = points[-1]
    told = _("%(count)s by %(day)s; the deadline is %(deadline)s UTC.") % {
        "count": number(last),
        "day": f"{last_at:%Y-%m-%d}",
        "deadline": f"{deadline.astimezone(UTC):%Y-%m-%d %H:%M}",
    }
    return _svg(name, PLOT_PX + 56, title, told, _stair(points, start, end, deadline) + _axis(start, end))


def _stair(points: Sequence[tuple[datetime, int]], start: datetime, end: datetime, deadline: datetime) -> SafeString:
    """The line itself, its last figure, and the deadline; 900 of 1000 units across, so that labels have room."""
    span = max((end - start).total_seconds(), 1.0)
    last_at, last = points[-1]

    def across(instant: datetime) -> float:
        return round((instant - start).total_seconds() / span * 900, 2)

    def up(count: int) -> float:
        return round(PLOT_PX - count / max(last, 1) * (PLOT_PX - 12), 2)

    return format_html(
        '<svg y="24" width="100%" height="{0}" viewBox="0 0 1000 {0}" preserveAspectRatio="none">'
        '<path class="lp-plot-ground" vector-effect="non-scaling-stroke" d="M0 {0}H1000"/>'
        '<path class="lp-plot-line" vector-effect="non-scaling-stroke" d="{1}"/></svg>'
        '<line class="lp-plot-cap" x1="{2}%" x2="{2}%" y1="4" y2="{3}"/>'
        '<text class="lp-plot-quiet" x="{2}%" dx="{8}" y="16" text-anchor="{9}">{4}</text>'
        '<circle class="lp-plot-fill-1" cx="{5}%" cy="{6}" r="4"/>'
        '<text class="lp-plot-value" x="{5}%" dx="8" y="{6}" dy="5">{7}</text>',
        PLOT_PX,
        f"M0 {PLOT_PX}" + "".join(f"H{across(at)}V{up(count)}" for at, count in points),
        round(across(deadline) / 10, 2),
        PLOT_PX + 24,
        _("Deadline"),
        round(across(last_at) / 10, 2),
        round(up(last) + 24, 2),
        number(last),
        *((-6, "end") if across(deadline) > 450 else (6, "start")),
    )


def _axis(start: datetime, end: datetime) -> SafeString:
    return format_html(
        '<text class="lp-plot-quiet" x="0" y="{0}">{1}</text>'
        '<text class="lp-plot-quiet" x="90%" y="{0}" text-anchor="end">{2}</text>',
        PLOT_PX + 44,
        f"{start:%Y-%m-%d}",
        f"{end:%Y-%m-%d}",
    )


def intervals(title: str, rows: Sequence[Placed], places: int | None = None) -> SafeString:
    """Where each row may stand: a dot at its rank on a line between the ranks that chance allows, the best on top.

    `rows` are (label, rank, lowest, highest), ranks counted from 1; without an interval only the dot is drawn.
    `places` is drawn as a labelled line after that rank.
    """
    name = _name("intervals", title, rows, places)
    last = max([high or rank for _label, rank, _low, high in rows] + [places or 1, 2])
    top = 28 if places else 4

    def across(rank: float) -> str:
        return f"{2 + (Decimal(rank) - 1) * (WIDEST - 4) / (last - 1):.2f}"

    lines = format_html_join("", "{}", ((_placed(row, top + index * PLACED_PX, across),) for index, row in enumerate(rows)))
    height = top + PLACED_PX * len(rows) + 4
    told = " ".join(f"{label}: {_ranks(rank, low, high)}." for label, rank, low, high in rows)
    line: SafeString = mark_safe("")
    if places:
        line = format_html(
            '<line class="lp-plot-cap" x1="{0}%" x2="{0}%" y1="4" y2="{1}"/>'
            '<text class="lp-plot-quiet" x="{0}%" dx="6" y="16">{2}</text>',
            across(places + 0.5), height, _("Places: %(places)s") % {"places": number(places)},
        )  # fmt: skip
    return _svg(name, height, title, told or _("There are no figures yet."), line + lines)


def _ranks(rank: int, low: int | None, high: int | None) -> str:
    return number(rank) if low is None or high is None else f"{number(rank)} ({number(low)}–{number(high)})"


def _placed(row: Placed, y: int, across: Callable[[float], str]) -> SafeString:
    """One row: its label above its line, its dot on it, its figures at the line's end."""
    label, rank, low, high = row
    return format_html(
        '<text x="0" y="{0}">{1}</text><line class="lp-plot-line" x1="{2}%" x2="{3}%" y1="{5}" y2="{5}"/>'
        '<circle class="lp-plot-fill-1" cx="{4}%" cy="{5}" r="5"/>'
        '<text class="lp-plot-value" x="{3}%" dx="10" y="{6}">{7}</text>',
        y + 14, label, across(low or rank), across(high or rank), across(rank), y + 28, y + 33, _ranks(rank, low, high),
    )  # fmt: skip
