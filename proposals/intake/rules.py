"""Who may do what with a proposal, one sentence each."""

from typing import Any

from proposals.intake.calculations.signing import REPRESENTATIVE
from proposals.intake.models import Attachment, Circular, Delegation, Proposal, Signature
from proposals.intake.states import CLOSED, EDITABLE, MOVES, AttachmentKind, Scan, Signing, Status, TeamRole
from proposals.partners.models import Organisation
from proposals.partners.rules import membership_of, stands_for
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


def may_read(user: Any, proposal: Proposal) -> bool:
    """Partners read by a grant without a bar: the team, and representatives who were given it to read; staff are not meant."""
    if not user.is_active or user.is_staff:
        return False
    if proposal.seen_by == user.pk:
        return True
    return set(proposal.access.filter(user=user).values_list("grant", flat=True)) == {True}


def on_team(user: Any, proposal: Proposal) -> bool:
    """People of the team are those with a grant of their own and no bar; staff are never of the team."""
    if not user.is_active or user.is_staff:
        return False
    if proposal.seen_by == user.pk:
        return not getattr(proposal, "reads_only", False)
    held = list(proposal.access.filter(user=user).values_list("grant", "why"))
    return all(grant for grant, _why in held) and any(why != REPRESENTATIVE for _grant, why in held)


def files_for_partner(user: Any, proposal: Proposal) -> bool:
    """The secretariat works on a proposal that it files on a partner's behalf."""
    return proposal.filed_by_staff and may_triage(user)


def works_on(user: Any, proposal: Proposal) -> bool:
    """A proposal is its team's, or the secretariat's that files it for them."""
    return on_team(user, proposal) or files_for_partner(user, proposal)


def may_edit(user: Any, proposal: Proposal) -> bool:
    """The team writes while the proposal is a draft or returned for correction."""
    return proposal.status in EDITABLE and works_on(user, proposal)


def may_read_draft(user: Any, proposal: Proposal) -> bool:
    """What is being written is read by those who may read the proposal, and by the secretariat where it files it."""
    return proposal.status in EDITABLE and (may_read(user, proposal) or files_for_partner(user, proposal))


def may_submit(user: Any, proposal: Proposal) -> bool:
    """Whoever may edit may submit; where the phase asks for two keys, who acts for the lead organisation, and nobody else.

    What the secretariat files on a partner's behalf it submits itself: it holds the signed paper, and the version says so.
    """
    if not proposal.phase.two_key or files_for_partner(user, proposal):
        return may_edit(user, proposal)
    return proposal.status in EDITABLE and may_read(user, proposal) and acts_for_lead(user, proposal)


def stands_for_one(user: Any, organisation: Organisation | None) -> bool:
    """A partner who is a confirmed representative of an organisation stands for it."""
    if organisation is None or user.is_staff:
        return False
    return stands_for(membership_of(user, organisation), organisation)


def acts_for_lead(user: Any, proposal: Proposal) -> bool:
    """A representative of the lead organisation acts for it, and so does the person of the team who was asked to in their place.

    The keys are offices, not heads: one person who holds both turns both, in two acts.
    """
    if stands_for_one(user, proposal.lead):
        return True
    asked = proposal.delegations.filter(to=user.pk, ended_at=None).select_related("by")
    return on_team(user, proposal) and any(stands_for_one(one.by, proposal.lead) for one in asked)


def may_release(user: Any, proposal: Proposal) -> bool:
    """The principal investigator releases, where the phase asks for two keys."""
    if not proposal.phase.two_key or not may_edit(user, proposal):
        return False
    return proposal.team.filter(role=TeamRole.PI, user=user.pk, accepted_at__isnull=False).exists()


def may_sign(user: Any, proposal: Proposal, organisation: Organisation) -> bool:
    """A representative of a partner organisation signs its part, where the phase asks for it."""
    if not proposal.phase.partners_sign or proposal.status not in EDITABLE or not may_read(user, proposal):
        return False
    takes_part = proposal.participations.filter(organisation=organisation).exists()
    return takes_part and stands_for_one(user, organisation)


def may_take_back(user: Any, signature: Signature) -> bool:
    """Whoever may give a signature may take it back, until the proposal is submitted."""
    if signature.kind == Signing.RELEASE or signature.organisation is None:
        return may_release(user, signature.proposal)
    return may_sign(user, signature.proposal, signature.organisation)


def may_ask_to_sign(user: Any, proposal: Proposal) -> bool:
    """The team gives the proposal to its partner organisations' representatives, where the phase asks them to sign."""
    return proposal.phase.partners_sign and may_edit(user, proposal)


def may_delegate(user: Any, proposal: Proposal) -> bool:
    """A representative of the lead organisation lets a person of the team submit in their place."""
    if not proposal.phase.two_key or proposal.status not in EDITABLE or not may_read(user, proposal):
        return False
    return stands_for_one(user, proposal.lead)


def may_end_delegation(user: Any, delegation: Delegation) -> bool:
    """Any representative of the lead organisation ends it, and so does the person who was asked."""
    return may_delegate(user, delegation.proposal) or (delegation.to_id == user.pk and may_read(user, delegation.proposal))


def may_change_lead(user: Any, proposal: Proposal) -> bool:
    """Who was invited to a later phase leads there too: a full proposal is that of the same lead as its letter of intent."""
    return may_edit(user, proposal) and not proposal.moves.filter(was=Status.PRELIMINARY, now=Status.DRAFT).exists()


def may_discard(user: Any, proposal: Proposal) -> bool:
    """A draft that was never submitted is thrown away; one that was, in an earlier phase, is withdrawn like any other."""
    return proposal.status == Status.DRAFT and proposal.submitted_at is None and may_withdraw(user, proposal)


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
    return attachment.removed_at is None and attachment.scan != Scan.REFUSED and may_read(user, attachment.proposal)


def may_stop(user: Any, circular: Circular) -> bool:
    """The secretariat stops a circular that is held, its author too."""
    return may_triage(user) and not circular.approved_at and not circular.stopped_at


def may_approve(user: Any, circular: Circular) -> bool:
    """Another member of the secretariat than its author sends a held circular: two people have read what leaves."""
    return may_stop(user, circular) and circular.drafted_by_id != user.pk
