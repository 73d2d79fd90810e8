"""What a mail server's reply means, and when to try again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from proposals.outbox.states import BEFORE_THE_MAIL, Delivery, Result, SmtpPhase

# Minutes to wait after the first failures; later ones wait the last figure. A common greylist opens after 1 to 15.
RETRY_AFTER_MIN = (1, 5, 15, 60, 120)
JITTER = 0.1
GIVE_UP_AFTER = timedelta(hours=72)
MOST_CRASHES = 5
MOST_UNCERTAIN = 2


@dataclass(frozen=True)
class Outcome:
    """What came of one attempt: the result, the phase reached, and the server's reply (no code if it gave none)."""

    result: Result
    phase: SmtpPhase
    code: int | None = None
    reply: str = ""


@dataclass(frozen=True)
class History:
    """What the evidence of one message counts, the latest attempt included; `first_at` is its first attempt."""

    first_at: datetime
    failures: int = 0
    uncertain: int = 0
    crashes: int = 0


def classify(phase: SmtpPhase, code: int | None) -> Result:
    """What a reply at a phase means for the mail (RFC 5321, 4.2.1); `code` is None for none, or for garbage.

    Silence after the final dot is uncertain: the server may have taken the mail. A 5yz before the sender is named
    (a wrong password, a relay closed for upkeep) would hit every mail, so it puts off and refuses none.
    """
    if phase == SmtpPhase.DOT:
        if code is None or not 200 <= code < 600 or 300 <= code < 400:
            return Result.UNCERTAIN
        if code < 300:
            return Result.SENT
    if code is not None and 500 <= code < 600 and phase not in BEFORE_THE_MAIL:
        return Result.PERMANENT
    return Result.TRANSIENT


def retry_at(failures: int, *, first_at: datetime, now: datetime, jitter: float) -> datetime | None:
    """When to try again after so many failures, or None once 72 h have passed since the first attempt.

    `jitter` between 0 and 1 spreads the wait by 10 % either way; the last try is at 72 h sharp.
    """
    end = first_at + GIVE_UP_AFTER
    if now >= end:
        return None
    minutes = RETRY_AFTER_MIN[min(failures, len(RETRY_AFTER_MIN)) - 1]
    return min(now + timedelta(minutes=minutes * (1 - JITTER + 2 * JITTER * jitter)), end)


def next_step(result: Result, history: History, *, now: datetime, jitter: float) -> tuple[Delivery, datetime | None]:
    """Where a message stands after an attempt, and when it is due again (None: never)."""
    if result == Result.SENT:
        return Delivery.SENT, None
    if result == Result.PERMANENT:
        return Delivery.REFUSED, None
    if history.crashes >= MOST_CRASHES or history.uncertain >= MOST_UNCERTAIN:
        return Delivery.DEAD, None
    due_at = retry_at(history.failures, first_at=history.first_at, now=now, jitter=jitter)
    if due_at is None:
        return Delivery.DEAD, None
    return Delivery.UNCERTAIN if history.uncertain else Delivery.QUEUED, due_at
