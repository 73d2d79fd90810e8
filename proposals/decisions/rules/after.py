"""Who may say what became of a project after its selection."""

from typing import Any

from proposals.decisions.states import AFTER
from proposals.intake.models import Proposal
from proposals.intake.rules import may_triage
from proposals.intake.states import MOVES, Status


def may_change(user: Any, proposal: Proposal, to: Status) -> bool:
    """The secretariat descopes, defers, transfers and cancels, as far as the table of moves goes."""
    return may_triage(user) and to in AFTER and to in MOVES[Status(proposal.status)]


def may_resume(user: Any, proposal: Proposal) -> bool:
    """The secretariat lets a deferred project go on."""
    return may_triage(user) and proposal.status == Status.DEFERRED
