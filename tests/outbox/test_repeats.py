import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from proposals.audit.models import Event
from proposals.outbox import actions
from proposals.outbox.actions import CannotRepeat
from proposals.outbox.actions.repeats import readdress, retry_all
from proposals.outbox.models import Bounce, Message
from proposals.outbox.rules import FOR_ONE_ADDRESS
from proposals.outbox.states import Delivery, Kind, Report
from proposals.partners.states import StaffRole
from tests.factories import make_message, make_staff, make_user
from tests.proofs.sink import Fault

pytestmark = pytest.mark.django_db
T0 = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


def resend(message, *, by, now=T0, request_key=None):
    return actions.resend(message, by=by, now=now, request_key=request_key or uuid.uuid4())


def readdressed(message, address, *, by, request_key=None):
    return readdress(message, address, by=by, now=T0, request_key=request_key or uuid.uuid4())


def state(message):
    message.refresh_from_db()
    return message.delivery


@pytest.mark.parametrize("failed", [Delivery.REFUSED, Delivery.DEAD, Delivery.BOUNCED])
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
    for verb in (actions.retry, resend):
        with pytest.raises(CannotRepeat):
            verb(message, by=make_staff(), now=T0)
    with pytest.raises(CannotRepeat):
        readdressed(message, "new@example.org", by=make_staff())
    assert (state(message), Event.objects.count(), Message.objects.count()) == (delivery, 0, 1)


def test_retry_and_resend_refuse_sign_in_messages():
    failed = make_message(now=T0, delivery=Delivery.DEAD, kind=Kind.SECURITY)
    sent = make_message(now=T0, delivery=Delivery.SENT, sent_at=T0, kind=Kind.SECURITY)
    with pytest.raises(CannotRepeat):
        actions.retry(failed, by=make_staff(), now=T0)
    with pytest.raises(CannotRepeat):
        resend(sent, by=make_staff())
    for message in (failed, sent):
        with pytest.raises(CannotRepeat):
            readdressed(message, "thief@example.org", by=make_staff())
    assert Message.objects.count() == 2


@pytest.mark.parametrize("person", [make_user, lambda: make_staff(role=StaffRole.OBSERVER), lambda: make_staff(is_active=False)])
def test_retry_and_resend_are_for_the_secretariat(person):
    failed, sent = make_message(delivery=Delivery.DEAD), make_message(delivery=Delivery.SENT, sent_at=T0)
    by = person()
    with pytest.raises(PermissionDenied):
        actions.retry(failed, by=by, now=T0)
    with pytest.raises(PermissionDenied):
        resend(sent, by=by)
    with pytest.raises(PermissionDenied):
        readdressed(failed, "new@example.org", by=by)
    with pytest.raises(PermissionDenied):
        retry_all(Delivery.DEAD, since=T0, until=T0, by=by, now=T0)
    assert (state(failed), Message.objects.count()) == (Delivery.DEAD, 2)


def test_resend_is_a_mail_of_its_own_to_todays_address(relay):
    person, staff = make_user(), make_staff()
    message = make_message(to="old@example.org", recipient=person, delivery=Delivery.SENT, sent_at=T0)
    fresh = resend(message, by=staff)
    actions.deliver(now=T0)
    [received] = relay.mails
    assert received.to == [person.email]
    assert received.mail["Message-ID"] == fresh.message_id != message.message_id
    assert (received.mail["References"], received.mail["Subject"]) == (message.message_id, message.subject)
    assert list(Event.objects.values_list("verb", "data")) == [("message.resent", {"as_message": fresh.pk})]
    assert Message.objects.shown_to(person.pk).unread().count() == 1  # the inbox does not show it twice as new


def test_retry_of_a_mail_that_came_back_forgets_that_it_was_sent():
    message = make_message(now=T0, delivery=Delivery.BOUNCED, sent_at=T0)
    actions.retry(message, by=make_staff(), now=T0)
    assert (state(message), message.sent_at) == (Delivery.QUEUED, None)


def test_second_click_repeats_nothing():
    failed = make_message(delivery=Delivery.DEAD)
    sent = make_message(delivery=Delivery.SENT, sent_at=T0, recipient=make_user())
    staff, key = make_staff(), uuid.uuid4()
    actions.retry(failed, by=staff, now=T0)
    with pytest.raises(CannotRepeat):
        actions.retry(failed, by=staff, now=T0)
    assert resend(sent, by=staff, request_key=key) == resend(sent, by=staff, request_key=key)
    twice = [readdressed(sent, "new@example.org", by=staff, request_key=key) for _ in range(2)]
    assert (twice[0] == twice[1], Message.objects.count(), Event.objects.count()) == (True, 4, 3)


def test_resend_of_what_failed_needs_an_address_that_its_reader_left():
    stays, left = make_user(), make_user()
    failed = make_message(to=stays.email, recipient=stays, delivery=Delivery.BOUNCED)
    with pytest.raises(CannotRepeat):
        resend(failed, by=make_staff())
    moved = make_message(to="old@example.org", recipient=left, delivery=Delivery.BOUNCED)
    assert resend(moved, by=make_staff()).address == left.email


def test_readdressed_is_a_copy_for_an_address_and_no_account_changes(relay):
    person, staff = make_user(email="typo@example.org"), make_staff()
    message = make_message(to=person.email, recipient=person, delivery=Delivery.BOUNCED, calendar="BEGIN:VCALENDAR")
    fresh = readdressed(message, "right@example.org", by=staff)
    actions.deliver(now=T0)
    [received] = relay.mails
    assert (received.to, received.mail["References"]) == (["right@example.org"], message.message_id)
    assert (fresh.recipient, fresh.text, fresh.calendar) == (None, message.text, message.calendar)
    person.refresh_from_db()
    assert (person.email, state(message)) == ("typo@example.org", Delivery.BOUNCED)
    assert list(Event.objects.values_list("verb", "actor_id", "data")) == [
        ("message.readdressed", staff.pk, {"as_message": fresh.pk})
    ]


def bounced(message):
    return Bounce.objects.create(
        event_id=f"e{message.pk}", report=Report.BOUNCED, source="webhook", address=message.address, message=message, at=T0
    )


def test_readdressing_closes_what_came_back_from_a_mistyped_address_only():
    person, staff = make_user(), make_staff()
    bare = make_message(to="typo@example.org", delivery=Delivery.BOUNCED, key="readdress:1:x")
    own = make_message(to=person.email, recipient=person, delivery=Delivery.BOUNCED)
    first, second = bounced(bare), bounced(own)
    for message in (bare, own):
        readdressed(message, "right@example.org", by=staff)
    assert Bounce.objects.get(pk=first.pk).closed_by == staff
    assert list(Bounce.objects.open()) == [second]  # the account still has that address


@pytest.mark.parametrize("address", ["", "no", "a@b@c", "x@example.org\nBcc: all@example.org", "x@example.org, y@example.org"])
def test_readdressing_needs_one_real_address(address):
    message = make_message(delivery=Delivery.BOUNCED, recipient=make_user())
    with pytest.raises(ValidationError):
        readdressed(message, address, by=make_staff())
    assert Message.objects.count() == 1


@pytest.mark.parametrize("template", sorted(FOR_ONE_ADDRESS))
def test_offer_for_one_address_is_not_sent_to_another(template):
    message = make_message(delivery=Delivery.BOUNCED, recipient=make_user())
    assert readdressed(message, "other@example.org", by=make_staff()).template == "news"
    Message.objects.filter(pk=message.pk).update(template=template)
    message.refresh_from_db()
    with pytest.raises(CannotRepeat):
        readdressed(message, "other@example.org", by=make_staff())


def test_mail_made_for_a_bare_address_goes_nowhere_else():
    message = make_message(to="registry@example.org", delivery=Delivery.BOUNCED)
    with pytest.raises(CannotRepeat):
        readdressed(message, "other@example.org", by=make_staff())


def test_mail_that_is_put_off_may_go_elsewhere_while_it_is_still_tried():
    message = make_message(now=T0, attempts=3, recipient=make_user())
    assert readdressed(message, "right@example.org", by=make_staff()).address == "right@example.org"
    assert state(message) == Delivery.QUEUED


def test_all_that_was_given_up_in_a_time_is_tried_again():
    within = [make_message(delivery=Delivery.DEAD) for _ in range(2)]
    others = [make_message(delivery=Delivery.REFUSED), make_message(delivery=Delivery.DEAD, kind=Kind.SECURITY)]
    before = make_message(delivery=Delivery.DEAD)
    Message.objects.filter(pk__in=[message.pk for message in [*within, *others]]).update(created_at=T0)
    Message.objects.filter(pk=before.pk).update(created_at=T0 - timedelta(hours=2))
    hour = timedelta(hours=1)
    counts = [retry_all(Delivery.DEAD, since=T0 - hour, until=T0 + hour, by=make_staff(), now=T0) for _ in range(2)]
    assert (counts, [state(message) for message in within]) == ([2, 0], [Delivery.QUEUED] * 2)
    assert [state(message) for message in [*others, before]] == [Delivery.REFUSED, Delivery.DEAD, Delivery.DEAD]
    assert Event.objects.filter(verb="message.retried").count() == 2


@pytest.mark.parametrize("delivery", [Delivery.SENT, Delivery.QUEUED, Delivery.SITE])
def test_only_what_failed_is_tried_again_in_bulk(delivery):
    with pytest.raises(CannotRepeat):
        retry_all(delivery, since=T0, until=T0, by=make_staff(), now=T0)
