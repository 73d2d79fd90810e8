"""The doorbell of the workers: worth a moment, never worth waiting for."""

import time

import structlog
from celery import current_app
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

QUIET_S = 5.0  # as often as the sweep comes by itself


class Bell:
    """Remembers a broker that did not answer, so that not every request of a process waits for it."""

    def __init__(self) -> None:
        self.quiet_until = 0.0

    def ring(self, task: str) -> bool:
        """Send a task's name to the broker; False where it could not be sent, or was not tried."""
        if time.monotonic() < self.quiet_until:
            return False
        try:
            current_app.send_task(task, ignore_result=True, expires=60)
        except (KombuError, RedisError, OSError) as error:
            self.quiet_until = time.monotonic() + QUIET_S
            log.warning("outbox.bell_failed", task=task, error=type(error).__name__)
            return False
        return True


bell = Bell()


def knock() -> bool:
    """Wake a worker for what is due. A lost knock costs latency only: the sweep finds the rest."""
    return bell.ring("outbox.deliver")
