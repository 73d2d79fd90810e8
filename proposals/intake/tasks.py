"""What the workers are asked for: scan the files that are held, and clear away bytes without a row."""

from celery import shared_task

from proposals.intake import actions


@shared_task(name="intake.scan")  # type: ignore[untyped-decorator]
def scan() -> None:
    """Have held files scanned; a scanner that is away is asked again in the next round."""
    actions.scan_held()


@shared_task(name="intake.tidy")  # type: ignore[untyped-decorator]
def tidy() -> None:
    """Delete uploads that never became a row."""
    actions.clear_away()
