"""Verbs of a plan of review: save it, and bar or let in by what it says of countries."""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from proposals.audit.actions import record
from proposals.intake.models import Proposal
from proposals.review.actions.conflicts import refresh
from proposals.review.actions.experts import SavedMeanwhile
from proposals.review.models import ReviewPlan
from proposals.review.rules.experts import may_keep_experts

BARRING = {"country_conflict", "exempt_countries"}


@transaction.atomic
def save_plan(plan: ReviewPlan, *, by: Any, now: datetime, revision: int | None = None) -> ReviewPlan:
    """This will save how a phase is judged; a new rule on countries holds at once for the proposals of that phase.

    `revision` is the one the page was opened at. Raises PermissionDenied, ValidationError or SavedMeanwhile.
    """
    if not may_keep_experts(by):
        raise PermissionDenied
    plan.full_clean()
    is_new = plan._state.adding
    changed: dict[str, Any] = {}
    if not is_new:
        held = ReviewPlan.objects.select_for_update().get(pk=plan.pk)
        if revision is not None and held.revision != revision:
            raise SavedMeanwhile
        plan.revision, plan.phase_id = held.revision + 1, held.phase_id
        names = [field.attname for field in plan._meta.concrete_fields if field.attname not in {"revision", "undertaking"}]
        changed = {
            name: [getattr(held, name), getattr(plan, name)] for name in names if getattr(held, name) != getattr(plan, name)
        }
        if held.undertaking != plan.undertaking:
            changed["undertaking"] = "changed"
    plan.save()
    record("plan.made" if is_new else "plan.changed", by=by, about=plan, phase=plan.phase_id, changes=changed)
    if is_new or changed.keys() & BARRING:
        refresh(Proposal.objects.filter(phase=plan.phase_id).only("pk"), now=now, by=by)
    return plan
