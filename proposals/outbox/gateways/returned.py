"""Reading a mail that came back to us: a delivery report (RFC 3464), a complaint (RFC 5965), or neither."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import Message as Part
from email.utils import getaddresses, parsedate_to_datetime

from proposals.outbox.calculations.reports import printable
from proposals.outbox.states import Report

MOST_BYTES = 2**20
ACTIONS = {"failed": Report.BOUNCED, "delayed": Report.DELAYED}
# What mail servers write the envelope's recipient into; our own return address is looked for there first.
RECIPIENT_HEADERS = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To")
_STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
_BY_A_SERVER = re.compile(r"(?i)\b(mailer-daemon|postmaster)@|^<>$|\bmailer-daemon\b")


@dataclass(frozen=True)
class Returned:
    """What a returned mail says: `report` None for an answer that reports nothing, such as a holiday notice.

    `to` are the addresses it may have been returned to, the likeliest first; `at` is None where no time is given;
    `fingerprint` is the same however often the mail is handed over.
    """

    report: Report | None
    to: tuple[str, ...]
    reply: str
    at: datetime | None
    fingerprint: str


def read_returned(raw: bytes) -> Returned:
    """What the bytes of a mail say; never raises, however they are broken."""
    mail = message_from_bytes(raw[:MOST_BYTES], policy=policy.compat32)
    report, reply, at = _told(mail)
    original = next((part for part in mail.walk() if part is not mail and part["Return-Path"]), None)
    to = [address for name in RECIPIENT_HEADERS for address in _addresses(mail, name)]
    to += _addresses(original, "Return-Path") if report == Report.COMPLAINED and original is not None else []
    known = str(mail["Message-ID"] or "").strip()
    return Returned(
        report=report,
        to=tuple(dict.fromkeys(to)),
        reply=reply,
        at=at or _instant(str(mail["Date"] or "")),
        fingerprint=hashlib.sha256(known.encode("utf-8", "replace") if known else raw).hexdigest(),
    )


def _told(mail: Part) -> tuple[Report | None, str, datetime | None]:
    """The report, the words and the time, from the part that is made for machines, or from a server's plain words."""
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            return _delivery_status(list(_blocks(part)))
        if kind == "message/feedback-report":
            fields = next(_blocks(part), part)
            words = " ".join(_field(fields, name) for name in ("Feedback-Type", "User-Agent", "Source-IP"))
            return Report.COMPLAINED, printable(words), _instant(_field(fields, "Arrival-Date"))
    sender = f"{mail['Return-Path'] or ''} {mail['From'] or ''}".strip()
    if _BY_A_SERVER.search(sender) and (said := _STATUS.search(words := _plain_text(mail))):
        line = next(line for line in words.splitlines() if said.group(0) in line)
        return {"5": Report.BOUNCED, "4": Report.DELAYED}.get(said.group(1)), printable(line), None
    return None, "", None


def _delivery_status(blocks: list[Part]) -> tuple[Report | None, str, datetime | None]:
    """One mail has one recipient, so the first block with an action speaks for it.

    "failed" is final whatever its status: a server that gives up after days says 4.4.7.
    """
    block = next((each for each in blocks if each["Action"] or each["Status"]), None)
    if block is None:
        return None, "", None
    action, status = _field(block, "Action").lower(), _field(block, "Status")
    report = ACTIONS.get(action)
    if not action:
        report = {"5": Report.BOUNCED, "4": Report.DELAYED}.get(status[:1])
    words = [_field(block, name) for name in ("Final-Recipient", "Status", "Diagnostic-Code", "Remote-MTA")]
    when = _instant(_field(block, "Last-Attempt-Date"))
    return report, printable(" | ".join(word for word in words if word)), when


def _blocks(part: Part) -> Iterator[Part]:
    """The groups of fields in a report; a broken report has none."""
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (each for each in payload if isinstance(each, Part))


def _field(part: Part, name: str) -> str:
    return printable(str(part[name] or "")).strip()


def _addresses(mail: Part, name: str) -> list[str]:
    found = getaddresses([printable(str(value)) for value in mail.get_all(name, [])])
    return [address for _name, address in found if "@" in address]


def _plain_text(mail: Part) -> str:
    part = next((part for part in mail.walk() if part.get_content_type() == "text/plain"), None)
    payload = part.get_payload(decode=True) if part is not None else None
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _instant(text: str) -> datetime | None:
    """A date of a mail, in UTC; None where it cannot be read."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
