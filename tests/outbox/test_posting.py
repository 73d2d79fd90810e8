from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from proposals.outbox import actions
from proposals.outbox.actions import OutsideTransaction, post
from proposals.outbox.models import Message
from proposals.outbox.states import Delivery, Kind, Priority
from tests.factories import make_organisation, make_user

pytestmark = pytest.mark.django_db
T0 = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


def tell(to, *, key="event-1", title="Seismometer", now=None, **options):
    """Post the tests' own news, due now."""
    now = now or datetime.now(UTC)
    post(key=key, to=to, template="news", context={"title": title, "at": T0}, kind=Kind.STATUS, now=now, **options)
    return Message.objects.get(key=key)


@pytest.mark.django_db(transaction=True)
def test_post_outside_a_transaction_raises(news):
    with pytest.raises(OutsideTransaction):
        tell("pi@example.org")
    assert Message.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_post_rolled_back_posts_nothing_and_rings_nobody(news, monkeypatch):
    rung = []
    monkeypatch.setattr("proposals.outbox.gateways.knock", lambda: rung.append(1))
    with transaction.atomic():
        tell("pi@example.org")
        transaction.set_rollback(True)
    assert (Message.objects.count(), rung) == (0, [])


@pytest.mark.django_db(transaction=True)
def test_post_rings_once_a_transaction_after_commit(news, monkeypatch):
    rung = []
    monkeypatch.setattr("proposals.outbox.gateways.knock", lambda: rung.append(Message.objects.count()))
    with transaction.atomic():
        for n in range(5):
            with transaction.atomic():
                tell("pi@example.org", key=f"event-{n}")
        assert rung == []
    assert rung == [5]


@pytest.mark.django_db(transaction=True)
def test_post_with_a_dead_broker_is_posted_all_the_same(news, broker_down):
    with transaction.atomic():
        tell("pi@example.org")
    assert Message.objects.get().delivery == Delivery.QUEUED
    assert broker_down.quiet_until > 0


def test_post_twice_with_one_key_posts_once(news):
    tell("pi@example.org", title="First")
    tell("pi@example.org", title="Second")
    assert [message.subject for message in Message.objects.all()] == ["News about First"]


def test_post_speaks_the_recipients_language_and_time(news, relay):
    people = [
        ("en", "UTC", "Monday 2027-03-01 12:00 UTC"),
        ("fr", "Europe/Rome", "lundi 2027-03-01 13:00 CET"),
        ("zh-hans", "Asia/Shanghai", "星期一 2027-03-01 20:00 CST"),
        ("ar", "Asia/Karachi", "الاثنين 2027-03-01 17:00 PKT"),
        ("es", "America/Lima", "lunes 2027-03-01 07:00 -05"),
    ]
    for n, (language, zone, _) in enumerate(people):
        tell(make_user(language=language, time_zone=zone), key=f"event-{n}")
    actions.deliver()
    for received, (language, _, line) in zip(relay.mails, people, strict=True):
        plain = received.mail.get_body(("plain",)).get_content()
        assert plain.splitlines()[0] == f"{line} Seismometer"
        assert received.mail["Content-Language"] == language
        assert received.mail.get_body(("html",)).get_content().count(f'lang="{language}"') == 1


@pytest.mark.parametrize("zone", ["Mars/Utopia_Planitia", "../../etc/passwd", "", "\x00"])
def test_post_to_an_unknown_time_zone_uses_utc(news, zone):
    user = make_user()
    user.time_zone = zone
    assert "2027-03-01 12:00 UTC" in tell(user).text


def test_post_keeps_a_thread_per_thing_and_person(news, relay):
    thing, other = make_organisation(), make_organisation()
    first = tell("pi@example.org", key="a", about=thing)
    second = tell("pi@example.org", key="b", about=thing)
    third = tell("pi@example.org", key="c", about=thing)
    elsewhere = [tell("pi@example.org", key="d", about=other), tell("co@example.org", key="e", about=thing)]
    assert [message.thread_id for message in (first, second, third, *elsewhere)] == [
        "",
        first.message_id,
        first.message_id,
        "",
        "",
    ]
    actions.deliver()
    replies = {each.mail["Message-ID"]: (each.mail["In-Reply-To"], each.mail["References"]) for each in relay.mails}
    assert replies[first.message_id] == (None, None)
    assert replies[second.message_id] == replies[third.message_id] == (first.message_id, first.message_id)


def test_post_gives_the_headers_of_automatic_mail(news, relay, settings):
    message = tell("pi@example.org")
    actions.deliver()
    [received] = relay.mails
    assert received.mail["Auto-Submitted"] == "auto-generated"
    assert received.mail["From"] == settings.DEFAULT_FROM_EMAIL
    assert received.mail["To"] == "pi@example.org"
    assert received.mail["Date"].datetime == message.created_at.replace(microsecond=0)
    assert received.mail.get_content_type() == "multipart/alternative"
    assert received.sender == settings.SECRETARIAT_EMAIL


def test_post_keeps_leading_dots(news, relay):
    tell("pi@example.org")
    actions.deliver()
    assert ".a line that begins with a dot" in relay.mails[0].mail.get_body(("plain",)).get_content().splitlines()


EVIL = [
    "x\r\nBcc: spy@evil.example",
    "x\nBcc: spy@evil.example",
    "x\rBcc: spy@evil.example",
    "x\r\n\r\n<script>alert(1)</script>",
    "x\u2028Bcc: spy@evil.example",
    "x\u2029Bcc: spy@evil.example",
    "x\x0bBcc: spy@evil.example",
    "x\x0cBcc: spy@evil.example",
    "x\x85Bcc: spy@evil.example",
    "x\x1c\x1d\x1eBcc: spy@evil.example",
    "=?utf-8?q?x=0D=0ABcc:_spy@evil.example?=",
    "x\r\n.\r\nMAIL FROM:<spy@evil.example>",
    "x\n.\nRCPT TO:<spy@evil.example>",
    "x" * 2000 + "\r\nBcc: spy@evil.example",
    "月球\r\nBcc: spy@evil.example",
    "\u202eelpmaxe.live@yps",
]
HEADERS = [
    "auto-submitted", "content-language", "content-type", "date", "from", "message-id", "mime-version", "subject", "to",
    "x-auto-response-suppress",
]  # fmt: skip


@pytest.mark.parametrize("evil", EVIL)
def test_post_lets_no_header_in_by_title_or_name(news, relay, evil):
    user = make_user(full_name="Person")
    user.full_name = evil[:200]
    tell(user, title=evil)
    actions.deliver()
    [received] = relay.mails
    assert sorted(name.lower() for name in received.mail) == HEADERS
    assert received.to == [user.email]
    assert len(str(received.mail["Subject"]).splitlines()) == 1
    assert len(relay.talks) == 1
    assert [command.split(" ")[0] for command in relay.talks[0].commands] == ["hello", "mail", "rcpt", "data"]


@pytest.mark.parametrize(
    "evil",
    [
        "a@example.org\r\nBcc: spy@evil.example",
        "a@example.org\r\nRCPT TO:<spy@evil.example>",
        "a@example.org, spy@evil.example",
        "a@example.org> SIZE=1",
        "aé@example.org",
        "no-address",
        "",
    ],
)
def test_post_to_an_evil_address_reaches_nobody_and_stops_nobody(news, relay, evil):
    bad = tell(evil, key="bad")
    tell("good@example.org", key="good")
    actions.deliver()
    bad.refresh_from_db()
    assert [each.to for each in relay.mails] == [["good@example.org"]]
    assert bad.delivery == Delivery.REFUSED


def test_post_fixes_what_is_sent_when_it_is_written(news, relay):
    user = make_user(language="fr", email="before@example.org")
    tell(user)
    user.language, user.email = "ar", "after@example.org"
    user.save()
    actions.deliver(now=datetime.now(UTC) + timedelta(minutes=1))
    [received] = relay.mails
    assert received.to == ["before@example.org"]
    assert received.mail["Content-Language"] == "fr"


def test_read_marks_ones_own_message_once(news):
    mine, other = make_user(), make_user()
    message = tell(mine, priority=Priority.STATUS)
    actions.read(message, by=other, now=T0)
    message.refresh_from_db()
    assert message.read_at is None
    actions.read(message, by=mine, now=T0)
    actions.read(message, by=mine, now=T0 + timedelta(days=1))
    message.refresh_from_db()
    assert message.read_at == T0


def test_post_costs_two_statements_about_a_thing(news, django_assert_num_queries):
    thing, user = make_organisation(), make_user()
    assert connection.in_atomic_block
    with django_assert_num_queries(2):
        post(key="a", to=user, template="news", context={"title": "x", "at": T0}, kind=Kind.STATUS, about=thing)
