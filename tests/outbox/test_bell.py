import time

import pytest
from celery import current_app
from kombu.exceptions import OperationalError
from redis.exceptions import ConnectionError as RedisConnectionError

from proposals.outbox.gateways.bell import Bell, knock


def test_knock_on_a_dead_broker_is_quick_and_quiet(broker_down):
    started = time.monotonic()
    assert knock() is False
    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize("error", [OperationalError("x"), RedisConnectionError("x"), TimeoutError("x")])
def test_ring_is_not_tried_again_for_five_seconds(monkeypatch, error):
    tried = []

    def send_task(*_, **__):
        tried.append(1)
        raise error

    monkeypatch.setattr(current_app, "send_task", send_task)
    clock = [1000.0]
    monkeypatch.setattr("proposals.outbox.gateways.bell.time.monotonic", lambda: clock[0])
    bell = Bell()
    assert [bell.ring("outbox.deliver") for _ in range(3)] == [False] * 3
    assert len(tried) == 1
    clock[0] += 5.1
    bell.ring("outbox.deliver")
    assert len(tried) == 2


def test_ring_reaches_the_broker(settings):
    bell = Bell()
    assert bell.ring("outbox.deliver") is True
    with current_app.connection_for_read() as connection:
        queue = connection.SimpleQueue("celery")
        message = queue.get(timeout=2)
        queue.clear()
        queue.close()
    assert message.headers["task"] == "outbox.deliver"
    assert message.payload == [[], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
