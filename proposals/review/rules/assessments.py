"""Who writes and who reads reviews, one sentence each."""

from typing import Any

from proposals.intake.models import Proposal
from proposals.intake.states import Status
from proposals.review.models import Assessment, Assignment, ReviewPlan
from proposals.review.states import Answer


def may_open(user: Any, assignment: Assignment) -> bool:
    """A reviewer opens what they accepted, as long as Access grants it and no conflict bars it."""
    if not user.is_active or assignment.user_id != user.pk or assignment.answer != Answer.ACCEPTED:
        return False
    return Proposal.objects.visible_to(user).filter(pk=assignment.proposal_id).exists()


def is_open(assignment: Assignment) -> bool:
    """Reviews are written and revised until the panel: while the proposal is under review in the phase assigned."""
    proposal = assignment.proposal
    return proposal.status == Status.UNDER_REVIEW and proposal.phase_id == assignment.phase_id


def may_write(user: Any, assignment: Assignment) -> bool:
    """A reviewer writes their own review while reviews are open."""
    return is_open(assignment) and may_open(user, assignment)


def has_submitted(assignment: Assignment) -> bool:
    """Whether a review was submitted on this assignment, once at least."""
    return Assessment.objects.filter(assignment=assignment, submitted_at__isnull=False).exists()


def may_read_others(user: Any, assignment: Assignment) -> bool:
    """A reviewer reads the others' reviews once their own is in; at once where the phase's plan is not blind."""
    if not may_open(user, assignment):
        return False
    plan = ReviewPlan.objects.filter(phase=assignment.phase_id).only("is_blind").first()
    return has_submitted(assignment) or (plan is not None and not plan.is_blind)


def may_read_all(user: Any, thing: Any = None) -> bool:  # noqa: ARG001  # the admin asks every rule about a thing
    """Staff who read every proposal read its reviews; of which proposals is `visible_to`'s to say."""
    return bool(user.is_active and getattr(user, "reads_all", False))
