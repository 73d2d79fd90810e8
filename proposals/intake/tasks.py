"""What the workers are asked for: remind, tell, scan the files that are held, clear away bytes without a row."""

from celery import shared_task
from django.utils import timezone

from proposals.intake import actions
from proposals.outbox.gateways.bell import bell


@shared_task(name="intake.remind")  # type: ignore[untyped-decorator]
def remind() -> None:
    """End the views of those who represent nobody any more, begin what is due now, and tell it."""
    actions.close_views()
    actions.remind(now=timezone.now())
    tell()


@shared_task(name="intake.tell")  # type: ignore[untyped-decorator]
def tell() -> None:
    """Tell whoever is still to be told; ring for another run where this one met its bound."""
    if actions.tell():
        bell.ring("intake.tell")


@shared_task(name="intake.scan")  # type: ignore[untyped-decorator]
def scan() -> None:
    """Have held files scanned; a scanner that is away is asked again in the next round."""
    actions.scan_held()


@shared_task(name="intake.tidy")  # type: ignore[untyped-decorator]
def tidy() -> None:
    """Delete uploads that never became a row."""
    actions.clear_away()
