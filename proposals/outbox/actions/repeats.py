"""Starting anew by hand: a message that failed is tried again, one that arrived is sent once more."""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction

from proposals.audit.actions import record
from proposals.outbox.actions.posting import ring
from proposals.outbox.models import Attempt, Message
from proposals.outbox.rules import may_repeat
from proposals.outbox.states import Delivery, Kind, Result, SmtpPhase


class CannotRepeat(Exception):
    """The message is under way, or it is a sign-in message: a person asks for a new one of those."""


@transaction.atomic
def retry(message: Message, *, by: Any, now: datetime) -> None:
    """This will put a refused or given-up message back into the queue, with the same Message-ID and 72 h from now.

    Raises PermissionDenied, or CannotRepeat for any other state and for sign-in messages.
    """
    if not may_repeat(by):
        raise PermissionDenied
    failed = Message.objects.filter(pk=message.pk, delivery__in=[Delivery.REFUSED, Delivery.DEAD]).exclude(kind=Kind.SECURITY)
    if not failed.update(delivery=Delivery.QUEUED, due_at=now, lease_id=None, leased_until=None):
        raise CannotRepeat
    # from this line of the evidence on, failures and crashes are counted from nought
    Attempt.objects.create(message=message, at=now, phase=SmtpPhase.BUILD, outcome=Result.AGAIN)
    record("message.retried", by=by, about=message)
    ring()


@transaction.atomic
def resend(message: Message, *, by: Any, now: datetime) -> Message:
    """This will send a message that was sent once more, as a mail of its own in the same thread.

    It goes to the person's address of today. Raises PermissionDenied, or CannotRepeat as `retry` does.
    """
    if not may_repeat(by):
        raise PermissionDenied
    if message.delivery != Delivery.SENT or message.kind == Kind.SECURITY:
        raise CannotRepeat
    fresh = Message.objects.create(
        **{name: getattr(message, name) for name in _COPIED},
        key=f"resend:{message.pk}:{uuid.uuid4().hex}",
        address=message.recipient.email if message.recipient else message.address,
        message_id=f"<{uuid.uuid4().hex}@{settings.MESSAGE_ID_DOMAIN}>",
        thread_id=message.thread_id or message.message_id,
        due_at=now,
        read_at=now,  # the inbox has the first one already
    )
    record("message.resent", by=by, about=message, as_message=fresh.pk)
    ring()
    return fresh


_COPIED = (
    "kind", "priority", "recipient", "language", "template", "about_type", "about_id", "subject", "text", "html", "link",
)  # fmt: skip
