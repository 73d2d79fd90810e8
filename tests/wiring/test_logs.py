"""No line of the log names a reader, carries a key, or breaks in two."""

import pytest

from lunarpartners.logs import discreet


def test_reader_is_left_out():
    assert discreet(None, "info", {"event": "request_started", "ip": "192.0.2.1", "user_agent": "x", "user_id": 7}) == {
        "event": "request_started",
        "user_id": 7,
    }


@pytest.mark.parametrize(
    ("request_line", "logged"),
    [
        ("GET /account/confirm-email/MQ:1abc:xyz/", "GET /account/confirm-email/…/"),
        ("POST /account/password/reset/key/3-abc-def/", "POST /account/password/reset/key/…/"),
        ("GET /calendar/abc_def-1.ics", "GET /calendar/…"),
        ("GET /mailboxes/confirm/abc_def-1/", "GET /mailboxes/confirm/…/"),
        ("POST /mailboxes/stop/7.abc_def-1/", "POST /mailboxes/stop/…/"),
        ("POST /mailboxes/7/remove/", "POST /mailboxes/7/remove/"),
        ("POST /unsubscribe/7.reminder.abc/", "POST /unsubscribe/…/"),
        ("POST /preferences/calendar/remove/", "POST /preferences/calendar/…/"),
        ("GET /proposals/?q=secret%20words", "GET /proposals/"),
        ("GET /calls/ce8/", "GET /calls/ce8/"),
    ],
)
def test_keys_and_queries_are_cut_from_addresses(request_line, logged):
    assert discreet(None, "info", {"event": "request_started", "request": request_line})["request"] == logged


def test_key_is_cut_from_djangos_own_lines():
    assert discreet(None, "warning", {"event": "Not Found: /account/confirm-email/MQ:1abc/"})["event"] == (
        "Not Found: /account/confirm-email/…/"
    )


def test_event_stays_on_one_line():
    assert discreet(None, "info", {"event": "a\r\nb"})["event"] == "a\\r\\nb"
