"""Who declares, takes back and overrides a conflict, one sentence each."""

from typing import Any

from proposals.intake.models import Proposal
from proposals.intake.rules import may_triage
from proposals.partners.states import StaffRole
from proposals.review.models import Assignment, Conflict
from proposals.review.states import DECLARED


def may_see_conflicts(user: Any, conflict: Conflict | None = None) -> bool:  # noqa: ARG001  # which ones is the query's to say
    """Staff who read every proposal see who is barred from those that they see."""
    return bool(user.is_active and getattr(user, "reads_all", False))


def may_declare(by: Any, proposal: Proposal, *, user: Any) -> bool:
    """Staff declare their own conflict with what they see or are asked to judge; the secretariat also that of others."""
    if not (by.is_active and by.is_staff and user.is_staff):
        return False
    if by.pk == user.pk:
        return knows(by, proposal)
    return may_triage(by) and sees(by, proposal)


def may_withdraw_declaration(user: Any, conflict: Conflict) -> bool:
    """The secretariat takes back what was declared in error, never about themselves."""
    return may_triage(user) and conflict.kind in DECLARED and _stands_for_another(user, conflict)


def may_override(user: Any, conflict: Conflict) -> bool:
    """The chair overrides a conflict that stands, never one of their own, and never over what is barred to the chair."""
    chairs = bool(user.is_active and getattr(user, "staff_role", "") == StaffRole.CHAIR)
    return chairs and _stands_for_another(user, conflict)


def sees(user: Any, proposal: Proposal) -> bool:
    """Whether the proposal exists for this person."""
    return Proposal.objects.visible_to(user).filter(pk=proposal.pk).exists()


def knows(user: Any, proposal: Proposal) -> bool:
    """Whether this person sees the proposal or, not barred from it, is asked to judge it."""
    if sees(user, proposal):
        return True
    asked = Assignment.objects.standing().filter(user=user.pk, proposal=proposal.pk)
    return asked.exists() and not proposal.access.filter(user=user.pk, grant=False).exists()


def _stands_for_another(user: Any, conflict: Conflict) -> bool:
    stands = conflict.ended_at is None and conflict.overridden_at is None
    return stands and conflict.user_id != user.pk and sees(user, conflict.proposal)
