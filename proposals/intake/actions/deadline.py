"""The extension of a deadline: here rather than in `calls`, because it tells everyone with a proposal."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse

from proposals.calls import actions as calls
from proposals.calls.models import Phase
from proposals.intake.queries.deadlines import concerned_by
from proposals.outbox.actions import post
from proposals.outbox.states import Kind


@transaction.atomic
def extend_deadline(phase: Phase, *, closes_at: datetime, by: Any, now: datetime) -> int:
    """This will move a deadline later, the days that follow with it, and tell everyone in a live proposal's team.

    One message a person, however many proposals they have; returns how many. Raises PermissionDenied, or
    DeadlineNotMovable as `calls.actions.extend` does.
    """
    was = Phase.objects.get(pk=phase.pk).closes_at
    moved = calls.extend(phase, closes_at=closes_at, by=by, now=now)
    context = {
        "call_title": phase.call.title,
        "call_code": phase.call.code,
        "phase_title": phase.title,
        "was": was,
        "closes_at": phase.closes_at,
        "late_until": phase.late_until,
        "dates": [(date.label, date.on) for date in moved],
    }
    people = list(concerned_by(phase))
    for person in people:
        post(
            key=f"deadline:{phase.pk}:{closes_at.isoformat()}:{person.pk}",
            to=person,
            template="deadline_extended",
            context=context,
            kind=Kind.DEADLINE,
            about=phase,
            link=reverse("portal:call", args=[phase.call.slug]),
            now=now,
        )
    return len(people)
