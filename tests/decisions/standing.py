"""Whether all that must hold of decisions does: without what the factories leave out on the way there."""

from datetime import UTC, datetime

from proposals.decisions.queries.invariants import TOLD, broken
from proposals.decisions.states import Outcome
from proposals.intake.models import Move
from proposals.intake.queries.reconciliation import untold

# A made proposal walked to its status: nothing was frozen, and nobody was told of those steps.
_MADE = {"each submission froze one version", TOLD}


def faults() -> list[str]:
    """The rules that do not hold, and the outcomes of which somebody was not told."""
    gaps = [gap.move_id for gap in untold(since=datetime(2000, 1, 1, tzinfo=UTC))]
    mute = Move.objects.filter(pk__in=gaps, now__in=Outcome.values)
    return [one.rule for one in broken() if one.rule not in _MADE] + [str(move) for move in mute]
