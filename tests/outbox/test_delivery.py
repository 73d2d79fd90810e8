import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from proposals.outbox import actions
from proposals.outbox.actions.delivery import _carry, claim
from proposals.outbox.gateways import Relay
from proposals.outbox.models import Attempt, Heartbeat, Message
from proposals.outbox.states import Delivery, Kind, Priority, Result, SmtpPhase
from tests.factories import make_message
from tests.proofs.sink import Fault

pytestmark = pytest.mark.django_db
T0 = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


def evidence(message):
    return list(message.evidence.values_list("outcome", "phase", "code"))


def step(message, *, at):
    """One run at a moment; the message as it stands after it."""
    actions.deliver(now=at)
    message.refresh_from_db()
    return message


def test_deliver_sends_what_is_due_with_evidence(relay):
    message = step(make_message(now=T0), at=T0)
    assert (message.delivery, message.sent_at, message.attempts, message.lease_id) == (Delivery.SENT, T0, 1, None)
    assert evidence(message) == [(Result.SENT, SmtpPhase.DOT, 250)]
    assert message.last_reply == "2.0.0 kept"
    [received] = relay.mails
    assert received.to == [message.address]
    assert received.mail["Message-ID"] == message.message_id


def test_deliver_leaves_what_is_not_due(relay):
    message = step(make_message(now=T0 + timedelta(seconds=1)), at=T0)
    assert (message.delivery, message.attempts, relay.mails) == (Delivery.QUEUED, 0, [])


def test_deliver_sends_a_batch_over_one_connection(relay):
    for _ in range(30):
        make_message(now=T0)
    run = actions.deliver(now=T0)
    assert (run.tried, run.sent, run.more) == (30, 30, False)
    assert len(relay.talks) == 1


def test_deliver_stops_at_its_bound_and_says_so(relay):
    for _ in range(3):
        make_message(now=T0)
    assert actions.deliver(mails=2, now=T0).more is True
    assert actions.deliver(mails=2, now=T0).more is False
    assert len(relay.mails) == 3


def test_deliver_sends_the_urgent_first(relay):
    routine = make_message(now=T0 - timedelta(hours=1), priority=Priority.ROUTINE)
    status = make_message(now=T0, priority=Priority.STATUS)
    security = make_message(now=T0, priority=Priority.SECURITY, kind=Kind.SECURITY)
    actions.deliver(now=T0)
    assert [each.to[0] for each in relay.mails] == [security.address, status.address, routine.address]


@pytest.mark.parametrize("phase", ["connect", "hello", "mail", "rcpt", "data", "dot"])
def test_deliver_4yz_is_tried_again_at_the_right_time(relay, phase):
    relay.script(Fault(phase, "451 4.7.1 Greylisted", times=2 if phase == "hello" else 1))  # EHLO, then HELO
    message = step(make_message(now=T0), at=T0)
    assert (message.delivery, relay.mails) == (Delivery.QUEUED, [])
    assert message.last_reply == "4.7.1 Greylisted"
    assert evidence(message) == [(Result.TRANSIENT, phase, 451)]
    assert timedelta(seconds=54) <= message.due_at - T0 <= timedelta(seconds=66)
    step(message, at=message.due_at - timedelta(microseconds=1))
    assert relay.mails == []
    assert step(message, at=message.due_at).delivery == Delivery.SENT
    assert len(relay.to(message.address)) == 1


@pytest.mark.parametrize("phase", ["mail", "rcpt", "data", "dot"])
def test_deliver_5yz_is_final(relay, phase):
    relay.script(Fault(phase, "550 5.1.1 No such user"))
    message = step(make_message(now=T0), at=T0)
    assert (message.delivery, message.last_reply) == (Delivery.REFUSED, "5.1.1 No such user")
    assert evidence(message) == [(Result.PERMANENT, phase, 550)]
    step(message, at=T0 + timedelta(days=30))
    assert message.attempts == 1


@pytest.mark.parametrize("phase", ["connect", "hello"])
def test_deliver_5yz_of_the_relay_itself_refuses_no_mail(relay, phase):
    relay.script(Fault(phase, "554 5.3.2 Closed for upkeep"))
    first, second = make_message(now=T0), make_message(now=T0)
    assert step(first, at=T0).delivery == Delivery.QUEUED
    second.refresh_from_db()
    assert (first.attempts, second.attempts) == (1, 0)  # a relay that is not there is not asked once a mail
    relay.script()
    actions.deliver(now=first.due_at)
    assert len(relay.mails) == 2


def test_deliver_refusal_of_one_recipient_stops_nobody_else(relay):
    bad, good = make_message(now=T0, to="gone@example.org"), make_message(now=T0)
    relay.script(Fault("rcpt", "550 5.1.1 No such user", to="gone@example.org"))
    run = actions.deliver(now=T0)
    bad.refresh_from_db()
    assert (run.tried, run.sent, bad.delivery) == (2, 1, Delivery.REFUSED)
    assert [each.to for each in relay.mails] == [[good.address]]
    assert len(relay.talks) == 1


@pytest.mark.parametrize("what", ["drop", "hang", "garbage"])
@pytest.mark.parametrize("phase", ["connect", "hello", "mail", "rcpt", "data"])
def test_deliver_cut_before_the_dot_is_tried_again(relay, phase, what):
    relay.script(Fault(phase, what, times=2))  # twice: a hang-up on a connection in use is tried anew at once
    message = step(make_message(now=T0), at=T0)
    assert message.delivery == Delivery.QUEUED
    assert evidence(message) == [(Result.TRANSIENT, phase, None)]
    relay.script()
    assert step(message, at=message.due_at).delivery == Delivery.SENT
    assert len(relay.mails) == 1


@pytest.mark.parametrize("what", ["drop", "hang", "garbage"])
def test_deliver_cut_after_the_dot_is_sent_once_more_with_the_same_id(relay, what):
    relay.script(Fault("dot", what))
    message = step(make_message(now=T0), at=T0)
    assert message.delivery == Delivery.UNCERTAIN
    assert step(message, at=message.due_at).delivery == Delivery.DEAD
    step(message, at=T0 + timedelta(days=30))
    assert [each.mail["Message-ID"] for each in relay.mails] == [message.message_id] * 2
    assert evidence(message) == [(Result.UNCERTAIN, SmtpPhase.DOT, None)] * 2


def test_deliver_after_an_uncertain_try_is_sent(relay):
    relay.script(Fault("dot", "drop", times=1))
    message = step(make_message(now=T0), at=T0)
    assert step(message, at=message.due_at).delivery == Delivery.SENT
    assert {each.mail["Message-ID"] for each in relay.mails} == {message.message_id}


def test_deliver_keeps_message_id_and_date_over_all_tries(relay):
    relay.script(Fault("dot", "drop", times=1))
    message = step(make_message(now=T0), at=T0)
    step(message, at=message.due_at)
    first, second = (each.mail for each in relay.mails)
    assert [first[name] for name in ("Message-ID", "Date", "Subject")] == [
        second[name] for name in ("Message-ID", "Date", "Subject")
    ]


def test_deliver_gives_up_after_72_hours(relay):
    relay.script(Fault("rcpt", "450 4.2.2 Mailbox full"))
    message = make_message(now=T0)
    for _ in range(60):
        if step(message, at=message.due_at).delivery == Delivery.DEAD:
            break
    last = message.evidence.last()
    assert (message.delivery, last.at) == (Delivery.DEAD, T0 + timedelta(hours=72))
    assert message.attempts == message.evidence.count()
    assert 38 <= message.attempts <= 42  # 4 in the first 81 minutes, then every two hours, give or take the jitter


def test_deliver_opens_a_stale_connection_anew(settings):
    from tests.proofs.sink import Sink

    with Sink(commands_each=5) as strict:  # hangs up with 421 at the sixth mail
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", strict.port
        for _ in range(12):
            make_message(now=T0)
        run = actions.deliver(now=T0)
        assert (run.tried, run.sent, len(strict.mails)) == (12, 12, 12)
        assert len(strict.talks) == 3
    assert Attempt.objects.count() == 12


def test_claim_counts_the_attempt_before_the_work():
    message = make_message(now=T0)
    claimed = claim(now=T0)
    message.refresh_from_db()
    assert claimed.pk == message.pk
    assert (message.delivery, message.attempts) == (Delivery.SENDING, 1)
    assert message.lease_id == claimed.lease_id
    assert claim(now=T0) is None


def test_claim_takes_an_expired_lease_only(settings):
    settings.OUTBOX_LEASE_S = 100
    make_message(now=T0)
    first = claim(now=T0)
    assert claim(now=T0 + timedelta(seconds=99)) is None
    second = claim(now=T0 + timedelta(seconds=100))
    assert (second.pk, second.attempts) == (first.pk, 2)
    assert second.lease_id != first.lease_id


def test_deliver_after_a_crash_sends_and_keeps_the_evidence(relay):
    message = make_message(now=T0)
    claim(now=T0)  # and the worker dies
    assert step(message, at=T0).delivery == Delivery.SENDING
    assert step(message, at=T0 + timedelta(seconds=10)).delivery == Delivery.SENT
    assert evidence(message) == [(Result.CRASHED, SmtpPhase.UNKNOWN, None), (Result.SENT, SmtpPhase.DOT, 250)]
    assert (message.attempts, len(relay.mails)) == (2, 1)


def test_deliver_five_crashes_are_enough(relay):
    message, other = make_message(now=T0), make_message(now=T0)
    at = T0
    for _ in range(5):
        assert claim(now=at).pk == message.pk
        at += timedelta(seconds=10)
    assert step(message, at=at).delivery == Delivery.DEAD
    assert evidence(message) == [(Result.CRASHED, SmtpPhase.UNKNOWN, None)] * 5
    assert [each.to for each in relay.mails] == [[other.address]]


def test_deliver_poison_stops_nobody_else(relay, monkeypatch):
    poison, good = make_message(now=T0, to="poison@example.org"), make_message(now=T0)
    send = Relay.send

    def crash(self, mail, **options):
        if mail.to == poison.address:
            raise MemoryError
        return send(self, mail, **options)

    monkeypatch.setattr(Relay, "send", crash)
    at = T0
    for _ in range(9):
        poison = step(poison, at=at)
        at = poison.due_at
    assert (poison.delivery, poison.attempts) == (Delivery.DEAD, 5)
    assert len(relay.to(good.address)) == 1


def test_settle_of_a_lost_lease_changes_only_the_evidence(relay):
    message = make_message(now=T0)
    slow = claim(now=T0)
    claim(now=T0 + timedelta(seconds=10))
    relay.script(Fault("rcpt", "550 5.1.1 No such user"))
    with Relay() as open_relay:
        _carry(slow, open_relay, lease_began=time.monotonic(), now=T0 + timedelta(seconds=11))
    message.refresh_from_db()
    assert message.delivery == Delivery.SENDING
    assert evidence(message) == [(Result.CRASHED, SmtpPhase.UNKNOWN, None), (Result.PERMANENT, SmtpPhase.RCPT, 550)]


def test_settle_sent_wins_whoever_holds_the_lease(relay):
    message = make_message(now=T0)
    slow = claim(now=T0)
    claim(now=T0 + timedelta(seconds=10))
    with Relay() as open_relay:
        _carry(slow, open_relay, lease_began=time.monotonic(), now=T0 + timedelta(seconds=11))
    message.refresh_from_db()
    assert (message.delivery, message.lease_id) == (Delivery.SENT, None)


@pytest.mark.parametrize("fault", [None, Fault("rcpt", "550 5.1.1 No such user")])
def test_deliver_wipes_a_security_message_once_it_is_final(relay, fault):
    relay.script(*([fault] if fault else []))
    message = step(make_message(now=T0, kind=Kind.SECURITY, text="key", html="<p>key</p>", link="/key"), at=T0)
    assert (message.text, message.html, message.link) == ("", "", "")


def test_deliver_keeps_a_security_message_that_waits(relay):
    relay.script(Fault("rcpt", "450 4.2.2 Mailbox full"))
    message = step(make_message(now=T0, kind=Kind.SECURITY, text="key"), at=T0)
    assert message.text == "key"


def test_deliver_keeps_the_text_of_other_kinds(relay):
    assert step(make_message(now=T0), at=T0).text == "What is new.\n"


def test_order_is_kept_about_the_same_thing_to_the_same_person(relay):
    same = {"about_type": "proposal", "about_id": "1", "to": "pi@example.org"}
    first, second = make_message(now=T0, **same), make_message(now=T0, **same)
    other = make_message(now=T0, about_type="proposal", about_id="2", to="pi@example.org")
    relay.script(Fault("rcpt", "450 4.2.2 Mailbox full", times=1))
    actions.deliver(now=T0)
    assert [each.mail["Message-ID"] for each in relay.mails] == [other.message_id]
    first.refresh_from_db()
    actions.deliver(now=first.due_at)
    assert [each.mail["Message-ID"] for each in relay.mails[1:]] == [first.message_id, second.message_id]


def test_order_does_not_wait_for_a_retry_over_15_minutes_away(relay):
    same = {"about_type": "proposal", "about_id": "1", "to": "pi@example.org"}
    make_message(now=T0 + timedelta(minutes=16), **same)
    second = make_message(now=T0, **same)
    actions.deliver(now=T0)
    assert [each.mail["Message-ID"] for each in relay.mails] == [second.message_id]


def test_order_does_not_hold_back_another_priority(relay):
    same = {"about_type": "proposal", "about_id": "1", "to": "pi@example.org"}
    make_message(now=T0 + timedelta(minutes=1), priority=Priority.ROUTINE, **same)
    urgent = make_message(now=T0, **same)
    actions.deliver(now=T0)
    assert [each.mail["Message-ID"] for each in relay.mails] == [urgent.message_id]


@pytest.mark.parametrize("state", [Delivery.DIGEST, Delivery.SITE, Delivery.BOUNCED, Delivery.REFUSED, Delivery.DEAD])
def test_order_is_not_held_up_by_what_will_not_leave(relay, state):
    same = {"about_type": "proposal", "about_id": "1", "to": "pi@example.org", "kind": Kind.REMINDER}
    kept = make_message(now=T0, delivery=state, **same)
    second = make_message(now=T0, **same)
    actions.deliver(now=T0 + timedelta(days=30))
    kept.refresh_from_db()
    assert [each.mail["Message-ID"] for each in relay.mails] == [second.message_id]
    assert (kept.delivery, kept.attempts) == (state, 0)


def test_order_lets_a_decision_overtake_reminders_about_the_same(relay):
    same = {"about_type": "proposal", "about_id": "1", "to": "pi@example.org"}
    reminders = [make_message(now=T0, kind=Kind.REMINDER, priority=Priority.REMINDER, **same) for _ in range(2)]
    decision = make_message(now=T0, kind=Kind.STATUS, priority=Priority.STATUS, **same)
    actions.deliver(now=T0)
    assert [each.mail["Message-ID"] for each in relay.mails] == [each.message_id for each in (decision, *reminders)]


@pytest.mark.parametrize(("fault", "outcome"), [(None, Result.SENT), (Fault("dot", "drop"), Result.UNCERTAIN)])
def test_settle_does_not_undo_a_bounce_that_came_first(relay, fault, outcome):
    """The mail was taken, and came back, before the worker could write down what it knew."""
    relay.script(*([fault] if fault else []))
    message = make_message(now=T0)
    slow = claim(now=T0)
    Message.objects.filter(pk=message.pk).update(delivery=Delivery.BOUNCED)  # its lease not given back
    with Relay() as open_relay:
        _carry(slow, open_relay, lease_began=time.monotonic(), now=T0)
    message.refresh_from_db()
    assert (message.delivery, message.sent_at) == (Delivery.BOUNCED, None)
    assert message.evidence.get().outcome == outcome


def test_deliver_by_any_other_backend_keeps_evidence_without_a_code(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    message = step(make_message(now=T0), at=T0)
    assert (message.delivery, message.sent_at, evidence(message)) == (Delivery.SENT, T0, [(Result.SENT, SmtpPhase.DOT, None)])


def test_deliver_ends_a_mail_before_its_lease_however_long_the_claim_took(relay, settings):
    settings.OUTBOX_LEASE_S, settings.EMAIL_TIMEOUT = 10, 1
    make_message(now=T0)
    slow = claim(now=T0)
    with Relay() as open_relay:
        _carry(slow, open_relay, lease_began=time.monotonic() - 9, now=T0)
    assert (relay.mails, evidence(slow)) == ([], [(Result.TRANSIENT, SmtpPhase.CONNECT, None)])


def test_beat_leaves_one_heartbeat():
    actions.beat(now=T0)
    actions.beat(now=T0 + timedelta(seconds=5))
    assert list(Heartbeat.objects.values_list("name", "at")) == [("sweep", T0 + timedelta(seconds=5))]


@pytest.mark.django_db(transaction=True)
def test_claim_by_two_connections_gives_each_message_once():
    import threading

    wanted = {make_message(now=T0).pk for _ in range(60)}
    taken = [[], []]
    start = threading.Barrier(2)

    def work(mine):
        start.wait()
        while (message := claim(now=T0)) is not None:
            mine.append(message.pk)
        connection.close()

    threads = [threading.Thread(target=work, args=(each,)) for each in taken]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken[0] + taken[1]) == sorted(wanted)
    assert Message.objects.filter(attempts=1).count() == 60


@pytest.mark.django_db(transaction=True)
def test_claim_does_not_wait_for_a_row_that_is_being_claimed(other_connection):
    held, free = make_message(now=T0), make_message(now=T0)
    other_connection.execute("SELECT 1 FROM proposals_message WHERE id = %s FOR UPDATE", [held.pk])
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '2s'")
    assert claim(now=T0).pk == free.pk
    assert claim(now=T0) is None
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")
