"""Who follows a discussion, who speaks in it and who concludes it, one sentence each."""

from typing import Any

from proposals.intake.models import Proposal
from proposals.intake.states import Status
from proposals.partners.states import StaffRole
from proposals.review.models import Assignment
from proposals.review.rules.assessments import has_submitted, may_open, may_read_all, may_read_others
from proposals.review.states import Answer

OPEN = {Status.UNDER_REVIEW, Status.CLARIFICATION, Status.PANEL}
# Until the panel the science review and the accommodation review are independent: neither reads the other.
APART = {Status.UNDER_REVIEW, Status.CLARIFICATION}
SPEAKERS = {StaffRole.SECRETARIAT, StaffRole.CHAIR, StaffRole.BOARD}


def seat_of(user: Any, proposal: Proposal) -> Assignment | None:
    """The assignment by which this person judges the proposal in its present phase."""
    found = Assignment.objects.filter(user=user.pk, proposal=proposal.pk, phase=proposal.phase_id, answer=Answer.ACCEPTED).first()
    if found is not None:
        found.proposal = proposal
    return found


def may_follow(user: Any, proposal: Proposal) -> bool:
    """Who may read a proposal's other reviews follows its discussion: its reviewers, and staff who read all."""
    if may_read_all(user):
        return Proposal.objects.visible_to(user).filter(pk=proposal.pk).exists()
    seat = seat_of(user, proposal)
    return seat is not None and may_read_others(user, seat)


def may_speak(user: Any, proposal: Proposal) -> bool:
    """Its reviewers, the secretariat, the chair and the board speak until a decision; observers only read."""
    if proposal.status not in OPEN or not may_follow(user, proposal):
        return False
    return not may_read_all(user) or user.staff_role in SPEAKERS


def may_conclude(user: Any, proposal: Proposal) -> bool:
    """The lead reviewer, their own review submitted, writes what the reviewers say together, until a decision."""
    seat = seat_of(user, proposal)
    if seat is None or not seat.is_lead or proposal.status not in OPEN:
        return False
    return may_open(user, seat) and has_submitted(seat)
