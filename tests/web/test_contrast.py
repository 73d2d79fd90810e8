"""Every pair of colours that carries text, in both themes, is read from tokens.css and measured."""

import re
from itertools import product

import pytest

from tests.web.stylesheets import CSS

BLOCKS = re.compile(r":root \{(.*?)\}", re.DOTALL)
TOKEN = re.compile(r"--lp-([\w-]+): #([0-9A-F]{6});")
TONES = ("good", "info", "wait", "warn", "bad", "neutral")
GROUNDS = ("paper", "surface", "sunken")
TEXT_PAIRS = [
    *product(("ink", "muted", "link", "link-strong", "bad"), GROUNDS),
    *((tone, f"{tone}-tint") for tone in TONES),
    *product(("on-header", "on-header-muted"), ("header",)),
    *product(("on-action",), ("action", "action-strong")),
    ("paper", "ink"),
    ("ink", "info-tint"),
]
# What must be seen but not read: frames of inputs, focus, marks of plots (WCAG 1.4.11).
SHAPE_PAIRS = [
    *product(("field-line", "focus", "plot-1", "plot-2", "action"), ("paper", "surface")),
    ("on-header-focus", "header"),
]


def themes() -> dict[str, dict[str, str]]:
    light, dark = (dict(TOKEN.findall(block)) for block in BLOCKS.findall((CSS / "tokens.css").read_text()))
    return {"light": light, "dark": light | dark}


def luminance(colour: str) -> float:
    """Relative luminance of an RRGGBB colour, by WCAG 2.2."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def test_contrast_of_known_pairs_is_as_published() -> None:
    assert contrast("FFFFFF", "000000") == pytest.approx(21)
    assert contrast("FFFFFF", "767676") == pytest.approx(4.54, abs=0.01)


def test_tokens_of_the_identity_are_as_designed() -> None:
    light = themes()["light"]
    names = ("ink", "paper", "line", "muted", "action", "link")
    assert [light[name] for name in names] == ["0B1526", "FAF9F6", "DAD7CF", "5E5B55", "9E2A1F", "1B4F9C"]


def test_tokens_of_the_dark_theme_cover_every_colour() -> None:
    found = BLOCKS.findall((CSS / "tokens.css").read_text())
    assert [set(dict(TOKEN.findall(block))) for block in found] == [set(themes()["light"])] * 2


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_contrast_of_text_is_at_least_four_and_a_half(theme: str, text: str, ground: str) -> None:
    colours = themes()[theme]
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("shape", "ground"), SHAPE_PAIRS)
def test_contrast_of_shapes_is_at_least_three(theme: str, shape: str, ground: str) -> None:
    colours = themes()[theme]
    assert contrast(colours[shape], colours[ground]) >= 3
