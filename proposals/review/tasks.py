"""What the workers are asked for: look for conflicts, make plans of assignment, remind reviewers."""

from celery import shared_task
from django.utils import timezone

from proposals.outbox.gateways.bell import bell
from proposals.review.actions import conflicts, pairings, reminders


@shared_task(name="review.watch")  # type: ignore[untyped-decorator]
def watch() -> None:
    """Find conflicts that began or ended since the last look, and bar or let in."""
    conflicts.watch(now=timezone.now())


@shared_task(name="review.pair")  # type: ignore[untyped-decorator]
def pair() -> None:
    """Make the plan of assignment that has waited longest; ring for the next."""
    if pairings.solve(now=timezone.now()):
        bell.ring("review.pair")


@shared_task(name="review.remind")  # type: ignore[untyped-decorator]
def remind() -> None:
    """Remind reviewers of what is due now."""
    reminders.remind(now=timezone.now())
