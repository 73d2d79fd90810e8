from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied

from proposals.audit.models import Event
from proposals.outbox import actions
from proposals.outbox.actions import CannotRepeat
from proposals.outbox.models import Message
from proposals.outbox.states import Delivery, Kind
from proposals.partners.states import StaffRole
from tests.factories import make_message, make_staff, make_user
from tests.proofs.sink import Fault

pytestmark = pytest.mark.django_db
T0 = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


def state(message):
    message.refresh_from_db()
    return message.delivery


@pytest.mark.parametrize("failed", [Delivery.REFUSED, Delivery.DEAD])
def test_retry_sends_a_failed_message_with_its_own_id(relay, failed):
    message, staff = make_message(now=T0, delivery=failed), make_staff()
    actions.retry(message, by=staff, now=T0)
    actions.deliver(now=T0)
    assert state(message) == Delivery.SENT
    assert relay.mails[0].mail["Message-ID"] == message.message_id
    assert list(Event.objects.values_list("verb", "actor_id", "subject_id")) == [("message.retried", staff.pk, str(message.pk))]


def test_retry_counts_from_nought(relay):
    relay.script(Fault("dot", "drop"))
    message = make_message(now=T0)
    for _ in range(2):
        actions.deliver(now=message.due_at)
        message.refresh_from_db()
    assert message.delivery == Delivery.DEAD
    later = T0 + timedelta(days=9)
    actions.retry(message, by=make_staff(), now=later)
    relay.script(Fault("rcpt", "450 4.2.2 Mailbox full", times=1))
    actions.deliver(now=later)
    assert state(message) == Delivery.QUEUED
    assert later < message.due_at < later + timedelta(minutes=2)
    actions.deliver(now=message.due_at)
    assert state(message) == Delivery.SENT


@pytest.mark.parametrize("delivery", [Delivery.QUEUED, Delivery.SENDING, Delivery.UNCERTAIN])
def test_retry_and_resend_refuse_what_is_under_way(delivery):
    message = make_message(now=T0, delivery=delivery)
    for verb in (actions.retry, actions.resend):
        with pytest.raises(CannotRepeat):
            verb(message, by=make_staff(), now=T0)
    assert (state(message), Event.objects.count(), Message.objects.count()) == (delivery, 0, 1)


def test_retry_and_resend_refuse_sign_in_messages():
    failed = make_message(now=T0, delivery=Delivery.DEAD, kind=Kind.SECURITY)
    sent = make_message(now=T0, delivery=Delivery.SENT, sent_at=T0, kind=Kind.SECURITY)
    with pytest.raises(CannotRepeat):
        actions.retry(failed, by=make_staff(), now=T0)
    with pytest.raises(CannotRepeat):
        actions.resend(sent, by=make_staff(), now=T0)


@pytest.mark.parametrize("person", [make_user, lambda: make_staff(role=StaffRole.OBSERVER), lambda: make_staff(is_active=False)])
def test_retry_and_resend_are_for_the_secretariat(person):
    failed, sent = make_message(delivery=Delivery.DEAD), make_message(delivery=Delivery.SENT, sent_at=T0)
    by = person()
    with pytest.raises(PermissionDenied):
        actions.retry(failed, by=by, now=T0)
    with pytest.raises(PermissionDenied):
        actions.resend(sent, by=by, now=T0)
    assert (state(failed), Message.objects.count()) == (Delivery.DEAD, 2)


def test_resend_is_a_mail_of_its_own_to_todays_address(relay):
    person, staff = make_user(), make_staff()
    message = make_message(to="old@example.org", recipient=person, delivery=Delivery.SENT, sent_at=T0)
    fresh = actions.resend(message, by=staff, now=T0)
    actions.deliver(now=T0)
    [received] = relay.mails
    assert received.to == [person.email]
    assert received.mail["Message-ID"] == fresh.message_id != message.message_id
    assert (received.mail["References"], received.mail["Subject"]) == (message.message_id, message.subject)
    assert list(Event.objects.values_list("verb", "data")) == [("message.resent", {"as_message": fresh.pk})]
    assert Message.objects.shown_to(person.pk).unread().count() == 1  # the inbox does not show it twice as new
