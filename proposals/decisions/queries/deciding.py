"""What can be decided of a proposal, into what it can be merged, and what a decision begins with."""

from typing import Any

from proposals.decisions.models import Decision, DecisionQuerySet
from proposals.decisions.queries.inviting import next_phase
from proposals.decisions.states import LEADS_TO, Outcome
from proposals.intake.models import Proposal, ProposalQuerySet
from proposals.intake.states import MOVES, Status
from proposals.review.models import Consensus, PanelItem

# Said of a letter of intent that goes on, and of a project that is taken.
_FIRST, _LAST = {Outcome.PRELIMINARY}, {Outcome.SELECTED, Outcome.CONDITIONAL}
_BEFORE = {Status.UNDER_REVIEW, Status.PANEL, Status.DECIDED}
# What another proposal can still be merged into.
JOINABLE = {Status.CLARIFICATION, *_BEFORE, Status.PRELIMINARY, Status.SELECTED, Status.CONDITIONAL, Status.RESERVE}


def decisions_for(user: Any) -> DecisionQuerySet:
    """The decisions about the proposals that this reader may know of, newest first."""
    about = Proposal.objects.visible_to(user).values("pk")
    people = ("drafted_by", "amended_by", "released_by")
    found = Decision.objects.filter(proposal__in=about)
    return found.select_related("proposal__call", "proposal__phase", "proposal__lead", "phase", "release", "merged_into", *people)


def outcomes_for(proposal: Proposal) -> list[Outcome]:
    """What can be decided now: by the call's phases, and by the moves that its status has."""
    goes_on = next_phase(proposal.phase) is not None
    allowed = set(Outcome) - (_LAST if goes_on else _FIRST)
    was = Status.DECIDED if proposal.status in _BEFORE else Status(proposal.status)
    return [outcome for outcome in Outcome if outcome in allowed and LEADS_TO[outcome] in MOVES[was]]


def targets_for(proposal: Proposal, *, user: Any) -> ProposalQuerySet:
    """What this proposal could be merged into: of the same call and phase, not ended, and not to be merged itself."""
    others = Proposal.objects.visible_to(user).filter(call=proposal.call_id, phase=proposal.phase_id, status__in=sorted(JOINABLE))
    going = Decision.objects.open().filter(outcome=Outcome.MERGED).values("proposal")
    return others.exclude(pk=proposal.pk).exclude(pk__in=going).select_related("lead").defer("search")


def is_joined(proposal: Proposal) -> bool:
    """Whether another proposal is to be merged into this one."""
    return Decision.objects.open().filter(outcome=Outcome.MERGED, merged_into=proposal).exists()


def first_words_for(proposal: Proposal) -> dict[str, str]:
    """What a new decision begins with: the panel's recommendation, and the feedback on which the reviewers agreed."""
    said = PanelItem.objects.filter(proposal=proposal, panel__phase=proposal.phase_id).order_by("-panel_id").first()
    agreed = Consensus.objects.filter(proposal=proposal, phase=proposal.phase_id).first()
    return {"outcome": said.recommends if said else "", "feedback": agreed.feedback if agreed else ""}
