from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from proposals.outbox import queries
from proposals.outbox.models import Message
from proposals.outbox.states import Delivery, Kind
from tests.factories import make_message, make_organisation

pytestmark = pytest.mark.django_db
T0 = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


def test_mail_health_of_nothing():
    assert queries.mail_health(T0) == queries.MailHealth(None, 0, dict.fromkeys(Delivery, 0))


def test_mail_health_tells_age_retries_and_counts(django_assert_num_queries):
    make_message(now=T0 - timedelta(seconds=90))
    make_message(now=T0 - timedelta(seconds=30))
    make_message(now=T0 + timedelta(minutes=5), attempts=2)
    make_message(now=T0 - timedelta(days=1), delivery=Delivery.SENT, sent_at=T0)
    make_message(now=T0 - timedelta(days=2), delivery=Delivery.DEAD)
    with django_assert_num_queries(3):
        health = queries.mail_health(T0)
    assert (health.oldest_due_s, health.retrying) == (90.0, 1)
    assert health.counts == {**dict.fromkeys(Delivery, 0), Delivery.QUEUED: 3, Delivery.SENT: 1, Delivery.DEAD: 1}


def test_mail_health_counts_to_a_thousand_and_one():
    first = make_message(now=T0)
    rows = [Message(**{**_fields(first), "key": f"k{n}", "message_id": f"<{n}>"}) for n in range(1100)]
    Message.objects.bulk_create(rows)
    assert queries.mail_health(T0).counts[Delivery.QUEUED] == queries.COUNTED_TO + 1


def _fields(message):
    return {field.name: getattr(message, field.name) for field in Message._meta.fields if field.name != "id"}


@pytest.mark.parametrize(("state", "index"), [(Delivery.DEAD, "message_undelivered"), (Delivery.UNCERTAIN, "message_open")])
def test_mail_health_counts_rare_states_by_an_index(state, index):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN SELECT FROM proposals_message WHERE {queries._narrowed(state)} LIMIT 1001")
        assert index in "\n".join(row[0] for row in cursor.fetchall())


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
