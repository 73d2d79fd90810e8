"""A connection kept from request to request: one that the server has ended is found out before it is used."""

import pytest
from django.db import connection, connections


def end_from_outside(pid):
    """What a restart of the server does to a connection."""
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            assert cursor.fetchone() == (True,)
    finally:
        other.close()


def pid():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_connection_is_kept_from_request_to_request():
    first = pid()
    connection.close_if_unusable_or_obsolete()

    assert pid() == first


@pytest.mark.django_db(transaction=True)
def test_connection_that_the_server_ended_is_replaced_before_it_is_used():
    first = pid()
    end_from_outside(first)
    connection.close_if_unusable_or_obsolete()  # as Django does when a request begins

    assert pid() != first


@pytest.mark.django_db(transaction=True)
def test_connection_is_usable_while_it_lives():
    pid()
    assert connection.is_usable()
    connection.connection.close()
    assert not connection.is_usable()
    connection.close()
    assert not connection.is_usable()
