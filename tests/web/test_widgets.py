"""The widgets that are written at once are what Django's templates would have written."""

import re
from typing import Any

import pytest
from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils.html import format_html

from proposals.web.widgets import PlainRenderer

NASTY = """"><script>alert('x')</script>&amp;"""
CHOICES = [("", "None"), ("a", NASTY), (NASTY, "B"), ("Group <1>", [(1, "one"), (2, format_html("<i>{}</i>", "two"))])]
CASES: list[tuple[forms.Widget, Any]] = [
    (forms.TextInput(attrs={"dir": "auto", "required": True, "disabled": False, "data-unit": NASTY}), NASTY),
    (forms.TextInput(), None),
    (forms.TextInput(), format_html("<b>{}</b>", "kept")),
    (forms.NumberInput(), 0),
    (forms.EmailInput(), "a&b@example.org"),
    (forms.URLInput(), "https://example.org/?a=1&b=2"),
    (forms.PasswordInput(), "never shown"),
    (forms.HiddenInput(), "x"),
    (forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), "2029-03-31"),
    (forms.CheckboxInput(), True),
    (forms.CheckboxInput(), NASTY),
    (forms.CheckboxInput(), False),
    (forms.Textarea(attrs={"rows": 4}), NASTY),
    (forms.Textarea(), None),
    (forms.Select(choices=CHOICES), "a"),
    (forms.Select(choices=CHOICES), 2),
    (forms.SelectMultiple(choices=CHOICES), ["a", "1"]),
    (forms.RadioSelect(choices=CHOICES), "a"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{type(case[0]).__name__}-{str(case[1])[:8]}")
def test_widget_is_what_djangos_template_writes(case: tuple[forms.Widget, Any]) -> None:
    widget, value = case
    name, attrs = 'na"me', {"id": "id_it", "aria-invalid": "true"}

    ours, theirs = (widget.render(name, value, attrs, renderer) for renderer in (PlainRenderer(), TemplatesSetting()))

    assert _between(ours) == _between(theirs)


def _between(markup: str) -> str:
    """Without the room between tags."""
    return re.sub(r">\s+<", "><", markup)
