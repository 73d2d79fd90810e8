from datetime import UTC, datetime, timedelta

import pytest
from celery import current_app

from proposals.outbox import actions, tasks
from proposals.outbox.models import Heartbeat
from tests.factories import make_message

pytestmark = pytest.mark.django_db


def test_every_task_that_beat_asks_for_exists():
    current_app.loader.import_default_modules()
    assert [each["task"] for each in current_app.conf.beat_schedule.values() if each["task"] not in current_app.tasks] == []


def test_deliver_sends_what_is_due(relay):
    make_message()
    tasks.deliver()
    assert len(relay.mails) == 1


def test_deliver_rings_again_where_more_is_due(relay, monkeypatch):
    rung = []
    monkeypatch.setattr("proposals.outbox.gateways.knock", lambda: rung.append(1))
    monkeypatch.setattr(actions, "deliver", lambda: actions.delivery.deliver(mails=1))
    make_message()
    make_message()
    tasks.deliver()
    tasks.deliver()
    assert (len(relay.mails), rung) == (2, [1, 1])
    tasks.deliver()
    assert rung == [1, 1]


def test_sweep_sends_and_leaves_a_heartbeat(relay):
    make_message()
    tasks.sweep()
    assert len(relay.mails) == 1
    assert datetime.now(UTC) - Heartbeat.objects.get(name="sweep").at < timedelta(seconds=5)
