"""Starting anew by hand: what failed is tried again, what arrived is sent once more, what was misaddressed goes elsewhere."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from proposals.audit.actions import record
from proposals.outbox.actions.posting import ring
from proposals.outbox.models import Attempt, Bounce, Message, MessageQuerySet
from proposals.outbox.rules import READDRESSED, can_readdress, can_resend, may_repeat
from proposals.outbox.states import FAILED, Delivery, Kind, Result, SmtpPhase

MOST_AT_ONCE = 500


class CannotRepeat(Exception):
    """The message is under way, or it is a sign-in message: a person asks for a new one of those."""


@transaction.atomic
def retry(message: Message, *, by: Any, now: datetime) -> None:
    """This will put a message that failed back into the queue, with the same Message-ID and 72 h from now.

    Raises PermissionDenied, or CannotRepeat for any other state and for sign-in messages.
    """
    if not may_repeat(by):
        raise PermissionDenied
    failed = Message.objects.filter(pk=message.pk, delivery__in=sorted(FAILED)).exclude(kind=Kind.SECURITY)
    # compare and swap: of two clicks one finds it failed
    if not failed.update(delivery=Delivery.QUEUED, due_at=now, sent_at=None, lease_id=None, leased_until=None):
        raise CannotRepeat
    # from this line of the evidence on, failures and crashes are counted from nought
    Attempt.objects.create(message=message, at=now, phase=SmtpPhase.BUILD, outcome=Result.AGAIN)
    record("message.retried", by=by, about=message)
    ring()


@transaction.atomic
def retry_all(
    state: Delivery, *, since: datetime, until: datetime, by: Any, now: datetime, among: MessageQuerySet | None = None
) -> int:
    """This will try again what failed in a state and was written between two moments, the oldest 500; gives how many.

    `among` are the messages that `by` may know of, where that is not all. Each has its line in the trail.
    Raises PermissionDenied, or CannotRepeat for a state that is no failure.
    """
    if not may_repeat(by):
        raise PermissionDenied
    if state not in FAILED:
        raise CannotRepeat
    failed = failed_between(state, since=since, until=until, among=among)
    found = list(failed.select_for_update(skip_locked=True)[:MOST_AT_ONCE])
    for message in found:
        retry(message, by=by, now=now)
    return len(found)


def failed_between(state: Delivery, *, since: datetime, until: datetime, among: MessageQuerySet | None = None) -> MessageQuerySet:
    """The messages that `retry_all` would try, the oldest first."""
    written = Message.objects.filter(delivery=state, created_at__gte=since, created_at__lte=until)
    if among is not None:
        written = written.filter(pk__in=among.values("pk"))
    return written.exclude(kind=Kind.SECURITY).order_by("pk")


@transaction.atomic
def resend(message: Message, *, by: Any, now: datetime, request_key: UUID) -> Message:
    """This will send a message once more, to its reader's address of today, as a mail of its own in the same thread.

    A second request with the same key gives the first one's mail. Raises PermissionDenied, or CannotRepeat for a
    message under way, one that failed at the address of today (`retry` is for that), and sign-in messages.
    """
    if not may_repeat(by):
        raise PermissionDenied
    if not can_resend(message):
        raise CannotRepeat
    address = message.recipient.email if message.recipient else message.address
    fresh, is_new = _copy(message, address, to=message.recipient, key=f"resend:{message.pk}:{request_key.hex}", now=now)
    if is_new:
        record("message.resent", by=by, about=message, as_message=fresh.pk)
    return fresh


@transaction.atomic
def readdress(message: Message, address: str, *, by: Any, now: datetime, request_key: UUID) -> Message:
    """This will send this one message to another address, as a mail of its own in the same thread.

    No account changes: whoever could change its address could take it over. So the copy is an address's, not the
    person's: it carries no link that acts for them. What came back from an address that is no account's is set aside.
    A second request with the same key gives the first one's mail.
    Raises PermissionDenied, ValidationError, or CannotRepeat for what is under way, sign-in mail, and mail whose links
    are for one address only.
    """
    if not may_repeat(by):
        raise PermissionDenied
    if not can_readdress(message):
        raise CannotRepeat
    validate_email(address)
    fresh, is_new = _copy(message, address, to=None, key=f"{READDRESSED}{message.pk}:{request_key.hex}", now=now)
    if is_new:
        if message.recipient is None or message.recipient.email != message.address:
            Bounce.objects.open().filter(address=message.address).update(closed_at=now, closed_by=by)
        record("message.readdressed", by=by, about=message, as_message=fresh.pk)
    return fresh


def _copy(message: Message, address: str, *, to: Any, key: str, now: datetime) -> tuple[Message, bool]:
    """The same mail under a Message-ID of its own, and whether this request made it."""
    try:
        with transaction.atomic():
            fresh = Message.objects.create(
                **{name: getattr(message, name) for name in _COPIED},
                key=key,
                recipient=to,
                address=address,
                message_id=f"<{uuid4().hex}@{settings.MESSAGE_ID_DOMAIN}>",
                thread_id=message.thread_id or message.message_id,
                due_at=now,
                read_at=now,  # the inbox has the first one already
            )
    except IntegrityError:
        return Message.objects.get(key=key), False
    ring()
    return fresh, True


_COPIED = (
    "kind", "priority", "language", "template", "about_type", "about_id", "subject", "text", "html", "link", "calendar",
)  # fmt: skip
