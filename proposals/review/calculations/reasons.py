"""Why this pair, or why not: what the preview of an assignment says beside each name."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from proposals.review.calculations.case import EXACT, Case, Conflict, Pair, affinity


class Standing(StrEnum):
    """Where a pair stands in an assignment."""

    FIXED = "fixed"
    ASSIGNED = "assigned"
    CONFLICT = "conflict"
    LOAD_FULL = "load full"
    PLACES_FULL = "places full"
    OPEN = "open"  # it could be added as things are: a better use of the reviewer, or none, was found elsewhere


@dataclass(frozen=True)
class Contribution:
    """What one topic brings: the proposal's weight x the reviewer's expertise."""

    topic: str
    weight: Decimal
    expertise: Decimal
    product: Decimal


@dataclass(frozen=True)
class Explanation:
    """A pair's standing, its conflict if any, what its affinity is made of, and how full both sides are."""

    standing: Standing
    conflict: Conflict | None
    affinity: Decimal
    contributions: tuple[Contribution, ...]
    load: int
    max_load: int
    placed: int
    needed: int


def explain(case: Case, assigned: Collection[Pair], pair: Pair) -> Explanation:
    """Why `pair` is, or is not, among the pairs `assigned`. Raises KeyError for an id or ref that the case does not have."""
    reviewer = {r.id: r for r in case.reviewers}[pair[0]]
    proposal = {p.ref: p for p in case.proposals}[pair[1]]
    load = sum(1 for name, _ in assigned if name == reviewer.id)
    placed = sum(1 for _, ref in assigned if ref == proposal.ref)
    conflict = case.conflict(reviewer, proposal)
    if pair in assigned:
        standing = Standing.FIXED if pair in case.fixed else Standing.ASSIGNED
    elif conflict:
        standing = Standing.CONFLICT
    elif load >= reviewer.max_load:
        standing = Standing.LOAD_FULL
    else:
        standing = Standing.PLACES_FULL if placed >= proposal.needed else Standing.OPEN
    parts = [
        Contribution(topic, weight, reviewer.topics[topic], EXACT.multiply(weight, reviewer.topics[topic]))
        for topic, weight in proposal.topics.items()
        if topic in reviewer.topics
    ]
    return Explanation(
        standing=standing,
        conflict=conflict,
        affinity=affinity(reviewer, proposal),
        contributions=tuple(sorted(parts, key=lambda part: (-part.product, part.topic))),
        load=load,
        max_load=reviewer.max_load,
        placed=placed,
        needed=proposal.needed,
    )
