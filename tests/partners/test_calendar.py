"""The secret address of a person's calendar: made, made anew and removed by that person alone."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from proposals.audit.models import Event
from proposals.partners import actions, queries
from proposals.partners.models import CalendarKey
from tests.factories import NOW, make_staff, make_user

pytestmark = pytest.mark.django_db


def test_make_keeps_the_digest_alone_and_ends_the_address_before():
    user = make_user()
    first = actions.make_calendar_address(user, by=user, now=NOW)
    second = actions.make_calendar_address(user, by=user, now=NOW + timedelta(days=1))

    key = CalendarKey.objects.get()
    assert first != second
    assert {first, second} & {key.token_digest} == set()
    assert queries.calendar_key(first) is None
    assert queries.calendar_key(second) == key
    assert queries.calendar_made_at(user) == NOW + timedelta(days=1)
    assert queries.calendar_made_at(make_user()) is None
    assert [(event.verb, event.data) for event in Event.objects.all()] == [("calendar.made", {})] * 2


def test_make_and_remove_are_one_s_own():
    user = make_user()
    token = actions.make_calendar_address(user, by=user, now=NOW)
    for other in (make_user(), make_staff()):
        with pytest.raises(PermissionDenied):
            actions.make_calendar_address(user, by=other, now=NOW)
        with pytest.raises(PermissionDenied):
            actions.remove_calendar_address(user, by=other, now=NOW)
    assert queries.calendar_key(token) is not None


def test_remove_ends_it_once():
    user = make_user()
    token = actions.make_calendar_address(user, by=user, now=NOW)
    actions.remove_calendar_address(user, by=user, now=NOW)
    actions.remove_calendar_address(user, by=user, now=NOW)
    assert queries.calendar_key(token) is None
    assert [event.verb for event in Event.objects.order_by("pk")] == ["calendar.made", "calendar.removed"]


def test_key_of_a_closed_account_opens_nothing():
    user = make_user()
    token = actions.make_calendar_address(user, by=user, now=NOW)
    user.is_active = False
    user.save()
    assert queries.calendar_key(token) is None
