"""Sessions and their users: what Django's own store and the ORM would give, by one statement each."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DjangosStore
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone

from proposals.partners.models import User
from proposals.web.sessions import Backend, SessionStore
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def key():
    session = DjangosStore()
    session["place"] = "Lima"
    session.save()
    return session.session_key


def test_session_is_read_by_one_statement(key, django_assert_num_queries):
    session = SessionStore(key)

    with django_assert_num_queries(1):
        assert dict(session.items()) == {"place": "Lima"}

    assert session.session_key == key


def test_session_that_has_expired_is_none(key):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    session = SessionStore(key)

    assert (dict(session.items()), session.session_key) == ({}, None)


def test_session_that_is_unknown_is_none():
    session = SessionStore("nobody-ever-had-this-key")

    assert (dict(session.items()), session.session_key) == ({}, None)


def test_session_is_written_back_for_djangos_own_store(key, django_assert_num_queries):
    session = SessionStore(key)
    session["place"] = "Bologna"
    session.set_expiry(3600)

    with django_assert_num_queries(1):
        session.save()

    assert DjangosStore(key)["place"] == "Bologna"
    left = Session.objects.get().expire_date - timezone.now()
    assert timedelta(minutes=59) < left <= timedelta(minutes=60)


def test_session_that_has_ended_is_not_made_anew(key):
    session = SessionStore(key)
    session["place"] = "Bologna"
    Session.objects.all().delete()

    with pytest.raises(UpdateError):
        session.save()

    assert not Session.objects.exists()


@pytest.mark.parametrize(("gone", "renewed"), [(timedelta(hours=23), False), (timedelta(hours=25), True)])
def test_session_in_use_is_renewed_once_a_day(key, gone, renewed):
    Session.objects.update(expire_date=timezone.now() + timedelta(days=14) - gone)
    session = SessionStore(key)

    assert (session["place"], session.modified) == ("Lima", renewed)


def test_session_for_an_hour_is_not_written_at_each_page(key):
    session = SessionStore(key)
    session.set_expiry(3600)
    session.save()
    session = SessionStore(key)

    assert (session["place"], session.modified) == ("Lima", False)


def test_session_without_a_key_is_made_by_one_statement(django_assert_num_queries):
    session = SessionStore()
    session["place"] = "Islamabad"
    with django_assert_num_queries(3):  # two are the savepoint's, within the test's own transaction
        session.save()

    assert SessionStore(session.session_key)["place"] == "Islamabad"


def test_session_never_takes_over_one_that_is_there(key, monkeypatch):
    keys = iter([key, "f" * 32])
    monkeypatch.setattr(SessionStore, "_get_new_session_key", lambda _self: next(keys))
    session = SessionStore()
    session.create()

    assert (session.session_key, SessionStore(key)["place"]) == ("f" * 32, "Lima")


def test_session_is_ended_by_one_statement(key, django_assert_num_queries):
    with django_assert_num_queries(1):
        SessionStore(key).delete()
    SessionStore(key).delete()
    SessionStore().delete()

    assert not Session.objects.exists()


def test_user_of_a_session_is_the_orms(django_assert_num_queries):
    user = make_user()

    with django_assert_num_queries(1):
        found = Backend().get_user(user.pk)

    columns = [field.attname for field in User._meta.concrete_fields]
    there = User.objects.get(pk=user.pk)
    assert [getattr(found, name) for name in columns] == [getattr(there, name) for name in columns]
    assert found.get_deferred_fields() == set()


def test_user_who_may_no_longer_sign_in_is_none():
    user = make_user()
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert Backend().get_user(user.pk) is None


def test_user_who_is_gone_is_none():
    assert Backend().get_user(0) is None


def test_session_of_a_changed_password_ends(client):
    user = make_user()
    client.force_login(user)
    user.set_password("another quiet crater at dawn")
    user.save()
    request = HttpRequest()
    request.session = SessionStore(client.session.session_key)

    assert not get_user(request).is_authenticated
