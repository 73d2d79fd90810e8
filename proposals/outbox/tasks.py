"""What the workers are asked for: deliver now, sweep every few seconds, write what is due once a day."""

from celery import shared_task
from django.utils import timezone

from proposals.outbox import actions, gateways


@shared_task(name="outbox.deliver")  # type: ignore[untyped-decorator]
def deliver() -> None:
    """Send what is due; ring for another run where this one met its bound."""
    if actions.deliver().more:
        gateways.knock()


@shared_task(name="outbox.sweep")  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Say that the chain from beat to worker is alive, and send what a lost ring or a dead worker left."""
    actions.beat(now=timezone.now())
    deliver()


@shared_task(name="outbox.digest")  # type: ignore[untyped-decorator]
def digest() -> None:
    """Write the daily digests that are due."""
    actions.digest(now=timezone.now())
