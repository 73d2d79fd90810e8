"""A case to assign: reviewers, proposals, who may not review what, and how well a pair fits."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact, InvalidOperation
from enum import StrEnum

PLACES = Decimal("1e-18")  # weights are kept to 18 decimals, so that products and sums below are exact
EXACT = Context(prec=80, traps=[Inexact])
ROUNDING = Context(prec=80, traps=[InvalidOperation])  # may round, to the places it is told

Pair = tuple[str, str]  # a reviewer's id and a proposal's ref, in this order


class Conflict(StrEnum):
    """Why a pair may not be assigned, the strongest reason first."""

    DECLARED = "declared"
    ORGANISATION = "same organisation"
    COUNTRY = "same country"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True)
class Reviewer:
    """A person who reviews at most `max_load` proposals; `topics` holds expertise from 0 to 1, at most 18 decimals."""

    id: str
    max_load: int
    organisation: str = ""
    country: str = ""
    topics: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Proposal:
    """A proposal that needs `needed` reviewers; `topics` holds weights from 0 to 1, at most 18 decimals."""

    ref: str
    needed: int
    organisations: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    topics: Mapping[str, Decimal] = field(default_factory=dict)


class Impossible(ValueError):
    """The case contradicts itself; the message names the thing, its value and the limit."""


@dataclass(frozen=True)
class Case:
    """All that decides an assignment. `fixed` pairs are kept (accepted ones, on a re-run), `forbidden` ones never made.

    Raises Impossible for an id twice, a pair of unknown ids, a negative count, or fixed pairs that cannot be kept.
    """

    reviewers: tuple[Reviewer, ...]
    proposals: tuple[Proposal, ...]
    country_conflict: bool = True
    conflicts: frozenset[Pair] = frozenset()
    fixed: frozenset[Pair] = frozenset()
    forbidden: frozenset[Pair] = frozenset()

    def __post_init__(self) -> None:
        _check_counts(self)
        _check_pairs(self)
        _check_fixed(self)

    def conflict(self, reviewer: Reviewer, proposal: Proposal) -> Conflict | None:
        """Why this pair may not be made, or None. Who has no organisation or country has no conflict of that kind."""
        pair = (reviewer.id, proposal.ref)
        if pair in self.conflicts:
            return Conflict.DECLARED
        if same(reviewer.organisation, proposal.organisations):
            return Conflict.ORGANISATION
        if self.country_conflict and same(reviewer.country, proposal.countries):
            return Conflict.COUNTRY
        return Conflict.FORBIDDEN if pair in self.forbidden else None


def folded(name: str) -> str:
    """A name as it is compared: compatibility forms joined, case folded, spaces collapsed."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def same(name: str, others: Iterable[str]) -> bool:
    """Whether `name` is one of `others`; an empty name is nobody's."""
    wanted = folded(name)
    return bool(wanted) and any(folded(other) == wanted for other in others)


def affinity(reviewer: Reviewer, proposal: Proposal) -> Decimal:
    """The sum over the proposal's topics of its weight x the reviewer's expertise, exact."""
    total = Decimal(0)
    for topic, weight in proposal.topics.items():
        if topic in reviewer.topics:
            total = EXACT.fma(weight, reviewer.topics[topic], total)
    return total


def exact_sum(figures: Iterable[Decimal]) -> Decimal:
    """A sum that loses no digit, whatever the ambient precision."""
    total = Decimal(0)
    for figure in figures:
        total = EXACT.add(total, figure)
    return total


def _check_counts(case: Case) -> None:
    for what, names in (("reviewer", [r.id for r in case.reviewers]), ("proposal", [p.ref for p in case.proposals])):
        if doubled := sorted(name for name, times in Counter(names).items() if times > 1):
            raise Impossible(f"{what} {doubled[0]!r} is listed twice")
    for reviewer in case.reviewers:
        if reviewer.max_load < 0:
            raise Impossible(f"reviewer {reviewer.id!r}: max_load is {reviewer.max_load}; it must be a whole number, 0 or more")
    for proposal in case.proposals:
        if proposal.needed < 0:
            raise Impossible(f"proposal {proposal.ref!r}: needed is {proposal.needed}; it must be a whole number, 0 or more")


def _check_pairs(case: Case) -> None:
    ids, refs = {r.id for r in case.reviewers}, {p.ref for p in case.proposals}
    for what in ("conflicts", "fixed", "forbidden"):
        for reviewer, ref in sorted(getattr(case, what)):
            if reviewer not in ids:
                raise Impossible(f"{what}: pair {[reviewer, ref]}: no reviewer has the id {reviewer!r}")
            if ref not in refs:
                raise Impossible(f"{what}: pair {[reviewer, ref]}: no proposal has the ref {ref!r}")


def _check_fixed(case: Case) -> None:
    reviewers, proposals = {r.id: r for r in case.reviewers}, {p.ref: p for p in case.proposals}
    for pair in sorted(case.fixed):
        if why := case.conflict(reviewers[pair[0]], proposals[pair[1]]):
            kind = "is forbidden" if why is Conflict.FORBIDDEN else f"is a conflict ({why})"
            raise Impossible(f"fixed: pair {list(pair)} {kind}")
    for name, count in sorted(Counter(name for name, _ in case.fixed).items()):
        if count > (most := reviewers[name].max_load):
            raise Impossible(f"fixed: reviewer {name!r} has {count} fixed pairs; max_load is {most}")
    for ref, count in sorted(Counter(ref for _, ref in case.fixed).items()):
        if count > (most := proposals[ref].needed):
            raise Impossible(f"fixed: proposal {ref!r} has {count} fixed pairs; needed is {most}")
