"""Who may go on to the next phase of a call, and which that is."""

from typing import Any

from proposals.calls.models import Phase
from proposals.intake.models import Proposal, ProposalQuerySet
from proposals.intake.states import Status


def next_phase(phase: Phase) -> Phase | None:
    """The phase of the call that follows this one; None after the last."""
    following = Phase.objects.filter(call=phase.call_id, position__gt=phase.position)
    return following.select_related("call").order_by("position").first()


def invitable(user: Any) -> ProposalQuerySet:
    """What was preliminarily selected and waits for its invitation, among what this reader may know of."""
    waiting = Proposal.objects.visible_to(user).filter(status=Status.PRELIMINARY)
    return waiting.select_related("call", "phase", "lead").defer("search").order_by("call_id", "phase_id", "reference")
