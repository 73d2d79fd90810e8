"""Who may prepare an agreement, work through its checklist and conclude it."""

from typing import Any

from proposals.decisions.models import Agreement
from proposals.intake.models import Proposal
from proposals.intake.rules import may_look, may_triage
from proposals.intake.states import Status


def may_open_agreement(user: Any, proposal: Proposal) -> bool:
    """The secretariat prepares the agreement about a selected project."""
    return may_triage(user) and proposal.status == Status.SELECTED


def may_see_agreements(user: Any, agreement: Agreement | None = None) -> bool:  # noqa: ARG001  # which ones is the query's to say
    """All staff who read every proposal read the agreements of those."""
    return may_look(user)


def may_keep_agreement(user: Any, agreement: Agreement | None) -> bool:
    """The secretariat writes an agreement and its checklist until it is concluded."""
    return may_triage(user) and agreement is not None and agreement.proposal.status == Status.AGREEMENT


def may_tick(user: Any, agreement: Agreement) -> bool:
    """Whoever may write an agreement ticks what is done, where something is still to do."""
    return may_keep_agreement(user, agreement) and agreement.items.filter(done_at=None).exists()


def may_take_back(user: Any, agreement: Agreement) -> bool:
    """Whoever may write an agreement takes back a tick that was wrong."""
    return may_keep_agreement(user, agreement) and agreement.items.filter(done_at__isnull=False).exists()
