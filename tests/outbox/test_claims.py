import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from proposals.outbox import actions
from proposals.outbox.actions.claims import CLAIM, CLAIM_IN_LANE, CLAIM_PACED, LANES, claim
from proposals.outbox.calculations import gaps
from proposals.outbox.models import Attempt, Message, Pace
from proposals.outbox.states import Delivery, Kind, Priority
from tests.factories import make_message

pytestmark = pytest.mark.django_db
T0 = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
VALUES = {
    "now": T0, "order_until": T0, "lease": "7a7f8f62-3c0c-4b0a-9d0f-111111111111", "until": T0, "domain": "slow.example",
    "names": [""], "gaps": [timedelta(seconds=1)], "idle_from": T0,
}  # fmt: skip


def waiting(number, domain="fast.example", **fields):
    return [make_message(now=T0, to=f"person{n}@{domain}", **fields) for n in range(number)]


def taken(at):
    """How many can be claimed at one moment."""
    return len(list(iter(lambda: claim(now=at), None)))


@pytest.mark.parametrize(
    ("domain", "in_all", "by_domain", "wanted"),
    [
        ("qq.com", None, {}, {}),
        ("qq.com", 50, {}, {"": 0.02}),
        ("qq.com", None, {"QQ.com": 4}, {"qq.com": 0.25}),
        ("unam.mx", None, {"qq.com": 4}, {}),
        ("unam.mx", None, {"*": 5, "qq.com": 4}, {"unam.mx": 0.2}),
        ("qq.com", 10, {"*": 5, "qq.com": 0.5}, {"": 0.1, "qq.com": 2}),
        ("", 10, {"*": 5}, {"": 0.1}),
    ],
)
def test_gaps_of_the_limits_that_hold_for_a_domain(domain, in_all, by_domain, wanted):
    assert gaps(domain, in_all=in_all, by_domain=by_domain) == wanted


def test_claim_in_all_keeps_the_rate_and_catches_up_five_seconds(settings):
    settings.OUTBOX_RATE = 2
    waiting(40)
    assert taken(T0) == 11  # five idle seconds, and the one of now
    assert taken(T0 + timedelta(milliseconds=499)) == 0
    assert taken(T0 + timedelta(milliseconds=500)) == 1
    assert taken(T0 + timedelta(seconds=5)) == 9
    assert taken(T0 + timedelta(hours=1)) == 11


def test_claim_kept_back_counts_no_attempt(settings):
    settings.OUTBOX_DOMAIN_RATES = {"slow.example": 0.1}
    waiting(3, "slow.example")
    assert taken(T0) == 1
    assert taken(T0 + timedelta(milliseconds=4999)) == 0
    held = Message.objects.filter(delivery=Delivery.QUEUED)
    assert list(held.values_list("attempts", "due_at")) == [(0, T0)] * 2
    assert Attempt.objects.count() == 0
    assert taken(T0 + timedelta(seconds=5)) == 1
    assert taken(T0 + timedelta(milliseconds=14999)) == 0
    assert taken(T0 + timedelta(seconds=15)) == 1


def test_claim_of_nothing_uses_up_no_pace(settings):
    settings.OUTBOX_RATE, settings.OUTBOX_DOMAIN_RATES = 1, {"*": 1}
    assert (taken(T0), Pace.objects.count()) == (0, 0)


def test_claim_passes_over_a_slow_domain(settings):
    settings.OUTBOX_DOMAIN_RATES = {"slow.example": 0.01}
    waiting(5, "SLOW.example", priority=Priority.SECURITY)
    waiting(3)
    assert taken(T0) == 4
    assert sorted(Pace.objects.values_list("domain", flat=True)) == ["slow.example"]
    assert Message.objects.filter(address__endswith="fast.example", delivery=Delivery.SENDING).count() == 3


def test_claim_gives_each_unnamed_domain_a_lane_of_its_own(settings):
    settings.OUTBOX_DOMAIN_RATES = {"*": 0.1, "fast.example": 1000}
    waiting(4, "a.example")
    waiting(4, "b.example")
    waiting(4)
    assert taken(T0) == 6
    assert sorted(Pace.objects.values_list("domain", flat=True)) == ["a.example", "b.example", "fast.example"]


def test_claim_under_both_limits_keeps_both(settings):
    settings.OUTBOX_RATE, settings.OUTBOX_DOMAIN_RATES = 1, {"slow.example": 0.1}
    waiting(4, "slow.example")
    waiting(10)
    assert taken(T0) == 6
    assert Message.objects.filter(address__endswith="slow.example", delivery=Delivery.SENDING).count() == 1


def test_claim_in_a_slow_domain_lets_decisions_overtake(settings):
    settings.OUTBOX_DOMAIN_RATES = {"slow.example": 0.1}
    waiting(3, "slow.example", kind=Kind.REMINDER, priority=Priority.REMINDER)
    claim(now=T0)
    [decision] = waiting(1, "slow.example", priority=Priority.STATUS)
    assert claim(now=T0 + timedelta(seconds=4)) is None
    assert claim(now=T0 + timedelta(seconds=5)).pk == decision.pk


@pytest.mark.parametrize(("urgent", "other"), [("a.example", "b.example"), ("b.example", "a.example")])
def test_claim_takes_the_lane_with_the_most_urgent_first(settings, urgent, other):
    settings.OUTBOX_DOMAIN_RATES = {"*": 1000}
    waiting(1, other, kind=Kind.REMINDER, priority=Priority.REMINDER)
    [decision] = waiting(1, urgent, priority=Priority.STATUS)
    assert claim(now=T0).pk == decision.pk


def test_claim_in_a_lane_keeps_the_order_of_one_thing(settings):
    settings.OUTBOX_DOMAIN_RATES = {"*": 1000}
    same = {"about_type": "proposal", "about_id": "1", "to": "pi@a.example"}
    first, second = make_message(now=T0 + timedelta(minutes=1), **same), make_message(now=T0, **same)
    assert claim(now=T0) is None
    assert [claim(now=T0 + timedelta(minutes=1)).pk for _ in range(1)] == [first.pk]
    assert claim(now=T0 + timedelta(minutes=1)) is None
    assert second.delivery == Delivery.QUEUED


def test_claim_in_a_lane_takes_an_expired_lease_and_counts_the_crash(settings):
    settings.OUTBOX_DOMAIN_RATES, settings.OUTBOX_LEASE_S = {"*": 1000}, 10
    waiting(1)
    first = claim(now=T0)
    assert claim(now=T0 + timedelta(seconds=9)) is None
    second = claim(now=T0 + timedelta(seconds=10))
    assert (second.pk, second.attempts, second.was) == (first.pk, 2, Delivery.SENDING)
    assert Attempt.objects.get().outcome == "crashed"


def test_deliver_under_a_limit_sends_what_may_leave(relay, settings):
    settings.OUTBOX_DOMAIN_RATES = {"slow.example": 1}
    waiting(20, "slow.example")
    waiting(5)
    run = actions.deliver(now=T0)
    assert (run.sent, run.more, len(relay.mails)) == (11, False, 11)


@pytest.mark.parametrize("statement", [CLAIM, CLAIM_PACED])
def test_claim_uses_the_index_made_for_it(statement):
    assert "message_open" in plan(statement)


@pytest.mark.parametrize("statement", [CLAIM_IN_LANE, LANES])
def test_claim_in_a_lane_uses_the_index_made_for_it(statement):
    assert "message_in_lane" in plan(statement)


def plan(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + statement, VALUES)
        return "\n".join(row[0] for row in cursor.fetchall())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rates", [{"OUTBOX_RATE": 4}, {"OUTBOX_DOMAIN_RATES": {"*": 4}}])
def test_claim_by_many_connections_keeps_one_pace(settings, rates):
    for name, value in rates.items():
        setattr(settings, name, value)
    waiting(60)
    claim(now=T0)  # the lane has its row; the very first mail of all may go twice
    counts = [0] * 4
    start = threading.Barrier(4)

    def work(mine):
        start.wait()
        for step in range(40):
            counts[mine] += claim(now=T0 + timedelta(milliseconds=step)) is not None
        connection.close()

    threads = [threading.Thread(target=work, args=(each,)) for each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 + sum(counts) == 21
    assert Message.objects.filter(delivery=Delivery.SENDING, attempts=1).count() == 21


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rates", [{"OUTBOX_RATE": 4}, {"OUTBOX_DOMAIN_RATES": {"*": 4}}])
def test_claim_waits_for_one_that_is_using_up_the_pace(settings, other_connection, rates):
    for name, value in rates.items():
        setattr(settings, name, value)
    waiting(2)
    assert claim(now=T0) is not None
    found = []

    def work():
        found.append(claim(now=T0))
        connection.close()

    other_connection.execute("UPDATE proposals_pace SET free_at = free_at + interval '1 hour'")
    second = threading.Thread(target=work)
    second.start()
    second.join(0.5)
    assert second.is_alive()
    other_connection.commit()
    second.join()
    assert found == [None]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("statement", [CLAIM, CLAIM_PACED])
def test_claim_walks_the_queue_in_order_though_statistics_say_that_it_is_empty(statement):
    """A burst after a quiet time: sorting what waits, or looking it through for each mail, would cost its square."""
    with connection.cursor() as cursor:
        for state, prefix in (("sent", "old"), ("queued", "new")):
            cursor.execute(FILL, {"state": state, "prefix": prefix, "sent_at": T0 if state == "sent" else None})
            if state == "sent":
                cursor.execute("VACUUM ANALYZE proposals_message")
        cursor.execute("EXPLAIN " + statement, VALUES)
        shown = "\n".join(row[0] for row in cursor.fetchall())
    assert ("message_open on proposals_message m" in shown, "message_open on proposals_message e" in shown) == (True, False)
    assert "Sort Key: m" not in shown


FILL = """
INSERT INTO proposals_message (key, kind, priority, address, language, template, about_type, about_id, subject, text, html, link,
    message_id, thread_id, created_at, due_at, delivery, attempts, last_reply, sent_at)
SELECT %(prefix)s::text || n, 'status', 20, %(prefix)s::text || n || '@partner.example', 'en', 'news', 'proposal', n::text,
    'News', repeat('What is new. ', 40), '', '', %(prefix)s::text || n, '', now(), now(), %(state)s, 0, '',
    %(sent_at)s::timestamptz
FROM generate_series(1, 300) AS n
"""
