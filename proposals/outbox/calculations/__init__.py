"""Pure rules of mail: inert text, subject and body, what a reply means, when to try again, how fast, and signed words."""

from proposals.outbox.calculations.days import digest_day, zone_of
from proposals.outbox.calculations.paces import BURST, gaps
from proposals.outbox.calculations.retries import (
    GIVE_UP_AFTER,
    History,
    Outcome,
    classify,
    next_step,
    retry_at,
)
from proposals.outbox.calculations.signatures import (
    STOPPABLE,
    bounce_address,
    read_bounce_address,
    read_stop_token,
    stop_token,
)
from proposals.outbox.calculations.texts import first_words, inert, split_subject

__all__ = [
    "BURST",
    "GIVE_UP_AFTER",
    "STOPPABLE",
    "History",
    "Outcome",
    "bounce_address",
    "classify",
    "digest_day",
    "first_words",
    "gaps",
    "inert",
    "next_step",
    "read_bounce_address",
    "read_stop_token",
    "retry_at",
    "split_subject",
    "stop_token",
    "zone_of",
]
