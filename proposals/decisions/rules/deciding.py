"""Who may draft, amend and drop a decision, one sentence each."""

from typing import Any

from proposals.decisions.models import Decision
from proposals.decisions.states import DECIDABLE
from proposals.intake.models import Proposal
from proposals.intake.rules import may_look, may_triage


def may_read_decisions(user: Any, decision: Decision | None = None) -> bool:  # noqa: ARG001  # which ones is the query's to say
    """Staff who read every proposal read the decisions about those."""
    return may_look(user)


def may_decide(user: Any, proposal: Proposal) -> bool:
    """The secretariat drafts what the panel or the board said, where nothing is drafted yet."""
    return may_triage(user) and proposal.status in DECIDABLE and not proposal.decisions.open().exists()


def may_amend(user: Any, decision: Decision) -> bool:
    """The secretariat amends or drops a decision until a release that holds it is approved."""
    is_open = decision.released_at is None and decision.dropped_at is None
    return may_triage(user) and is_open and (decision.release is None or decision.release.approved_at is None)
