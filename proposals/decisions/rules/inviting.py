"""Who may invite to the next phase."""

from typing import Any

from proposals.intake.models import Proposal
from proposals.intake.rules import may_triage
from proposals.intake.states import Status


def may_invite(user: Any, proposal: Proposal | None = None) -> bool:
    """The secretariat invites what was preliminarily selected, and nothing else."""
    return may_triage(user) and (proposal is None or proposal.status == Status.PRELIMINARY)
