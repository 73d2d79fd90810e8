"""What people type into a page: figures in any notation, too much, too little, and what no one can see."""

from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from proposals.calls.models import Asked
from proposals.intake.models import Module
from tests.factories import make_call, make_module, make_proposal, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return make_user()


@pytest.fixture
def signed_in(client, user):
    client.force_login(user)
    return client


def url(proposal, key, name="section"):
    return reverse(f"portal:{name}", args=[proposal.pk, key])


SUMMARY = {"title": "Moonquakes", "acronym": "MQ", "abstract": "We listen.", "keywords": "", "revision": "0"}


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("12 W", "“12 W” is not a number. Type the figure alone, without its unit."),
        ("1,234", "“1,234” can be read in two ways. Type 1.234 or 1234."),
        ("-5", "-5 W is too low: the lowest figure is 0 W."),
        ("1e30", "1E+30 W is too high: the highest figure is 999999999.999 W."),
        ("1.23456", "1.23456 W is too exact: give at most 3 digits after the point."),
        ("NaN", "“NaN” is not a number. Type the figure alone, without its unit."),
    ],
)
def test_a_figure_that_makes_no_sense_is_named_with_its_limit_and_kept_on_the_page(signed_in, user, typed, says):
    proposal = make_proposal(by=user)
    module = make_module(proposal, "1")
    name = f"module-{module.pk}-power_peak_w"
    page = signed_in.post(url(proposal, "power"), {name: typed, f"module-{module.pk}-power_average_w": "7", "revision": "0"})
    assert page.status_code == 422
    assert page.context["form"].errors[name] == [says]
    assert f'value="{typed}"' in page.content.decode()
    assert f'<a href="#id_{name}">' in page.content.decode()
    assert Module.objects.get(pk=module.pk).power_average_w is None  # by hand a page is saved whole


@pytest.mark.parametrize("typed", ["1234.5", "1,234.5", "1 234,5", "1\u202f234,5", "١٢٣٤٫٥", "1.234,5"])
def test_a_figure_is_read_in_every_notation(signed_in, user, typed):
    proposal = make_proposal(by=user)
    module = make_module(proposal, "1")
    signed_in.post(url(proposal, "power"), {f"module-{module.pk}-power_peak_w": typed, "revision": "0"})
    assert Module.objects.get(pk=module.pk).power_peak_w == Decimal("1234.5")


def test_a_temperature_below_absolute_zero_and_one_above_its_highest_are_refused(signed_in, user):
    call = make_call()
    for name in ("module.operating_min_c", "module.operating_max_c"):
        Asked.objects.create(phase=call.phases.get(), field=name)
    proposal = make_proposal(by=user, call=call)
    module = make_module(proposal, "1")
    low, high = f"module-{module.pk}-operating_min_c", f"module-{module.pk}-operating_max_c"
    cold = signed_in.post(url(proposal, "environment"), {low: "-300", high: "20", "revision": "0"})
    assert cold.context["form"].errors[low] == ["-300 °C is too low: the lowest figure is -273.1 °C."]
    crossed = signed_in.post(url(proposal, "environment"), {low: "30", high: "20", "revision": "0"})
    assert crossed.context["form"].errors == {high: ["The lowest operating temperature is above the highest."]}


def test_text_that_is_too_long_is_counted_and_kept_on_the_page(signed_in, user):
    proposal = make_proposal(by=user)
    page = signed_in.post(url(proposal, "summary"), {**SUMMARY, "abstract": "é" * 4001})
    assert page.status_code == 422
    assert page.context["form"].errors["abstract"] == ["This text has 4,001 characters; at most 4,000 are kept."]
    assert "é" * 4001 in page.content.decode()


def test_line_ends_count_as_one_character(signed_in, user):
    proposal = make_proposal(by=user)
    assert signed_in.post(url(proposal, "summary"), {**SUMMARY, "abstract": "a\r\n" * 2000}).status_code == 302


def test_control_characters_and_nul_never_reach_the_database(signed_in, user):
    proposal = make_proposal(by=user)
    typed = {**SUMMARY, "title": "Moon\x00quakes\x07\u2028", "abstract": "one\ttwo\r\nthree\x00\x1b[31m"}
    assert signed_in.post(url(proposal, "summary"), typed).status_code == 302
    proposal.refresh_from_db()
    assert (proposal.title, proposal.abstract) == ("Moonquakes", "one\ttwo\nthree[31m")


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("science", "payload_class"),
        ("maturity", "trl"),
        ("science", "aims"),
        ("export", "export_licence"),
        ("summary", "revision"),
    ],
)
@pytest.mark.parametrize("typed", ["\x00", "\ud800".encode("utf-8", "surrogatepass"), "9" * 5000, "☃"])
def test_no_text_whatever_breaks_a_page(signed_in, user, key, name, typed):
    proposal = make_proposal(by=user)
    body = urlencode({"revision": "0", name: typed})
    answer = signed_in.post(url(proposal, key), body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code in {302, 409, 422}


@pytest.mark.parametrize("name", ["section", "autosave"])
def test_ten_megabytes_of_text_are_refused_in_words(signed_in, user, name):
    proposal = make_proposal(by=user)
    headers = {"X-Autosave": "1"} if name == "autosave" else {}
    answer = signed_in.post(url(proposal, "summary", name), {**SUMMARY, "abstract": "x" * 10_000_000}, headers=headers)
    if name == "autosave":
        assert (answer.status_code, list(answer.json()["errors"])) == (422, [""])
    else:
        assert answer.status_code == 400
        assert "This is too much text for one form" in answer.content.decode()
