"""Who may confirm that a condition of a selection is met."""

from typing import Any

from proposals.decisions.models import Condition
from proposals.intake.rules import may_look, may_triage
from proposals.intake.states import Status


def may_see_conditions(user: Any, condition: Condition | None = None) -> bool:  # noqa: ARG001  # which ones is the query's to say
    """All staff who read every proposal read the conditions set to those."""
    return may_look(user)


def may_confirm(user: Any, condition: Condition) -> bool:
    """The secretariat confirms an open condition of a conditionally selected project, once its decision is released."""
    decision = condition.decision
    stands = decision.released_at is not None and decision.proposal.status == Status.CONDITIONAL
    return may_triage(user) and stands and condition.met_at is None
