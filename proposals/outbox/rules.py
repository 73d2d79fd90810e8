"""Who may touch what was sent, and who chooses what is."""

from typing import Any

from proposals.outbox.models import Message
from proposals.outbox.states import FAILED, Delivery, Kind

# Their link is a key that only the address it was made for can use: sent elsewhere it would open nothing.
FOR_ONE_ADDRESS = {"team_invitation", "organisation_invitation"}
# The beginning of the key of a copy that staff sent to another address.
READDRESSED = "readdress:"


def may_repeat(user: Any) -> bool:
    """The secretariat may send a message again."""
    return bool(user.is_active) and getattr(user, "staff_role", "") == "secretariat"


def can_retry(message: Message) -> bool:
    """What failed is tried again, but never sign-in mail: a person asks for a new one of those."""
    return message.delivery in FAILED and message.kind != Kind.SECURITY


def can_resend(message: Message) -> bool:
    """What was sent goes out once more, and what failed at an address that its reader has left."""
    left = message.recipient is not None and message.recipient.email != message.address
    return message.kind != Kind.SECURITY and (message.delivery == Delivery.SENT or (message.delivery in FAILED and left))


def can_readdress(message: Message) -> bool:
    """A person's mail that failed, was sent or was put off goes to another address, unless it carries a key.

    What went to a bare address was made for it: an offer, or a role mailbox's copy with the link that ends such mail.
    """
    if message.kind == Kind.SECURITY or message.template in FOR_ONE_ADDRESS:
        return False
    if message.recipient_id is None and not message.key.startswith(READDRESSED):
        return False
    put_off = message.delivery == Delivery.QUEUED and message.attempts > 0
    return message.delivery in FAILED or message.delivery == Delivery.SENT or put_off


def may_choose(by: Any, user: Any) -> bool:
    """A person chooses their own mail."""
    return bool(by.is_active) and by.pk == user.pk
