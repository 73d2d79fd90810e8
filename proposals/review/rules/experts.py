"""Who keeps experts' profiles and plans of review, one sentence each."""

from typing import Any

from proposals.intake.rules import may_triage
from proposals.partners.states import EXPERTS
from proposals.review.models import Expert


def may_see_experts(user: Any, thing: Any = None) -> bool:  # noqa: ARG001  # the admin asks every rule about a thing
    """Staff who read every proposal know the experts and the plans; reviewers do not know each other."""
    return bool(user.is_active and getattr(user, "reads_all", False))


def may_keep_experts(user: Any, thing: Any = None) -> bool:  # noqa: ARG001  # the same
    """The secretariat writes experts' profiles and plans of review."""
    return may_triage(user)


def may_keep_own_profile(user: Any, expert: Expert) -> bool:
    """Experts say themselves what they know, read and can take on; for whom they work is the secretariat's to write."""
    return bool(user.is_active and user.is_staff and expert.user_id == user.pk)


def may_undertake(user: Any) -> bool:
    """Whoever judges accepts the undertaking, for themselves alone."""
    return bool(user.is_active and getattr(user, "staff_role", "") in EXPERTS)
