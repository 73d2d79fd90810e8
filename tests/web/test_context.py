"""The count of unread messages is the inbox's own."""

import pytest

from proposals.outbox.models import Message
from proposals.outbox.states import Kind
from proposals.web.context import unread_count
from tests.factories import make_message, make_user

pytestmark = pytest.mark.django_db


def test_unread_count_is_the_inboxs_for_each_reader(django_assert_num_queries):
    one, another = make_user(), make_user()
    for person, kinds in ((one, (Kind.RECEIPT, Kind.RECEIPT, Kind.SECURITY)), (another, (Kind.RECEIPT,))):
        for kind in kinds:
            make_message(recipient=person, kind=kind)

    for person, expected in ((one, 2), (another, 1), (make_user(), 0)):
        with django_assert_num_queries(1):
            assert unread_count(person.pk) == expected
        assert Message.objects.shown_to(person.pk).unread().count() == expected
