"""Who asks, answers and ends an assignment, one sentence each."""

from typing import Any

from proposals.intake.models import Proposal
from proposals.intake.states import Status
from proposals.partners.states import EXPERTS, StaffRole
from proposals.review.models import Assignment
from proposals.review.states import STANDING, Answer, ReviewKind

# A question to the team does not end the review of its proposal.
IN_REVIEW = {Status.UNDER_REVIEW, Status.CLARIFICATION}
JUDGES = {ReviewKind.SCIENCE: StaffRole.REVIEWER, ReviewKind.TECHNICAL: StaffRole.ASSESSOR}


def may_assign(user: Any) -> bool:
    """The secretariat says who is asked to judge what."""
    return bool(user.is_active and getattr(user, "staff_role", "") == StaffRole.SECRETARIAT)


def may_ask(user: Any, proposal: Proposal) -> bool:
    """The secretariat asks for a judgement of what is under review and does not bar them."""
    return may_assign(user) and is_in_review(proposal) and _knows(user, proposal)


def may_end(user: Any, assignment: Assignment) -> bool:
    """The secretariat takes somebody off, names the lead and moves the day, unless the proposal is barred to them."""
    return may_assign(user) and assignment.answer in STANDING and _knows(user, assignment.proposal)


def may_accept(user: Any, assignment: Assignment) -> bool:
    """Who was asked accepts, while the proposal is under review in the same phase and nothing bars them."""
    return (
        is_expert(user)
        and assignment.user_id == user.pk
        and assignment.answer == Answer.ASKED
        and is_in_review(assignment.proposal)
        and assignment.proposal.phase_id == assignment.phase_id
        and not is_barred(user, assignment.proposal)
    )


def may_decline(user: Any, assignment: Assignment) -> bool:
    """Who was asked says no, also after a yes, as long as no assessment of theirs is in."""
    return is_expert(user) and assignment.user_id == user.pk and assignment.answer in STANDING and not is_in(assignment)


def is_expert(user: Any) -> bool:
    """Science reviewers and technical assessors judge."""
    return bool(user.is_active and getattr(user, "staff_role", "") in EXPERTS)


def is_in_review(proposal: Proposal) -> bool:
    """Whether a judgement of it is still wanted."""
    return proposal.status in IN_REVIEW


def is_in(assignment: Assignment) -> bool:
    """Whether its assessment has been submitted."""
    found = getattr(assignment, "assessment", None)
    return found is not None and found.submitted_at is not None


def is_barred(user: Any, proposal: Proposal) -> bool:
    """Whether a conflict bars a person from a proposal."""
    return proposal.access.filter(user=user.pk, grant=False).exists()


def _knows(user: Any, proposal: Proposal) -> bool:
    return Proposal.objects.visible_to(user).filter(pk=proposal.pk).exists()
