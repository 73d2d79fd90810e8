"""What came back: a report about a mail is kept as evidence, decides where the mail stands, and stops no other mail."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.db import transaction

from proposals.audit.actions import record
from proposals.outbox.calculations import read_bounce_address
from proposals.outbox.calculations.reports import Heard
from proposals.outbox.gateways.returned import read_returned
from proposals.outbox.models import Attempt, Bounce, Message
from proposals.outbox.rules import may_repeat
from proposals.outbox.states import Delivery, Kind, Report, ReportSource, Result, SmtpPhase

log = structlog.get_logger(__name__)

# What the word that it was delivered settles: doubt, a try that failed for us alone, and an earlier bounce.
_MENDED = (Delivery.QUEUED, Delivery.SENDING, Delivery.UNCERTAIN, Delivery.DEAD, Delivery.BOUNCED)
_NEVER_MAILED = (Delivery.DIGEST, Delivery.SITE)


class NotOurs(Exception):
    """The mail was not returned to an address that we sent from, or its mark is forged, or the mail is gone."""


@transaction.atomic
def hear(heard: Heard, *, now: datetime) -> Message | None:
    """This will keep a report about one of our mails, and give that mail; None where it is about none of ours.

    Reports come twice, late and in any order: the same one again changes nothing, and one from before the mail was
    started anew, or before what is known already, is kept without moving the mail.
    """
    message = _meant(heard)
    if message is None:
        return None
    at = min(heard.at, now)
    if heard.report is None:
        _delivered(message, heard, at=at, now=now)
    else:
        _came_back(message, heard, heard.report, at=at)
    return message


def hear_all(reports: Iterable[Heard], *, now: datetime) -> int:
    """This will keep several reports, each by itself, and give how many were about mails of ours."""
    return sum(hear(heard, now=now) is not None for heard in reports)


def take_back(raw: bytes, *, recipient: str, now: datetime) -> Report | None:
    """This will read a mail returned to us and keep what it reports; None where it reports nothing, as a holiday notice.

    `recipient` is the envelope's, where the mail server told it; else the mail's own headers are asked. Raises NotOurs.
    """
    returned = read_returned(raw)
    numbers = (read_bounce_address(address) for address in (recipient, *returned.to))
    number = next((each for each in numbers if each is not None), None)
    if number is None:
        raise NotOurs
    if returned.report is None:
        return None
    heard = Heard(
        event_id=f"returned:{number}:{returned.report.value}:{returned.fingerprint}",
        report=returned.report,
        source=ReportSource.RETURNED_MAIL,
        at=returned.at or now,
        reply=returned.reply,
        number=number,
    )
    if hear(heard, now=now) is None:
        raise NotOurs
    return returned.report


@transaction.atomic
def close_bounces(address: str, *, by: Any, about: Message, now: datetime) -> int:
    """This will set aside what came back from an address, and give how many reports that were.

    Raises PermissionDenied.
    """
    if not may_repeat(by):
        raise PermissionDenied
    closed = Bounce.objects.open().filter(address=address).update(closed_at=now, closed_by=by)
    if closed:
        record("message.bounce_closed", by=by, about=about, reports=closed)
    return closed


def _meant(heard: Heard) -> Message | None:
    """The mail that a report is about, locked until this transaction ends."""
    ours = Message.objects.select_for_update(of=("self",)).order_by("pk")
    if heard.number is not None:
        return ours.filter(pk=heard.number).first()
    if heard.message_id:
        return ours.filter(message_id=heard.message_id).first()
    if not (heard.provider_id and heard.address):  # both: an empty id would fit every mail whose server said nothing
        return None
    taken = {"evidence__outcome": Result.SENT, "evidence__reply": heard.provider_id}
    return ours.filter(address=heard.address, **taken).first()


def _came_back(message: Message, heard: Heard, report: Report, *, at: datetime) -> None:
    """A bounce, a delay or a complaint, kept once; only a bounce says that the mail did not arrive."""
    bounce, is_new = Bounce.objects.get_or_create(
        event_id=heard.event_id,
        defaults={
            "report": report,
            "source": heard.source,
            "address": message.address,
            "message": message,
            "reply": heard.reply,
            "at": at,
        },
    )
    if not is_new:
        return
    _keep(message, Result(report.value), heard.reply, at=at)
    if report == Report.DELAYED:
        return
    if report == Report.BOUNCED and not _overtaken(message, at=at):
        _stand(message, {"delivery": Delivery.BOUNCED, "last_reply": bounce.reply})
    record(f"message.{report.value}", by=None, about=message, bounce=bounce.pk, source=heard.source)
    log.warning("outbox.came_back", message=message.pk, report=report.value, source=heard.source)


def _overtaken(message: Message, *, at: datetime) -> bool:
    """Whether something later is known: staff started the mail anew, or it was delivered."""
    if message.delivery in _NEVER_MAILED:
        return True
    return message.evidence.filter(outcome__in=[Result.AGAIN, Result.DELIVERED], at__gt=at).exists()


def _delivered(message: Message, heard: Heard, *, at: datetime, now: datetime) -> None:
    """The provider has handed the mail to its reader's server: that settles doubt, and what came back before."""
    if message.evidence.filter(outcome=Result.DELIVERED, at=at).exists():
        return
    _keep(message, Result.DELIVERED, heard.reply, at=at)
    later = message.evidence.filter(outcome__in=[Result.AGAIN, Result.BOUNCED], at__gt=at).exists()
    if message.delivery in _MENDED and not later:
        _stand(message, {"delivery": Delivery.SENT, "sent_at": at})
    mended = Bounce.objects.open().filter(address=message.address, report=Report.BOUNCED, at__lte=at)
    if closed := mended.update(closed_at=now):
        record("message.bounce_closed", by=None, about=message, reports=closed)


def _keep(message: Message, result: Result, reply: str, *, at: datetime) -> None:
    Attempt.objects.create(message=message, at=at, phase=SmtpPhase.DOT, outcome=result, reply=reply)


def _stand(message: Message, changes: dict[str, Any]) -> None:
    """Where the mail stands from now on; whoever holds its lease has lost it."""
    changes |= {"lease_id": None, "leased_until": None}
    if message.kind == Kind.SECURITY:
        changes |= {"text": "", "html": "", "link": ""}  # it holds a key to an account
    Message.objects.filter(pk=message.pk).update(**changes)
