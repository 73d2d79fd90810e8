import threading
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction

from proposals.outbox import actions, tasks
from proposals.outbox.calculations import digest_day, first_words
from proposals.outbox.models import Message
from proposals.outbox.states import Delivery, Kind, Priority, Way
from tests.factories import make_message, make_user

pytestmark = pytest.mark.django_db
T0 = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


def waits_for(user, **fields):
    return make_message(now=T0, recipient=user, to=user.email, kind=Kind.REMINDER, delivery=Delivery.DIGEST, **fields)


def digests():
    return list(Message.objects.filter(kind=Kind.DIGEST).order_by("id").values_list("key", flat=True))


def test_digest_is_one_mail_with_what_waits(relay, settings):
    settings.SITE_URL = "https://partners.example"
    user = make_user()
    first = waits_for(
        user, subject="[CE8-1] A draft waits", text="Your draft is open.\nFor three days.\n\nMore.\n", link="/go/1/"
    )
    second = waits_for(user, subject="<b>[CE8-2]</b>", text="x" * 300)
    assert actions.digest(now=T0) == 1
    carrier = Message.objects.get(kind=Kind.DIGEST)
    assert (carrier.key, carrier.priority, carrier.link) == (f"digest:{user.pk}:2027-03-01", Priority.REMINDER, "/inbox/")
    assert list(carrier.carries.order_by("id")) == [first, second]
    actions.deliver(now=T0)
    [received] = relay.to(user.email)
    assert received.mail["Subject"] == "Your daily digest: 2 messages"
    text = received.mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert text.split("\n\n")[:3] == [
        "[CE8-1] A draft waits\nYour draft is open. For three days.\nhttps://partners.example/go/1/",
        f"<b>[CE8-2]</b>\n{'x' * 199}…\nhttps://partners.example/inbox/{second.pk}/",
        "All your messages:\nhttps://partners.example/inbox/",
    ]
    html = received.mail.get_body(("html",)).get_content()
    assert "&lt;b&gt;[CE8-2]&lt;/b&gt;" in html
    assert html.count('href="https://partners.example/go/1/"') == 1


def test_digest_leaves_the_carried_as_they_are():
    user = make_user()
    message = waits_for(user)
    actions.digest(now=T0)
    message.refresh_from_db()
    assert (message.delivery, message.attempts, message.sent_at) == (Delivery.DIGEST, 0, None)
    assert list(Message.objects.shown_to(user.pk)) == [message]  # the digest itself is no news on the site


def test_digest_speaks_its_readers_language():
    user = make_user(language="fr")
    waits_for(user)
    actions.digest(now=T0)
    assert Message.objects.get(kind=Kind.DIGEST).language == "fr"


def test_digest_comes_once_a_day_however_often_beat_asks():
    user = make_user()
    waits_for(user)
    assert [actions.digest(now=T0 + timedelta(minutes=n)) for n in range(4)] == [1, 0, 0, 0]
    later = waits_for(user)
    assert actions.digest(now=T0 + timedelta(hours=11, minutes=59)) == 0  # today had one
    assert actions.digest(now=T0 + timedelta(hours=19, minutes=59)) == 0  # before 08:00
    assert actions.digest(now=T0 + timedelta(hours=20)) == 1
    later.refresh_from_db()
    assert later.carried_by.key == f"digest:{user.pk}:2027-03-02"
    assert digests() == [f"digest:{user.pk}:2027-03-01", f"digest:{user.pk}:2027-03-02"]


def test_digest_without_news_is_not_written():
    user, other = make_user(), make_user(is_active=False)
    make_message(now=T0, recipient=user, kind=Kind.REMINDER, delivery=Delivery.SITE)
    make_message(now=T0, recipient=user, kind=Kind.REMINDER)
    waits_for(other)
    assert actions.digest(now=T0) == 0


def test_digest_catches_up_after_days_without_beat():
    user = make_user()
    for _ in range(3):
        waits_for(user)
    assert actions.digest(now=T0 + timedelta(days=3, hours=5)) == 1
    assert Message.objects.get(kind=Kind.DIGEST).carries.count() == 3


@pytest.mark.parametrize(
    ("zone", "day", "opens"),
    [
        ("UTC", date(2027, 3, 1), "2027-03-01T08:00Z"),
        ("Asia/Shanghai", date(2027, 3, 1), "2027-03-01T00:00Z"),
        ("America/Lima", date(2027, 3, 1), "2027-03-01T13:00Z"),
        ("Pacific/Kiritimati", date(2027, 3, 1), "2027-02-28T18:00Z"),
        ("Asia/Kathmandu", date(2027, 3, 1), "2027-03-01T02:15Z"),
        ("Europe/Rome", date(2027, 3, 27), "2027-03-27T07:00Z"),
        ("Europe/Rome", date(2027, 3, 28), "2027-03-28T06:00Z"),  # 23 hours long
        ("Europe/Rome", date(2027, 10, 31), "2027-10-31T07:00Z"),  # 25 hours long
        ("Africa/Cairo", date(2027, 4, 30), "2027-04-30T05:00Z"),  # begins at 01:00
        ("Mars/Utopia_Planitia", date(2027, 3, 1), "2027-03-01T08:00Z"),
    ],
)
def test_digest_day_opens_at_eight_on_the_readers_clock(zone, day, opens):
    at = datetime.fromisoformat(opens)
    assert digest_day(at - timedelta(microseconds=1), zone) is None
    assert digest_day(at, zone) == day


@pytest.mark.parametrize("zone", ["Europe/Rome", "America/Santiago", "Australia/Lord_Howe", "Asia/Shanghai"])
def test_digest_day_of_a_year_comes_once_each(zone):
    """Asked every ten minutes of a year, changes of the clock included."""
    begin, end = (datetime(year, 1, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC) for year in (2027, 2028))
    asked = [digest_day(begin + timedelta(minutes=n), zone) for n in range(0, int((end - begin).total_seconds() // 60), 10)]
    opened = [now for before, now in zip([None, *asked], asked, strict=False) if now and not before]
    assert opened == [date(2027, 1, 1) + timedelta(days=n) for n in range(365)]


def test_digest_is_followed_by_a_wish_to_stop():
    user = make_user()
    sent = waits_for(user)
    actions.prefer(user, Kind.REMINDER, Way.DIGEST, by=user, now=T0)
    actions.digest(now=T0)
    unsent = waits_for(user)
    actions.prefer(user, Kind.REMINDER, Way.SITE, by=user, now=T0)
    sent.refresh_from_db()
    unsent.refresh_from_db()
    assert (sent.delivery, unsent.delivery) == (Delivery.DIGEST, Delivery.SITE)
    assert actions.digest(now=T0 + timedelta(days=1)) == 0


def test_digest_costs_one_statement_where_nobody_is_due(django_assert_num_queries):
    for _ in range(3):
        waits_for(make_user(time_zone="America/Lima"))
    with django_assert_num_queries(1):
        actions.digest(now=T0)


def test_digest_task_writes_what_is_due():
    waits_for(make_user(time_zone="Pacific/Kiritimati"))
    waits_for(make_user(time_zone="UTC"))
    tasks.digest()
    now = datetime.now(UTC)
    due = sum(digest_day(now, zone) is not None for zone in ("Pacific/Kiritimati", "UTC"))
    assert (len(digests()), due >= 1) == (due, True)  # one of the two has its morning behind it at any hour


@pytest.mark.django_db(transaction=True)
def test_digest_by_many_beats_at_once_is_written_once():
    users = [make_user() for _ in range(6)]
    wanted = {user.pk: {waits_for(user).pk for _ in range(3)} for user in users}
    start = threading.Barrier(3)

    def ask():
        start.wait()
        for _ in range(3):
            actions.digest(now=T0)
        connection.close()

    beats = [threading.Thread(target=ask) for _ in range(3)]
    for beat in beats:
        beat.start()
    for beat in beats:
        beat.join()
    assert sorted(digests()) == sorted(f"digest:{user.pk}:2027-03-01" for user in users)
    for carrier in Message.objects.filter(kind=Kind.DIGEST):
        assert set(carrier.carries.values_list("pk", flat=True)) == wanted[carrier.recipient_id]


@pytest.mark.django_db(transaction=True)
def test_digest_is_left_to_the_beat_that_is_writing_it(other_connection):
    """What is posted meanwhile must not be carried by a digest that is written already."""
    user = make_user()
    waits_for(user)
    other_connection.execute("SELECT 1 FROM proposals_user WHERE id = %s FOR NO KEY UPDATE", [user.pk])
    assert (actions.digest(now=T0), digests()) == (0, [])
    other_connection.rollback()
    assert actions.digest(now=T0) == 1


@pytest.mark.django_db(transaction=True)
def test_digest_that_fails_leaves_all_waiting():
    user = make_user()
    message = waits_for(user)
    with transaction.atomic():
        assert actions.digest(now=T0) == 1
        transaction.set_rollback(True)
    message.refresh_from_db()
    assert (digests(), message.carried_by) == ([], None)
    assert actions.digest(now=T0) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Short.\n", "Short."),
        ("\n One\n two.\n\nThree.\n", "One two."),
        ("word " * 100, ("word " * 39).strip() + "…"),
        ("月" * 300, "月" * 199 + "…"),
        ("", ""),
    ],
)
def test_first_words_are_the_first_paragraph_in_short(text, words):
    assert first_words(text) == words
