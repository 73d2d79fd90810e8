from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from proposals.outbox import queries
from proposals.outbox.models import Message
from proposals.outbox.states import TROUBLED, Delivery, Kind, Priority
from tests.factories import make_message, make_organisation

pytestmark = pytest.mark.django_db
T0 = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
NONE = dict.fromkeys(TROUBLED, 0)


def test_mail_health_of_nothing():
    assert queries.mail_health(T0) == queries.MailHealth(None, 0, NONE)


def test_mail_health_tells_age_retries_and_counts(django_assert_num_queries):
    make_message(now=T0 - timedelta(seconds=90))
    make_message(now=T0 - timedelta(seconds=30))
    make_message(now=T0 + timedelta(minutes=5), attempts=2)
    make_message(now=T0 - timedelta(days=1), delivery=Delivery.SENT, sent_at=T0)
    make_message(now=T0 - timedelta(days=2), delivery=Delivery.DEAD)
    with django_assert_num_queries(2):
        health = queries.mail_health(T0)
    assert (health.oldest_due_s, health.retrying) == (90.0, 1)
    assert health.counts == {**NONE, Delivery.DEAD: 1}


@pytest.mark.parametrize(("waited_s", "late"), [(300, False), (301, True)])
def test_mail_health_is_late_after_the_limit(settings, waited_s, late):
    settings.OUTBOX_ALARM_AFTER_S = 300
    assert queries.mail_health(T0).is_late is False
    make_message(now=T0 - timedelta(seconds=waited_s), priority=Priority.REMINDER)
    make_message(now=T0, priority=Priority.SECURITY)
    assert queries.mail_health(T0).is_late is late


def test_mail_health_takes_what_waits_for_its_turn_as_not_late():
    same = {"about_type": "proposal", "about_id": "1", "to": "pi@example.org"}
    first = make_message(now=T0 + timedelta(minutes=15), attempts=2, **same)
    make_message(now=T0 - timedelta(hours=1), **same)
    assert queries.mail_health(T0).oldest_due_s is None
    Message.objects.filter(pk=first.pk).update(due_at=T0 + timedelta(minutes=16))  # it blocks nobody
    assert queries.mail_health(T0).oldest_due_s == 3600
    Message.objects.filter(pk=first.pk).update(due_at=T0 - timedelta(minutes=2))
    assert queries.mail_health(T0).oldest_due_s == 120


def test_mail_health_takes_what_is_sent_under_a_dead_worker_as_due():
    make_message(now=T0 - timedelta(minutes=9), delivery=Delivery.SENDING, attempts=1, leased_until=T0 - timedelta(minutes=7))
    assert queries.mail_health(T0).oldest_due_s == 540


def test_mail_health_passes_over_what_is_not_mailed():
    for state in (Delivery.DIGEST, Delivery.SITE, Delivery.BOUNCED, Delivery.REFUSED, Delivery.DEAD):
        make_message(now=T0 - timedelta(days=1), delivery=state)
    carrier = make_message(now=T0 - timedelta(days=1), kind=Kind.DIGEST, delivery=Delivery.SENT, sent_at=T0)
    make_message(now=T0 - timedelta(days=1), delivery=Delivery.DIGEST, carried_by=carrier)
    health = queries.mail_health(T0)
    assert (health.oldest_due_s, health.retrying) == (None, 0)
    assert health.counts == {Delivery.BOUNCED: 1, Delivery.REFUSED: 1, Delivery.DEAD: 1, Delivery.UNCERTAIN: 0}


def test_mail_health_counts_to_a_thousand_and_one():
    first = make_message(now=T0, delivery=Delivery.REFUSED)
    rows = [Message(**{**_fields(first), "key": f"k{n}", "message_id": f"<{n}>"}) for n in range(1100)]
    Message.objects.bulk_create(rows)
    assert queries.mail_health(T0).counts[Delivery.REFUSED] == queries.COUNTED_TO + 1


def _fields(message):
    return {field.name: getattr(message, field.name) for field in Message._meta.fields if field.name != "id"}


@pytest.mark.parametrize("delivery", [Delivery.QUEUED, Delivery.SENT, Delivery.SITE])
def test_mail_health_reads_no_row_of_a_long_queue(delivery):
    """Neither of its statements touches more of the table than it tells of, whatever lies there."""
    first = make_message(now=T0, sent_at=T0 if delivery == Delivery.SENT else None, delivery=delivery)
    Message.objects.bulk_create([Message(**{**_fields(first), "key": f"k{n}", "message_id": f"<{n}>"}) for n in range(3000)])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ANALYZE proposals_message")
        before = _read(cursor)
        queries.mail_health(T0 + timedelta(hours=1))
        assert _read(cursor) - before <= 10


def _read(cursor):
    """Rows of messages that this transaction has read so far, by index or without."""
    cursor.execute(
        "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables WHERE relname = 'proposals_message'"
    )
    return cursor.fetchone()[0]


@pytest.mark.parametrize("rows", [1, 3])
def test_about_gives_messages_with_evidence_in_two_statements(rows, django_assert_num_queries):
    thing = make_organisation()
    same = {"about_type": "organisation", "about_id": str(thing.pk)}
    made = [make_message(now=T0, **same) for _ in range(rows)]
    for message in made:
        message.evidence.create(at=T0, phase="dot", outcome="sent", code=250, reply="kept")
    make_message(now=T0, kind=Kind.SECURITY, **same)
    make_message(now=T0, about_type="organisation", about_id=f"{thing.pk}0")
    with django_assert_num_queries(2):
        found = [(each.pk, [tried.code for tried in each.evidence.all()]) for each in queries.about(thing)]
    assert found == [(message.pk, [250]) for message in made]


def test_history_counts_tries_and_not_what_was_heard_later():
    message = make_message(now=T0)
    for minute, outcome in enumerate(["crashed", "again", "transient", "delayed", "uncertain", "bounced", "crashed"]):
        message.evidence.create(at=T0 + timedelta(minutes=minute), phase="dot", outcome=outcome)
    found = queries.history_of(message, now=T0 + timedelta(hours=1))
    assert (found.failures, found.uncertain, found.crashes) == (3, 1, 1)
    assert found.first_at == T0 + timedelta(minutes=2)


def test_history_of_nothing_begins_now():
    found = queries.history_of(make_message(now=T0), now=T0)
    assert (found.first_at, found.failures, found.uncertain, found.crashes) == (T0, 0, 0, 0)
