"""What a mail carries for machines: the link that stops it, and the address it comes back to."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from django.urls import resolve

from proposals.outbox import actions
from proposals.outbox.calculations import STOPPABLE, bounce_address, read_bounce_address, read_stop_token
from proposals.outbox.states import Kind
from tests.factories import make_message, make_user
from tests.proofs.sink import Fault

pytestmark = pytest.mark.django_db
T0 = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
ALWAYS = [kind for kind in Kind if kind not in STOPPABLE]


def headers(relay, **fields):
    make_message(now=T0, **fields)
    actions.deliver(now=T0)
    return relay.mails[-1].mail


@pytest.mark.parametrize("kind", STOPPABLE)
def test_what_can_be_chosen_is_stopped_with_one_click(relay, settings, kind):
    settings.SITE_URL = "https://partners.example"
    user = make_user()
    mail = headers(relay, kind=kind, recipient=user, to=user.email)
    [link] = [each.strip() for each in mail.get_all("List-Unsubscribe")]
    assert (link[0], link[-1]) == ("<", ">")
    assert link[1:].startswith("https://partners.example/unsubscribe/")
    found = resolve(urlsplit(link[1:-1]).path)
    assert found.view_name == "portal:unsubscribe"
    assert read_stop_token(found.kwargs["token"]) == (user.pk, kind)
    assert mail.get_all("List-Unsubscribe-Post") == ["List-Unsubscribe=One-Click"]
    assert mail["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("kind", ALWAYS)
def test_what_always_comes_offers_no_such_link(relay, kind):
    user = make_user()
    mail = headers(relay, kind=kind, recipient=user, to=user.email)
    assert (mail["List-Unsubscribe"], mail["List-Unsubscribe-Post"]) == (None, None)
    assert mail["Auto-Submitted"] == "auto-generated"


def test_a_bare_address_gets_no_link_of_a_person(relay):
    assert headers(relay, kind=Kind.REMINDER)["List-Unsubscribe"] is None


def test_the_link_is_the_same_at_every_attempt(relay):
    user = make_user()
    message = make_message(now=T0, kind=Kind.REMINDER, recipient=user, to=user.email)
    relay.script(Fault("dot", "drop", times=1))
    actions.deliver(now=T0)
    message.refresh_from_db()
    actions.deliver(now=message.due_at)
    assert relay.mails[0].raw == relay.mails[1].raw
    assert "List-Unsubscribe" in relay.mails[0].mail


def test_the_envelope_names_the_mail_and_the_sender_stays(relay, settings):
    settings.BOUNCE_ADDRESS = "bounces@lunar.example.org"
    first, second = make_message(now=T0), make_message(now=T0)
    actions.deliver(now=T0)
    assert [read_bounce_address(each.sender) for each in relay.mails] == [first.pk, second.pk]
    for received, message in zip(relay.mails, (first, second), strict=True):
        assert received.sender.startswith(f"bounces+{message.pk}-")
        assert received.sender.endswith("@lunar.example.org")
        assert received.mail["From"] == settings.DEFAULT_FROM_EMAIL
        assert received.mail["Return-Path"] is None


def test_the_envelope_without_a_bounce_address_is_the_senders(relay, settings):
    make_message(now=T0)
    actions.deliver(now=T0)
    assert relay.mails[0].sender == settings.SECRETARIAT_EMAIL


def test_a_bounce_address_is_read_as_servers_write_it(settings):
    settings.BOUNCE_ADDRESS = "Bounces@lunar.example.org"
    address = bounce_address(12345)
    for written in (address, address.upper(), address.lower(), f"<{address}>", f" {address}\r\n"):
        assert read_bounce_address(written) == 12345


def test_a_forged_bounce_address_names_no_mail(settings):
    settings.BOUNCE_ADDRESS = "bounces@lunar.example.org"
    good = bounce_address(12)
    mark = good.split("-")[1].split("@")[0]
    forged = [
        good.replace("+12-", "+13-"),
        good.replace("+12-", "+012-"),
        good.replace(mark, mark[::-1]),
        good.replace(mark, mark[:-1]),
        good.replace(mark, mark + "0"),
        good.replace(f"-{mark}", ""),
        f"bounces+{'9' * 400}-{mark}@lunar.example.org",
        f"bounces+-{mark}@lunar.example.org",
        f"bounces+\u0661\u0662-{mark}@lunar.example.org",
        "bounces@lunar.example.org",
        "",
        "<>",
    ]
    assert [each for each in forged if read_bounce_address(each) is not None] == []


def test_a_bounce_address_outlasts_a_change_of_the_key(settings):
    settings.BOUNCE_ADDRESS = "bounces@lunar.example.org"
    address = bounce_address(12)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 60, [settings.SECRET_KEY]
    assert (bounce_address(12) != address, read_bounce_address(address)) == (True, 12)
    settings.SECRET_KEY_FALLBACKS = []
    assert read_bounce_address(address) is None
