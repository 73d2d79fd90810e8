"""Template tags: instants in two zones, quantities that keep their direction, states, errors of forms."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django import forms
from django.template import Context, Template
from django.utils import timezone, translation

from proposals.web import clock
from proposals.web.figures import box, masses
from proposals.web.templatetags import lunar

NIGHT = datetime(2026, 12, 31, 15, 59, tzinfo=UTC)


class Sheet(forms.Form):
    mass_kg = forms.DecimalField(label="Mass", help_text="As built.", widget=forms.TextInput(attrs={"data-unit": "kg"}))
    level = forms.ChoiceField(choices=[("unit", "Unit"), ("system", "System")], widget=forms.RadioSelect)


def test_instant_in_beijing_and_lima() -> None:
    assert lunar.instant(NIGHT, "America/Lima") == (
        '<time datetime="2026-12-31T15:59:00+00:00">'
        "<bdi>31 December 2026, 23:59 Beijing (UTC+8)</bdi> = <bdi>10:59 your time (Lima, UTC-5)</bdi></time>"
    )


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("Asia/Kolkata", "21:29 your time (Kolkata, UTC+5:30)"),
        ("Pacific/Auckland", "1 January 2027, 04:59 your time (Auckland, UTC+13)"),
        ("America/St_Johns", "12:29 your time (St Johns, UTC-3:30)"),
        ("UTC", "15:59 UTC"),
        ("Asia/Shanghai", ""),
        ("Asia/Singapore", ""),
    ],
)
def test_for_reader_names_zone_and_offset_and_another_day(zone: str, told: str) -> None:
    assert clock.for_reader(NIGHT, zone) == told


@pytest.mark.parametrize("zone", [None, "", "Moon/Amundsen", "../etc"])
def test_for_reader_falls_back_to_the_zone_of_the_request(zone: str | None) -> None:
    with timezone.override("Europe/Rome"):
        assert clock.for_reader(NIGHT, zone) == "16:59 your time (Rome, UTC+1)"


@pytest.mark.parametrize(
    ("gap", "told"),
    [
        (timedelta(days=30), "30 days left"),
        (timedelta(hours=48), "2 days left"),
        (timedelta(hours=47, minutes=59), "47 h 59 min left"),
        (timedelta(minutes=59, seconds=59), "59 min left"),
        (timedelta(0), "0 min left"),
        (timedelta(seconds=-1), "Closed"),
        (timedelta(days=-1, hours=-1), "Closed 1 day ago"),
        (timedelta(days=-40), "Closed 39 days ago"),
    ],
)
def test_left_counts_days_then_hours(gap: timedelta, told: str) -> None:
    assert clock.left(NIGHT + gap, NIGHT) == told


def test_day_follows_the_language() -> None:
    with translation.override("zh-hans"):
        assert clock.day(NIGHT) == "2026年12月31日"


def test_deadline_says_how_long_is_left_and_ticks_by_the_servers_clock() -> None:
    page = Template("{% deadline at 'America/Lima' now %}").render(Context({"at": NIGHT, "now": NIGHT - timedelta(hours=3)}))
    assert "23:59 Beijing (UTC+8)</bdi> = <bdi>10:59 your time (Lima, UTC-5)</bdi></time>" in page
    assert "<span data-countdown-text>3 h 0 min left</span>" in page
    assert 'data-now="2026-12-31T12:59:00+00:00"' in page
    assert "lp-deadline--near" in page


@pytest.mark.parametrize(
    ("value", "told"),
    [(Decimal("100.001"), "100.001"), (Decimal(98), "98.000"), ("1234.5", "1\u202f234.500"), (0, "0.000")],
)
def test_kg_prints_grams_left_to_right(value: Decimal | str | int, told: str) -> None:
    assert lunar.kg(value) == f'<bdi class="lp-q" dir="ltr">{told}\u00a0kg</bdi>'


@pytest.mark.parametrize("value", [None, ""])
def test_kg_of_nothing_is_empty(value: str | None) -> None:
    assert lunar.kg(value) == ""


@pytest.mark.parametrize(
    ("size", "told"), [(999, "999\u00a0B"), (1500, "2\u00a0kB"), (2_440_000, "2.4\u00a0MB"), (0, "0\u00a0B")]
)
def test_bytes_are_counted_in_thousands(size: int, told: str) -> None:
    assert lunar.file_size(size) == f'<bdi class="lp-q" dir="ltr">{told}</bdi>'


def test_status_shows_word_icon_and_tone() -> None:
    page = Template("{% status 'returned' word %}").render(Context({"word": "Returned <b>"}))
    assert 'class="lp-badge lp-tone-warn"' in page
    assert "icons.svg#warning" in page
    assert "Returned &lt;b&gt;" in page


def test_form_errors_link_to_inputs_and_to_frames_of_choices() -> None:
    sheet = Sheet({"mass_kg": "x"})
    sheet.add_error(None, "Both are wrong.")
    assert lunar.form_errors(sheet) == [
        ("", "", "Both are wrong."),
        ("id_mass_kg", "Mass", "Enter a number."),
        ("div_id_level", "Level", "This field is required."),
    ]


def test_form_errors_reach_into_formsets() -> None:
    rows = forms.formset_factory(Sheet, extra=0)({"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-level": "unit"})
    assert lunar.form_errors(rows) == [("id_form-0-mass_kg", "Mass", "This field is required.")]


def test_field_shows_label_hint_error_then_input_with_its_unit() -> None:
    page = Template("{% load crispy_forms_filters %}{{ form|crispy }}").render(
        Context({"form": Sheet({"mass_kg": "x", "level": "unit"})})
    )
    order = [
        page.index(mark)
        for mark in ('for="id_mass_kg"', "As built.", "Enter a number.</span>", '<input type="text"', ">kg</span>")
    ]
    assert order == sorted(order)
    assert 'aria-describedby="id_mass_kg_helptext id_mass_kg_error"' in page
    assert 'id="id_mass_kg_error"' in page


def test_error_summary_takes_the_focus_and_counts() -> None:
    page = Template("{% include 'components/error_summary.html' %}").render(Context({"form": Sheet({})}))
    assert "There are 2 problems to correct" in page
    assert 'href="#id_mass_kg"' in page
    assert 'tabindex="-1"' in page


def test_error_summary_without_errors_is_nothing() -> None:
    page = Template("{% include 'components/error_summary.html' %}").render(Context({"form": Sheet()}))
    assert page.strip() == ""


def test_box_keeps_width_to_height() -> None:
    flat = box(300, 150, 150)
    assert 'width="220.9" height="110.5"' in flat


@pytest.mark.parametrize("sides", [(0, 1, 1), (1, -1, 1)])
def test_box_refuses_what_is_not_a_box(sides: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="above zero"):
        box(*sides)


def test_masses_draw_the_module_as_its_share() -> None:
    assert 'lp-mass--module" x="1" y="22" width="49.50%"' in masses(Decimal(200), Decimal(100))
