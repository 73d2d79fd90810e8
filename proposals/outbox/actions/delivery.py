"""Delivery: claim one due message, hand it to the relay, write down what came of it; until nothing is due."""

import random
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from proposals.outbox import gateways
from proposals.outbox.calculations import History, Outcome, next_step
from proposals.outbox.models import Attempt, Heartbeat, Message
from proposals.outbox.queries import history_of
from proposals.outbox.states import FINAL, Delivery, Kind, Result, SmtpPhase

log = structlog.get_logger(__name__)

# One run of a task ends after this long, or after OUTBOX_BATCH mails: short, so that a worker asked to stop
# has stopped before anyone insists.
MOST_SECONDS = 5.0

# An earlier mail to the same address about the same thing goes first, unless its retry waits longer than this.
ORDER_KEPT_FOR = timedelta(minutes=15)

# The index over what is open has exactly this condition.
_OPEN = "NOT ({0}.delivery IN (" + ", ".join(f"'{state.value}'" for state in sorted(FINAL)) + "))"

# One statement, so that a claim costs one round trip and one commit. SKIP LOCKED lets two workers take two rows;
# the attempt is counted before the work; a lease found expired is a crash, and leaves its evidence here.
CLAIM = f"""
WITH next AS (
    SELECT m.id, m.delivery AS was FROM proposals_message m
    WHERE {_OPEN.format("m")}
      AND m.due_at <= %(now)s
      AND (m.delivery <> 'sending' OR m.leased_until <= %(now)s)
      AND (m.about_id = '' OR NOT EXISTS (
            SELECT FROM proposals_message e
            WHERE e.about_type = m.about_type AND e.about_id = m.about_id AND e.id < m.id
              AND e.address = m.address AND e.priority = m.priority
              AND {_OPEN.format("e")}
              AND e.due_at <= %(order_until)s))
    ORDER BY m.priority, m.due_at, m.id
    FOR UPDATE OF m SKIP LOCKED
    LIMIT 1
), broken_off AS (
    INSERT INTO proposals_attempt (message_id, at, phase, outcome, reply)
    SELECT id, %(now)s, 'unknown', 'crashed', 'The worker ended before it could say what came of it.' FROM next
    WHERE was = 'sending'
)
UPDATE proposals_message AS m
SET delivery = 'sending', attempts = m.attempts + 1, lease_id = %(lease)s, leased_until = %(until)s
FROM next WHERE m.id = next.id
RETURNING m.*, next.was
"""  # noqa: S608  # nothing but our own enum is put in


@dataclass
class Run:
    """What one run of delivery did; `more` says that it stopped at its bound, not for want of mail."""

    tried: int = 0
    sent: int = 0
    more: bool = False


def deliver(*, mails: int | None = None, seconds: float = MOST_SECONDS, now: datetime | None = None) -> Run:
    """This will send what is due, one mail after another, each outcome committed before the next is claimed.

    It stops when nothing is due, at either bound, or when the relay cannot be reached. `now` is for tests:
    without it the clock is read anew for each mail. Any number of runs may go side by side.
    """
    run = Run()
    mails = mails or settings.OUTBOX_BATCH
    end = time.monotonic() + seconds
    with gateways.Relay() as relay:
        while relay.usable:
            if run.tried >= mails or time.monotonic() > end:
                run.more = True
                break
            message = claim(now=now or timezone.now())
            if message is None:
                break
            run.tried += 1
            run.sent += _carry(message, relay, now=now) == Delivery.SENT
    return run


def claim(*, now: datetime) -> Message | None:
    """This will take the next due message for one lease, and count the attempt; None where nothing is due."""
    until = now + timedelta(seconds=settings.OUTBOX_LEASE_S)
    values = {"now": now, "order_until": now + ORDER_KEPT_FOR, "lease": uuid.uuid4(), "until": until}
    return next(iter(Message.objects.raw(CLAIM, values)), None)


def beat(*, now: datetime) -> None:
    """This will note that the sweep has run: beat, broker and worker are all alive."""
    Heartbeat.objects.update_or_create(name="sweep", defaults={"at": now})


def _carry(message: Message, relay: gateways.Relay, *, now: datetime | None) -> Delivery:
    """Send one claimed message and settle it; one that has crashed too often is given up unsent."""
    give_up_at = time.monotonic() + settings.OUTBOX_LEASE_S - settings.EMAIL_TIMEOUT
    if getattr(message, "was", "") == Delivery.SENDING:
        moment = now or timezone.now()
        delivery, _ = next_step(Result.CRASHED, history_of(message, now=moment), now=moment, jitter=0)
        if delivery == Delivery.DEAD:
            _stand(message, delivery, None, reply="", now=moment)
            return delivery
    try:
        outcome = relay.send(_mail(message), give_up_at=give_up_at)
    except Exception as error:  # one poisonous message must not stop the others
        log.exception("outbox.attempt_crashed", message=message.pk)
        outcome = Outcome(Result.CRASHED, SmtpPhase.UNKNOWN, None, type(error).__name__)
    return _settle(message, outcome, now=now or timezone.now())


@transaction.atomic
def _settle(message: Message, outcome: Outcome, *, now: datetime) -> Delivery:
    """Write the evidence of an attempt and where the message stands now, together."""
    Attempt.objects.create(
        message=message, at=now, phase=outcome.phase, outcome=outcome.result, code=outcome.code, reply=outcome.reply
    )
    history = History(first_at=now) if outcome.result == Result.SENT else history_of(message, now=now)
    delivery, due_at = next_step(outcome.result, history, now=now, jitter=random.random())  # noqa: S311  # no secret
    _stand(message, delivery, due_at, reply=outcome.reply, now=now)
    return delivery


def _stand(message: Message, delivery: Delivery, due_at: datetime | None, *, reply: str, now: datetime) -> None:
    """Write where a message stands. Only the holder of its lease may, but what the server took is sent, whoever says so."""
    changes: dict[str, Any] = {"delivery": delivery, "lease_id": None, "leased_until": None, "last_reply": reply}
    if due_at:
        changes["due_at"] = due_at
    if delivery == Delivery.SENT:
        changes["sent_at"] = now
    if delivery in FINAL and message.kind == Kind.SECURITY:
        changes |= {"text": "", "html": "", "link": ""}  # it holds a key to an account
    mine = Message.objects.filter(pk=message.pk)
    mine = mine.exclude(delivery=Delivery.SENT) if delivery == Delivery.SENT else mine.filter(lease_id=message.lease_id)
    if mine.update(**changes) and delivery in {Delivery.REFUSED, Delivery.DEAD}:
        log.warning("outbox.undeliverable", message=message.pk, delivery=delivery.value)


def _mail(message: Message) -> gateways.Mail:
    return gateways.Mail(
        to=message.address,
        subject=message.subject,
        text=message.text,
        html=message.html,
        language=message.language,
        message_id=message.message_id,
        thread_id=message.thread_id,
        written_at=message.created_at,
        calendar=message.calendar,
    )
