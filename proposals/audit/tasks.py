"""Sealing the trail, every few minutes."""

from celery import shared_task
from django.utils import timezone

from proposals.audit import actions


@shared_task(name="audit.seal")  # type: ignore[untyped-decorator]
def seal() -> None:
    """Seal the events of the past minutes."""
    actions.seal(now=timezone.now())
