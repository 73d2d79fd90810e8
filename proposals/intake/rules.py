"""Who may do what with a proposal, one sentence each."""

from typing import Any

from proposals.intake.models import Attachment, Circular, Proposal
from proposals.intake.states import CLOSED, EDITABLE, MOVES, AttachmentKind, Scan, Status
from proposals.partners.states import StaffRole


def may_triage(user: Any) -> bool:
    """The secretariat moves proposals."""
    return bool(user.is_active and getattr(user, "staff_role", "") == StaffRole.SECRETARIAT)


def may_look(user: Any) -> bool:
    """Staff who read every proposal read the queue; reviewers have their own page."""
    return bool(user.is_active and getattr(user, "reads_all", False))


def may_move(user: Any, proposal: Proposal, to: Status) -> bool:
    """The secretariat makes the moves of the table that are its own: taking in is for what was submitted."""
    own = {Status.RETURNED, Status.CLARIFICATION, Status.UNDER_REVIEW, Status.INELIGIBLE}
    if proposal.status in {Status.SUBMITTED, Status.LATE}:
        own.add(Status.ELIGIBILITY)
    return may_triage(user) and to in own & MOVES[Status(proposal.status)]


def on_team(user: Any, proposal: Proposal) -> bool:
    """People of the team are those with a grant and no bar; staff are never of the team."""
    if not user.is_active or user.is_staff:
        return False
    if proposal.seen_by == user.pk:
        return True
    grants = set(proposal.access.filter(user=user).values_list("grant", flat=True))
    return grants == {True}


def files_for_partner(user: Any, proposal: Proposal) -> bool:
    """The secretariat works on a proposal that it files on a partner's behalf."""
    return proposal.filed_by_staff and may_triage(user)


def works_on(user: Any, proposal: Proposal) -> bool:
    """A proposal is its team's, or the secretariat's that files it for them."""
    return on_team(user, proposal) or files_for_partner(user, proposal)


def may_edit(user: Any, proposal: Proposal) -> bool:
    """The team writes while the proposal is a draft or returned for correction."""
    return proposal.status in EDITABLE and works_on(user, proposal)


def may_submit(user: Any, proposal: Proposal) -> bool:
    """Whoever may edit may submit."""
    return may_edit(user, proposal)


def may_withdraw(user: Any, proposal: Proposal) -> bool:
    """The team may withdraw until there is an agreement."""
    return Status.WITHDRAWN in MOVES[Status(proposal.status)] and works_on(user, proposal)


def may_answer(user: Any, proposal: Proposal) -> bool:
    """The team answers the question that waits."""
    return proposal.status == Status.CLARIFICATION and works_on(user, proposal)


def may_endorse(user: Any, proposal: Proposal) -> bool:
    """The letter of endorsement may arrive later than the proposal, until the proposal has ended."""
    return proposal.status not in CLOSED and works_on(user, proposal)


def may_attach(user: Any, proposal: Proposal, kind: str) -> bool:
    """Files are added while the proposal is written; a letter of endorsement also later."""
    return may_edit(user, proposal) or (kind == AttachmentKind.ENDORSEMENT and may_endorse(user, proposal))


def may_remove_file(user: Any, attachment: Attachment) -> bool:
    """Who may add such a file may take it off again."""
    return may_attach(user, attachment.proposal, attachment.kind)


def may_open_file(user: Any, attachment: Attachment) -> bool:
    """The team opens its files but not what the scanner refused; staff what it let through, also of earlier versions."""
    if user.is_active and getattr(user, "is_staff", False):
        return attachment.scan in {Scan.CLEAN, Scan.OFF}
    return attachment.removed_at is None and attachment.scan != Scan.REFUSED and on_team(user, attachment.proposal)


def may_stop(user: Any, circular: Circular) -> bool:
    """The secretariat stops a circular that is held, its author too."""
    return may_triage(user) and not circular.approved_at and not circular.stopped_at


def may_approve(user: Any, circular: Circular) -> bool:
    """Another member of the secretariat than its author sends a held circular: two people have read what leaves."""
    return may_stop(user, circular) and circular.drafted_by_id != user.pk
