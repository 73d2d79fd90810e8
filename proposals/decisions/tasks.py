"""What the workers are asked for: the releases whose instant has come."""

from celery import shared_task
from django.utils import timezone

from proposals.decisions.actions.releases import release_due


@shared_task(name="decisions.release")  # type: ignore[untyped-decorator]
def release() -> None:
    """Do the releases that are due."""
    release_due(now=timezone.now())
