"""The cache in the database: what Django's would answer, in one statement, and nothing forgotten before its time."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from proposals.web.cache import SWEPT

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty(db):
    """What a test with commits of its own has left here is no row of Django's, and was not flushed with them."""
    cache.clear()


def age(key, seconds=60):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE proposals_cache SET expires = %s WHERE cache_key LIKE %s", [timezone.now() - timedelta(seconds=seconds), key]
        )


def count():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM proposals_cache")
        return cursor.fetchone()[0]


@pytest.mark.parametrize("value", ["text", ["a", 1.5], None, {"at": 3}, 0])
def test_cache_gives_back_what_was_set(value):
    cache.set("one", value, 60)

    assert cache.get("one", "nothing") == value


def test_cache_set_is_one_statement_and_replaces(django_assert_num_queries):
    with django_assert_num_queries(1):
        cache.set("one", "old", 60)
    with django_assert_num_queries(1):
        cache.set("one", "new", 60)

    assert cache.get("one") == "new"


def test_cache_adds_only_where_there_is_nothing():
    assert cache.add("one", "first", 60) is True
    assert cache.add("one", "second", 60) is False
    assert cache.get("one") == "first"


def test_cache_adds_where_the_old_entry_has_expired():
    cache.set("one", "old", 60)
    age("%one")

    assert cache.add("one", "new", 60) is True
    assert cache.get("one") == "new"


def test_cache_touches_only_what_is_there():
    cache.set("one", "kept", 60)

    assert (cache.touch("one", 600), cache.touch("two", 600)) == (True, False)
    assert (cache.get("one"), cache.get("two")) == ("kept", None)


def test_cache_does_not_revive_what_has_expired():
    cache.set("one", "old", 60)
    age("%one")

    assert cache.touch("one", 600) is False
    assert cache.get("one") is None


def test_cache_without_a_timeout_keeps_for_good_and_with_none_left_for_no_time():
    cache.set("good", "kept", None)
    cache.set("gone", "kept", -1)

    assert (cache.get("good"), cache.get("gone")) == ("kept", None)


def test_cache_forgets_no_limit_however_many_entries_there_are():
    cache.set("limit", "10 guesses", 900)
    for n in range(350):
        cache.set(f"flood-{n:03}", n, 900)

    assert cache.get("limit") == "10 guesses"
    assert count() == 351


def test_cache_sweeps_what_has_expired_as_it_goes():
    for n in range(SWEPT + 5):
        cache.set(f"old-{n}", n, 60)
    age("%old-%")

    cache.set("new", 1, 60)
    assert count() == 6
    cache.set("newer", 1, 60)
    assert count() == 2
