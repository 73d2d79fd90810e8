"""Who may do what with a proposal, one sentence each."""

from typing import Any

from proposals.intake.models import Proposal
from proposals.intake.states import CLOSED, EDITABLE, Status
from proposals.partners.states import StaffRole


def may_triage(user: Any) -> bool:
    """The secretariat moves proposals."""
    return bool(user.is_active and getattr(user, "staff_role", "") == StaffRole.SECRETARIAT)


def may_look(user: Any) -> bool:
    """Any staff read the queue."""
    return bool(user.is_active and getattr(user, "is_staff", False))


def on_team(user: Any, proposal: Proposal) -> bool:
    """People of the team are those with a grant and no bar; staff are never of the team."""
    if not user.is_active or user.is_staff:
        return False
    grants = set(proposal.access.filter(user=user).values_list("grant", flat=True))
    return grants == {True}


def files_for_partner(user: Any, proposal: Proposal) -> bool:
    """The secretariat works on a proposal that it files on a partner's behalf."""
    return proposal.filed_by_staff and may_triage(user)


def may_edit(user: Any, proposal: Proposal) -> bool:
    """The team writes while the proposal is a draft or returned for correction."""
    return proposal.status in EDITABLE and (on_team(user, proposal) or files_for_partner(user, proposal))


def may_submit(user: Any, proposal: Proposal) -> bool:
    """Whoever may edit may submit."""
    return may_edit(user, proposal)


def may_withdraw(user: Any, proposal: Proposal) -> bool:
    """The team may withdraw as long as nothing has ended."""
    return proposal.status not in CLOSED and (on_team(user, proposal) or files_for_partner(user, proposal))


def may_answer(user: Any, proposal: Proposal) -> bool:
    """The team answers the question that waits."""
    return proposal.status == Status.CLARIFICATION and (on_team(user, proposal) or files_for_partner(user, proposal))


def may_endorse(user: Any, proposal: Proposal) -> bool:
    """The letter of endorsement may arrive later than the proposal, until the proposal has ended."""
    return proposal.status not in CLOSED and (on_team(user, proposal) or files_for_partner(user, proposal))
