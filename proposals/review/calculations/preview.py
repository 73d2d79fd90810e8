"""What the preview of an assignment says of each proposal: who would be next, and why a place stays open."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from proposals.review.calculations.case import Case, Pair, affinity, exact_sum

LOAD_FULL = "load"  # beside the bars that the caller names


@dataclass(frozen=True)
class Next:
    """The best reviewer whom a proposal does not have and could: `is_full` where only their load stands between."""

    reviewer: str
    affinity: Decimal
    is_full: bool


def next_best(case: Case, assigned: Collection[Pair]) -> dict[str, Next]:
    """For each proposal the alternative of the highest affinity, by id where two are equal; left out where there is none."""
    loads = Counter(name for name, _ in assigned)
    found: dict[str, Next] = {}
    for proposal in case.proposals:
        free = [
            (-affinity(reviewer, proposal), reviewer.id, loads[reviewer.id] >= reviewer.max_load)
            for reviewer in case.reviewers
            if (reviewer.id, proposal.ref) not in assigned and not case.conflict(reviewer, proposal)
        ]
        if free:
            negative, name, is_full = min(free)
            found[proposal.ref] = Next(name, -negative, is_full)
    return found


def shortages(case: Case, assigned: Collection[Pair], because: Mapping[Pair, str]) -> dict[str, dict[str, int]]:
    """For each proposal with an open place, how many reviewers each reason keeps away.

    `because` names the bar of every pair that may not be made; whoever has none is kept away by a full load.
    """
    placed = Counter(ref for _, ref in assigned)
    found = {}
    for proposal in case.proposals:
        if placed[proposal.ref] < proposal.needed:
            pairs = [(reviewer.id, proposal.ref) for reviewer in case.reviewers]
            found[proposal.ref] = dict(Counter(because.get(pair, LOAD_FULL) for pair in pairs if pair not in assigned))
    return found


def sums(affinities: Mapping[Pair, Decimal], refs: Collection[str]) -> dict[str, Decimal]:
    """The sum of each of these proposals over its pairs, 0 for one without any."""
    parts: defaultdict[str, list[Decimal]] = defaultdict(list)
    for (_, ref), figure in affinities.items():
        parts[ref].append(figure)
    return {ref: exact_sum(parts[ref]) for ref in refs}
