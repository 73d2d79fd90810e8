"""A limit counts each asking in its window, and each asker alone."""

import time

import pytest
from django.core.cache import cache

from proposals.web.limits import too_often

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands, so that no window ends within a test."""
    cache.clear()
    stands = {"now": time.time() // 3600 * 3600}
    monkeypatch.setattr("time.time", lambda: stands["now"])
    return stands


def test_more_than_the_most_is_too_often_until_the_window_ends(clock):
    assert [too_often("feed", "1", most=2, seconds=3600) for _ in range(4)] == [False, False, True, True]
    clock["now"] += 3599
    assert too_often("feed", "1", most=2, seconds=3600) is True
    clock["now"] += 1
    assert too_often("feed", "1", most=2, seconds=3600) is False


def test_each_asker_and_each_thing_is_counted_alone(clock):
    assert too_often("feed", "1", most=0, seconds=3600) is True
    assert too_often("feed", "2", most=1, seconds=3600) is False
    assert too_often("other", "1", most=1, seconds=3600) is False
