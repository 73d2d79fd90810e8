"""The verbs of mail: post in the business transaction, deliver after it, start anew by hand, choose what comes."""

from proposals.outbox.actions.delivery import beat, deliver
from proposals.outbox.actions.digests import digest
from proposals.outbox.actions.posting import OutsideTransaction, post, read, render, ring
from proposals.outbox.actions.repeats import CannotRepeat, resend, retry
from proposals.outbox.actions.wishes import CannotChoose, UnknownLink, prefer, prefer_each, stop_by_link

__all__ = [
    "CannotChoose",
    "CannotRepeat",
    "OutsideTransaction",
    "UnknownLink",
    "beat",
    "deliver",
    "digest",
    "post",
    "prefer",
    "prefer_each",
    "read",
    "render",
    "resend",
    "retry",
    "ring",
    "stop_by_link",
]
