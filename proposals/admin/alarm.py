"""The line on every page of the staff when mail stands still; asked at most every few seconds in each process."""

import time
from datetime import datetime

from proposals.outbox.queries import mail_health

KEPT_S = 10.0


class Alarm:
    """Whole minutes that the oldest due message has waited, where that is too long; else None."""

    def __init__(self) -> None:
        self.asked_until = 0.0
        self.minutes: int | None = None

    def __call__(self, now: datetime) -> int | None:
        """The answer, at most ten seconds old."""
        if time.monotonic() >= self.asked_until:
            health = mail_health(now)
            self.minutes = int((health.oldest_due_s or 0) // 60) if health.is_late else None
            self.asked_until = time.monotonic() + KEPT_S
        return self.minutes

    def forget(self) -> None:
        """Ask anew next time."""
        self.asked_until = 0.0


mail_alarm = Alarm()
