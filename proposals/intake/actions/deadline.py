"""The extension of a deadline: here rather than in `calls`, because it tells everyone with a proposal."""

from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from proposals.calls import actions as calls
from proposals.calls.models import Phase
from proposals.intake.actions.reminders import hurry
from proposals.intake.models import Telling
from proposals.intake.queries.deadlines import concerned_by
from proposals.intake.states import Fact


@transaction.atomic
def extend_deadline(phase: Phase, *, closes_at: datetime, by: Any, now: datetime) -> int:
    """This will move a deadline later, the days that follow with it, and have everyone in a live proposal's team told.

    One message a person, however many proposals they have; returns how many people that are. The workers write them,
    so that a thousand people keep neither the request nor the call's row waiting. Raises PermissionDenied, or
    DeadlineNotMovable as `calls.actions.extend` does.
    """
    was = Phase.objects.get(pk=phase.pk).closes_at
    moved = calls.extend(phase, closes_at=closes_at, by=by, now=now)
    details = {
        "was": was.isoformat(),
        "late_until": phase.late_until.isoformat() if phase.late_until else None,
        "dates": [[date.label, date.on.isoformat()] for date in moved],
    }
    key = f"{Fact.EXTENDED}:{phase.pk}:{closes_at.astimezone(UTC).isoformat()}"
    Telling.objects.create(key=key, fact=Fact.EXTENDED, phase=phase, deadline_at=phase.closes_at, details=details, begun_at=now)
    hurry()
    return concerned_by(phase).count()
