"""Where “saved” waits for the next page: in the cookie, not in the session, unless it is long."""

import pytest
from django.contrib import messages
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import RequestFactory

from proposals.web.notes import Cookie, Storage
from proposals.web.sessions import SessionStore

pytestmark = pytest.mark.django_db
FORGED = "W1siX19qc29uX21lc3NhZ2UiLDAsMjUsImZvcmdlZCIsIiJdXQ:1xVYr6:nOKZvTUg0FrXZ0xDG8tYNUT3Wx8aA-mNYgSoquvWcoQ"


def asked(cookies=None, session=None):
    """A request with the messages of what its browser sends."""
    request = RequestFactory().get("/")
    request.COOKIES.update(cookies or {})
    request.session = session or SessionStore()
    request._messages = Storage(request)
    return request


def answered(request):
    """The answer to it, with whatever waits for the next page."""
    response = HttpResponse()
    request._messages.update(response)
    return response


def told(request):
    return [str(each) for each in get_messages(request)]


def test_note_waits_in_the_cookie_and_leaves_the_session_alone():
    first = asked()
    messages.success(first, "“Title and abstract” is saved.")
    cookie = answered(first).cookies[Cookie.cookie_name]
    second = asked({Cookie.cookie_name: cookie.value})

    assert told(second) == ["“Title and abstract” is saved."]
    assert (first.session.modified, second.session.accessed) == (False, False)
    assert (bool(cookie["httponly"]), cookie["samesite"]) == (True, "Lax")


def test_note_that_was_shown_is_forgotten():
    first = asked()
    messages.success(first, "Saved.")
    second = asked({Cookie.cookie_name: answered(first).cookies[Cookie.cookie_name].value})
    told(second)
    cookie = answered(second).cookies[Cookie.cookie_name]

    assert (cookie.value, cookie["max-age"]) == ("", 0)


def test_note_too_long_for_a_cookie_waits_in_the_session():
    first = asked()
    long = "".join(f"{number:05d}" for number in range(2_000))
    messages.info(first, long)
    cookies = {name: each.value for name, each in answered(first).cookies.items()}

    assert first.session.modified
    assert told(asked(cookies, first.session)) == [long]


def test_note_that_is_forged_is_not_shown():
    assert told(asked({Cookie.cookie_name: FORGED})) == []
