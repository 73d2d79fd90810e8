"""Plots: bars from zero in true proportion, caps as lines, text made safe, figures in the description."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from proposals.web.plots import WIDEST, bars, intervals, number, timeline

SVG = "{http://www.w3.org/2000/svg}"
ROWS = [("Robots", Decimal(145)), ("Instruments", Decimal("36.25")), ("Other", Decimal(0))]
JUNE = [(datetime(2026, 6, day, 12, tzinfo=UTC), count) for day, count in ((1, 1), (20, 5), (30, 41))]
CLOSES = datetime(2026, 7, 1, 16, 0, tzinfo=UTC)


def drawn(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def widths(svg: str) -> list[str]:
    return [rect.get("width", "") for rect in drawn(svg).iter(f"{SVG}rect") if rect.get("width", "").endswith("%")]


def test_bars_are_in_true_proportion_from_zero() -> None:
    assert widths(bars("Mass", ROWS, unit="kg")) == ["75.00%", "18.75%", "0.00%"]


def test_bars_keep_the_order_given() -> None:
    labels = [text.text for text in drawn(bars("Mass", ROWS)).iter(f"{SVG}text") if text.get("class") is None]
    assert labels == ["Robots", "Instruments", "Other"]


def test_bars_cap_is_a_labelled_line_at_its_place() -> None:
    svg = drawn(bars("Mass", ROWS, cap=Decimal(200), unit="kg"))
    (line,) = svg.iter(f"{SVG}line")
    assert (line.get("x1"), line.get("x2")) == (f"{WIDEST:.2f}%", f"{WIDEST:.2f}%")
    assert [text.text for text in svg.iter(f"{SVG}text") if text.get("class") == "lp-plot-quiet"] == ["Limit: 200\u00a0kg"]


def test_bar_above_the_cap_is_striped_and_says_so() -> None:
    svg = bars("Mass", [("A", Decimal("100.001")), ("B", Decimal("100.000"))], cap=Decimal(100), unit="kg")
    fills = [
        (r.get("class"), (r.get("fill") or "").endswith("-over)"))
        for r in drawn(svg).iter(f"{SVG}rect")
        if "%" in r.get("width", "")
    ]
    assert fills == [(None, True), ("lp-plot-fill-1", False)]
    assert [t.text for t in drawn(svg).iter(f"{SVG}text") if t.get("class") is None] == ["A (above the limit)", "B"]


def test_bars_refuse_a_negative_figure() -> None:
    with pytest.raises(ValueError, match="starts at zero"):
        bars("Mass", [("A", Decimal(-1))])


@pytest.mark.parametrize("rows", [[], [("A", Decimal(0))]])
def test_bars_of_nothing_are_still_a_figure(rows: list[tuple[str, Decimal]]) -> None:
    assert widths(bars("Mass", rows)) == ["0.00%"] * len(rows)


def test_bars_escape_labels_and_titles() -> None:
    svg = bars("<b>&", [("<script>alert(1)</script>", 1)])
    assert "<script" not in svg
    assert [title.text for title in drawn(svg).iter(f"{SVG}title")] == ["<b>&"]


@pytest.mark.parametrize("svg", [bars("Mass", ROWS, cap=200), timeline("Letters", JUNE, CLOSES)])
def test_plot_is_named_described_and_free_of_inline_style(svg: str) -> None:
    root = drawn(svg)
    ids = [root.find(f"{SVG}{tag}").get("id") for tag in ("title", "desc")]  # type: ignore[union-attr]
    assert root.get("role") == "img"
    assert root.get("aria-labelledby", "").split() == ids
    assert re.findall(r"\s(?:style|on\w+)=", svg) == []


def test_bars_description_holds_every_figure() -> None:
    description = drawn(bars("Mass", ROWS, cap=200, unit="kg")).findtext(f"{SVG}desc")
    assert description == "Robots: 145\u00a0kg. Instruments: 36.25\u00a0kg. Other: 0\u00a0kg. Limit: 200\u00a0kg."


def test_timeline_climbs_to_the_last_count_before_the_deadline() -> None:
    root = drawn(timeline("Letters", JUNE, CLOSES))
    (stair,) = [path.get("d") for path in root.iter(f"{SVG}path") if path.get("class") == "lp-plot-line"]
    assert stair == "M0 180H0.0V175.9H566.85V159.51H865.19V12.0"
    assert root.findtext(f"{SVG}desc") == "41 by 2026-06-30; the deadline is 2026-07-01 16:00 UTC."
    assert [line.get("x1") for line in root.iter(f"{SVG}line")] == ["90.0%"]


def test_timeline_places_the_deadline_before_what_came_late() -> None:
    late = [*JUNE, (datetime(2026, 7, 11, 12, tzinfo=UTC), 42)]
    (line,) = drawn(timeline("Letters", late, CLOSES)).iter(f"{SVG}line")
    assert line.get("x1") == "67.88%"


def test_timeline_without_points_says_so() -> None:
    assert drawn(timeline("Letters", [], CLOSES)).findtext(f"{SVG}text") == "There are no figures yet."


def test_number_has_a_point_and_thin_spaces() -> None:
    assert number(Decimal("1234567.5")) == "1\u202f234\u202f567.5"


RANKS = [("CE8-A", 1, 1, 2), ("CE8-B", 2, 1, 5), ("CE8-C", 5, None, None)]


def test_intervals_draw_each_rank_on_its_line() -> None:
    svg = drawn(intervals("Ranks", RANKS))
    dots = [circle.get("cx") for circle in svg.iter(f"{SVG}circle")]
    lines = [(line.get("x1"), line.get("x2")) for line in svg.iter(f"{SVG}line")]
    assert dots == ["2.00%", "19.75%", "73.00%"]
    assert lines == [("2.00%", "19.75%"), ("2.00%", "73.00%"), ("73.00%", "73.00%")]
    assert [t.text for t in svg.iter(f"{SVG}text") if t.get("class") == "lp-plot-value"] == ["1 (1–2)", "2 (1–5)", "5"]


def test_intervals_say_the_same_figures_in_words() -> None:
    assert drawn(intervals("Ranks", RANKS)).findtext(f"{SVG}desc") == "CE8-A: 1 (1–2). CE8-B: 2 (1–5). CE8-C: 5."


def test_intervals_draw_the_places_after_the_last_of_them() -> None:
    svg = drawn(intervals("Ranks", RANKS, places=2))
    cap = next(line for line in svg.iter(f"{SVG}line") if line.get("class") == "lp-plot-cap")
    assert cap.get("x1") == "28.62%"
    assert [t.text for t in svg.iter(f"{SVG}text") if t.get("class") == "lp-plot-quiet"] == ["Places: 2"]


@pytest.mark.parametrize("rows", [[], [("<b>", 1, None, None)]])
def test_intervals_of_little_are_still_a_figure(rows: list[tuple[str, int, int | None, int | None]]) -> None:
    assert drawn(intervals("Ranks", rows)).tag == f"{SVG}svg"
