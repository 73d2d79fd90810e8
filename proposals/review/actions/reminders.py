"""Reminding reviewers: each is told once what is due, in a transaction of its own, whatever happens to beat."""

from datetime import datetime

import structlog
from django.db import InterfaceError, OperationalError, transaction

from proposals.review.emails import assignments as emails
from proposals.review.queries.reminders import Chase, chases, still_due

log = structlog.get_logger(__name__)


def remind(*, now: datetime) -> int:
    """This will write each reminder of a review that is due and was not written yet; returns how many it told of.

    Any number may run side by side: a message's key is its assignment's, its day's and its threshold's. Who cannot be told
    keeps nobody else waiting, and is tried again by the next beat.
    """
    return sum(_told(chase, now) for chase in chases(now))


def _told(chase: Chase, now: datetime) -> bool:
    try:
        with transaction.atomic():
            return _tell(chase, now)
    except (OperationalError, InterfaceError):
        raise  # the database's own trouble: the next beat does all of it again
    except Exception:
        log.exception("review.reminder_failed", key=chase.key)
        return False


def _tell(chase: Chase, now: datetime) -> bool:
    """Look again with the row held: whoever submitted this moment is not reminded."""
    assignment = still_due(chase)
    if assignment is None:
        return False
    if chase.of_question:
        emails.unanswered(assignment, key=chase.key, now=now)
        return True
    emails.due(assignment, key=chase.key, now=now)
    if chase.tells_staff:
        emails.overdue(assignment, key=f"{chase.key}:secretariat", now=now)
    return True
