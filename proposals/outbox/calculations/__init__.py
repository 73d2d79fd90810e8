"""Pure rules of mail: inert text, subject and body, what a reply means, when to try again, and signed words."""

from proposals.outbox.calculations.retries import (
    GIVE_UP_AFTER,
    History,
    Outcome,
    classify,
    next_step,
    retry_at,
)
from proposals.outbox.calculations.signatures import STOPPABLE, read_stop_token, stop_token
from proposals.outbox.calculations.texts import inert, split_subject

__all__ = [
    "GIVE_UP_AFTER",
    "STOPPABLE",
    "History",
    "Outcome",
    "classify",
    "inert",
    "next_step",
    "read_stop_token",
    "retry_at",
    "split_subject",
    "stop_token",
]
