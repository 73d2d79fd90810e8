"""What the workers are asked for: look whether anybody has come into a conflict."""

from celery import shared_task
from django.utils import timezone

from proposals.review.actions import conflicts


@shared_task(name="review.watch")  # type: ignore[untyped-decorator]
def watch() -> None:
    """Find conflicts that began or ended since the last look, and bar or let in."""
    conflicts.watch(now=timezone.now())
