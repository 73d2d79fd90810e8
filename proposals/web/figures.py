"""The lander's envelope drawn to scale: a box from its measures, and the masses it may carry."""

from decimal import Decimal

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from proposals.web.plots import number

# A cabinet projection: depth runs up and to the end at 45 degrees at half its length, so widths and heights stay true.
DEPTH_DRAWN = 0.5 * 0.7071
DRAWN_PX = 260


def box(width_mm: int, depth_mm: int, height_mm: int) -> SafeString:
    """The envelope as a box with its three measures and a 100 mm bar; sizes in millimetres, all above zero.

    Raises ValueError when a measure is not above zero.
    """
    if min(width_mm, depth_mm, height_mm) <= 0:
        raise ValueError("An envelope has a width, a depth and a height above zero.")
    scale = DRAWN_PX / max(width_mm + depth_mm * DEPTH_DRAWN, height_mm + depth_mm * DEPTH_DRAWN)
    w, h, d = (round(length * scale, 1) for length in (width_mm, height_mm, depth_mm * DEPTH_DRAWN))
    left, top = 90.0, 14.0
    x1, y0, y1 = left + w, top + d, top + d + h
    view = (f"{left + w + d + 120:.0f}", f"{y1 + 62:.0f}")
    title = _("The envelope: %(width)s mm wide, %(depth)s mm deep, %(height)s mm high") % {
        "width": number(width_mm),
        "depth": number(depth_mm),
        "height": number(height_mm),
    }
    shape = format_html(
        '<rect class="lp-face" x="{0}" y="{1}" width="{2}" height="{3}"/>'
        '<path class="lp-face lp-face--top" d="M{0} {1}l{4} -{4}h{2}l-{4} {4}z"/>'
        '<path class="lp-face lp-face--side" d="M{5} {1}l{4} -{4}v{3}l-{4} {4}z"/>',
        left, y0, w, h, d, x1,
    )  # fmt: skip
    measures = format_html(
        '<text x="{}" y="{}" text-anchor="middle">{}</text><text x="{}" y="{}" text-anchor="end">{}</text>'
        '<text x="{}" y="{}">{}</text>',
        left + w / 2, y1 + 20, f"{number(width_mm)}\u00a0mm",
        left - 10, y0 + h / 2 + 5, f"{number(height_mm)}\u00a0mm",
        x1 + d / 2 + 10, y1 - d / 2 + 12, f"{number(depth_mm)}\u00a0mm",
    )  # fmt: skip
    bar = format_html(
        '<path class="lp-dim" d="M{0} {1}v8m0 -4h{2}m0 -4v8"/><text class="lp-quiet" x="{3}" y="{4}">{5}</text>',
        left, y1 + 38, round(100 * scale, 1), left + round(100 * scale, 1) + 8, y1 + 47, "100\u00a0mm",
    )  # fmt: skip
    return format_html(
        '<svg role="img" viewBox="0 0 {} {}" xmlns="http://www.w3.org/2000/svg"><title>{}</title>{}{}{}</svg>',
        *view, title, shape, measures, bar,
    )  # fmt: skip


def masses(total_cap_kg: Decimal, module_cap_kg: Decimal | None) -> SafeString:
    """The lander's mass as one bar of its full length, and the share that one module may take, in kilograms."""
    if total_cap_kg <= 0:
        raise ValueError("A mass limit is above zero.")
    shown = [
        format_html(
            '<svg role="img" width="100%" height="{}" xmlns="http://www.w3.org/2000/svg"><title>{}</title>',
            86 if module_cap_kg is not None else 52,
            _("The mass limits, drawn to scale"),
        ),
        format_html(
            '<text x="0" y="14">{}</text><rect class="lp-mass" x="1" y="22" width="99%" height="20"/>',
            _("All modules together: at most %(mass)s kg") % {"mass": number(total_cap_kg)},
        ),
    ]
    if module_cap_kg is not None:
        share = min(module_cap_kg / total_cap_kg, Decimal(1)) * 99
        shown.append(
            format_html(
                '<rect class="lp-mass lp-mass--module" x="1" y="22" width="{}%" height="20"/><text x="0" y="66">{}</text>',
                f"{share:.2f}",
                _("One module: at most %(mass)s kg") % {"mass": number(module_cap_kg)},
            )
        )
    return format_html("{}" * len(shown) + "</svg>", *shown)
