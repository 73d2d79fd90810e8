"""What is kept for every reader: by language and by the values named, and never anything of one request."""

import pytest
from django.template import Context, Template
from django.utils import translation

from proposals.web.templatetags.still import MOST, NotStill


def test_still_renders_once() -> None:
    page = Template("{% still %}{% now 'u' %}{% endstill %}")

    first = page.render(Context())

    assert first == page.render(Context())


def test_still_differs_by_language() -> None:
    page = Template("{% load i18n %}{% still %}{% translate 'Help' %}{% endstill %}")

    with translation.override("en"):
        english = page.render(Context())
    with translation.override("es"):
        spanish = page.render(Context())

    assert (english, spanish) == ("Help", "Ayuda")


def test_still_differs_by_the_values_named() -> None:
    page = Template("{% still place %}<{{ place }}>{% endstill %}")

    assert [page.render(Context({"place": place})) for place in ("a", "b", "a")] == ["<a>", "<b>", "<a>"]


def test_still_escapes_what_is_named() -> None:
    assert Template("{% still place %}{{ place }}{% endstill %}").render(Context({"place": "<b>"})) == "&lt;b&gt;"


@pytest.mark.parametrize(
    "inside", ["{{ user }}", "{% if user %}x{% endif %}", "{% csrf_token %}", "{% include 'components/header.html' %}"]
)
def test_still_refuses_what_is_not_named(inside: str) -> None:
    page = Template("{% still %}" + inside + "{% endstill %}")

    with pytest.raises(NotStill):
        page.render(Context({"user": "Ginevra", "csrf_token": "secret", "request": None}))


def test_still_keeps_a_bounded_number() -> None:
    page = Template("{% still place %}{{ place }}{% endstill %}")

    shown = [page.render(Context({"place": f"p{n}"})) for n in range(MOST + 5)]

    assert shown == [f"p{n}" for n in range(MOST + 5)]
    assert len(page.nodelist[0].kept) == MOST  # type: ignore[attr-defined]
