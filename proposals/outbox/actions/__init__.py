"""The verbs of mail: post in the business transaction, deliver after it, start anew by hand."""

from proposals.outbox.actions.delivery import beat, deliver
from proposals.outbox.actions.posting import OutsideTransaction, post, read, render, ring
from proposals.outbox.actions.repeats import CannotRepeat, resend, retry

__all__ = ["CannotRepeat", "OutsideTransaction", "beat", "deliver", "post", "read", "render", "resend", "retry", "ring"]
