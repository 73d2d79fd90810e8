"""Who may make a project public."""

from typing import Any

from proposals.intake.models import Proposal
from proposals.intake.rules import may_triage
from proposals.intake.states import MOVES, Status


def may_announce(user: Any, proposal: Proposal) -> bool:
    """The secretariat announces what is agreed, and announces anew what was descoped."""
    return may_triage(user) and Status.ANNOUNCED in MOVES[Status(proposal.status)]
