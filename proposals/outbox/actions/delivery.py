"""Delivery: claim one due message, hand it to the relay, write down what came of it; until nothing is due."""

import random
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from proposals.outbox import gateways
from proposals.outbox.actions.claims import claim
from proposals.outbox.calculations import STOPPABLE, Outcome, next_step, stop_token
from proposals.outbox.models import Attempt, Heartbeat, Message
from proposals.outbox.queries import history_of
from proposals.outbox.states import FINAL, Delivery, Kind, Result, SmtpPhase

log = structlog.get_logger(__name__)

# One run of a task ends after this long, or after OUTBOX_BATCH mails: short, so that a worker asked to stop
# has stopped before anyone insists.
MOST_SECONDS = 5.0

# The part of a lease in which a mail is sent; the rest is for writing down what came of it.
FOR_THE_MAIL = 0.95


# The common end of an attempt in one statement: one round trip and one commit. What a server took is sent, whoever holds
# the lease by now; but a mail that has come back already stays so.
_SENT = """
WITH evidence AS (
    INSERT INTO proposals_attempt (message_id, at, phase, outcome, code, reply)
    VALUES (%(message)s, %(now)s, %(phase)s, 'sent', %(code)s, %(reply)s)
)
UPDATE proposals_message
SET delivery = 'sent', sent_at = %(now)s, lease_id = NULL, leased_until = NULL, last_reply = %(reply)s{also}
WHERE id = %(message)s AND delivery NOT IN ('sent', 'bounced')
"""
SENT = _SENT.format(also="")
SENT_AND_WIPED = _SENT.format(also=", text = '', html = '', link = ''")  # it holds a key to an account


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
            lease_began = time.monotonic()  # before the claim, which may have waited for the database
            message = claim(now=now or timezone.now())
            if message is None:
                break
            run.tried += 1
            run.sent += _carry(message, relay, lease_began=lease_began, now=now) == Delivery.SENT
    return run


def beat(*, now: datetime) -> None:
    """This will note that the sweep has run: beat, broker and worker are all alive."""
    Heartbeat.objects.update_or_create(name="sweep", defaults={"at": now})


def _carry(message: Message, relay: gateways.Relay, *, lease_began: float, now: datetime | None) -> Delivery:
    """Send one claimed message and settle it; one that has crashed too often is given up unsent."""
    if getattr(message, "was", "") == Delivery.SENDING:
        moment = now or timezone.now()
        delivery, _ = next_step(Result.CRASHED, history_of(message, now=moment), now=moment, jitter=0)
        if delivery == Delivery.DEAD:
            _stand(message, delivery, None, reply="")
            return delivery
    try:
        outcome = relay.send(_mail(message), end_at=lease_began + FOR_THE_MAIL * settings.OUTBOX_LEASE_S)
    except Exception as error:  # one poisonous message must not stop the others
        log.exception("outbox.attempt_crashed", message=message.pk)
        outcome = Outcome(Result.CRASHED, SmtpPhase.UNKNOWN, None, type(error).__name__)
    return _settle(message, outcome, now=now or timezone.now())


def _settle(message: Message, outcome: Outcome, *, now: datetime) -> Delivery:
    """Write the evidence of an attempt and where the message stands now, together."""
    if outcome.result == Result.SENT:
        values: dict[str, Any] = {
            "message": message.pk,
            "now": now,
            "phase": outcome.phase.value,
            "code": outcome.code,
            "reply": outcome.reply,
        }
        with connection.cursor() as cursor:
            cursor.execute(SENT_AND_WIPED if message.kind == Kind.SECURITY else SENT, values)
        return Delivery.SENT
    return _settle_failed(message, outcome, now=now)


@transaction.atomic
def _settle_failed(message: Message, outcome: Outcome, *, now: datetime) -> Delivery:
    Attempt.objects.create(
        message=message, at=now, phase=outcome.phase, outcome=outcome.result, code=outcome.code, reply=outcome.reply
    )
    delivery, due_at = next_step(outcome.result, history_of(message, now=now), now=now, jitter=random.random())  # noqa: S311  # no secret
    _stand(message, delivery, due_at, reply=outcome.reply)
    return delivery


def _stand(message: Message, delivery: Delivery, due_at: datetime | None, *, reply: str) -> None:
    """Write where a message stands that was not sent. Only the holder of its lease may."""
    changes: dict[str, Any] = {"delivery": delivery, "lease_id": None, "leased_until": None, "last_reply": reply}
    if due_at:
        changes["due_at"] = due_at
    if delivery in FINAL and message.kind == Kind.SECURITY:
        changes |= {"text": "", "html": "", "link": ""}
    mine = Message.objects.filter(pk=message.pk, lease_id=message.lease_id, delivery=Delivery.SENDING)
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
        number=message.pk,
        calendar=message.calendar,
        stop_url=_stop_url(message),
    )


def _stop_url(message: Message) -> str:
    """Where one click stops this kind of mail; none for what always comes."""
    if message.recipient_id is None or message.kind not in STOPPABLE:
        return ""
    return settings.SITE_URL + reverse("portal:unsubscribe", args=[stop_token(message.recipient_id, Kind(message.kind))])
