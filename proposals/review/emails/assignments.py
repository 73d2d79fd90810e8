"""Who is told what of an assignment; references and days alone, neither titles nor names of reviewers to others."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from proposals.intake.calculations.reminders import roughly
from proposals.outbox.actions import post
from proposals.outbox.states import Kind, Priority
from proposals.partners.models import User
from proposals.review.models import Assignment


def asked(person: User, assignments: Sequence[Assignment], *, key: str, now: datetime) -> None:
    """One mail for all new questions: how many and until when. It is about no one proposal, so it names none."""
    days = sorted({each.due_at for each in assignments if each.due_at})
    post(
        key=key,
        to=person,
        template="review_asked",
        context={"call_code": assignments[0].phase.call.code, "count": len(assignments), "due_at": days[0] if days else None},
        kind=Kind.TEAM,
        link=home(),
        now=now,
    )


def declined(assignment: Assignment, *, now: datetime) -> None:
    """To the secretariat's mailbox: a place is open again. Who declined and why is read on the site."""
    post(
        key=f"review-declined:{assignment.pk}",
        to=settings.SECRETARIAT_EMAIL,
        template="review_declined",
        context=_about(assignment),
        kind=Kind.NOTICE,
        about=assignment.proposal,
        link=page(assignment),
        now=now,
    )


def taken_off(assignment: Assignment, *, now: datetime) -> None:
    """To the reviewer: there is nothing to do any more."""
    _tell(assignment, "review_taken_off", key=f"review-taken-off:{assignment.pk}", now=now)


def due_moved(assignment: Assignment, *, now: datetime) -> None:
    """To the reviewer: the day that now holds."""
    _tell(assignment, "review_due_moved", key=f"review-due-moved:{assignment.pk}:{now.astimezone(UTC).isoformat()}", now=now)


def due(assignment: Assignment, *, key: str, now: datetime) -> None:
    """To the reviewer: the review is due soon, or overdue. The time left, told from this instant, is rounded."""
    due_at = assignment.due_at or now
    context = {"as_of": due_at - roughly(due_at - now), "written_at": now, "overdue": now >= due_at}
    _tell(assignment, "review_reminder", key=key, now=now, kind=Kind.REMINDER, **context)


def unanswered(assignment: Assignment, *, key: str, now: datetime) -> None:
    """To the reviewer: a question has waited for days; a no helps as much as a yes."""
    _tell(assignment, "review_unanswered", key=key, now=now, kind=Kind.REMINDER, written_at=now)


def overdue(assignment: Assignment, *, key: str, now: datetime) -> None:
    """To the secretariat's mailbox: a review is a week late."""
    post(
        key=key,
        to=settings.SECRETARIAT_EMAIL,
        template="review_overdue",
        context=_about(assignment),
        kind=Kind.NOTICE,
        about=assignment.proposal,
        link=page(assignment),
        now=now,
    )


def home() -> str:
    """Where reviewers find what they are asked, and what is due."""
    return reverse("admin:index")


def page(assignment: Assignment) -> str:
    """The staff's page of an assignment."""
    return reverse("admin:proposals_assignment_change", args=[assignment.pk])


def _tell(assignment: Assignment, template: str, *, key: str, now: datetime, kind: Kind = Kind.TEAM, **more: Any) -> None:
    post(
        key=key,
        to=assignment.user,
        template=template,
        context={**_about(assignment), **more},
        kind=kind,
        priority=Priority.REMINDER if kind == Kind.REMINDER else Priority.ROUTINE,
        about=assignment.proposal,
        link=home(),
        now=now,
    )


def _about(assignment: Assignment) -> dict[str, Any]:
    return {"reference": assignment.proposal.reference or "", "due_at": assignment.due_at}
