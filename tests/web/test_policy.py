"""Every answer says what its page may load; a stricter word of a page's own stays."""

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory

from proposals.web.policy import PolicyMiddleware

HEADER = "Content-Security-Policy"


def parts(response):
    """The header as a table: what is loaded -> from where."""
    return {name: value.split(" ") for name, _, value in (each.strip().partition(" ") for each in response[HEADER].split(";"))}


@pytest.mark.django_db
def test_policy_is_the_settings_on_every_page(client):
    expected = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]

    assert parts(client.get("/")) == expected
    assert parts(client.get("/no-such-page/")) == expected


def test_policy_that_a_page_has_of_its_own_stays():
    answer = PolicyMiddleware(lambda _request: HttpResponse(headers={HEADER: "sandbox"}))(RequestFactory().get("/"))

    assert answer[HEADER] == "sandbox"
