"""A case laid out for the solver, and an answer of the solver checked against the case, exactly."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import numpy as np

from proposals.review.calculations.case import Case, Pair, affinity, exact_sum
from proposals.review.calculations.programme import Flags, Floats, Numbers, Programme, SolverFailed


@dataclass(frozen=True)
class Board:
    """The pairs still open, in the order of ref and id so that the order of the case's lists decides nothing."""

    case: Case
    pairs: tuple[Pair, ...]
    affinities: Mapping[Pair, Decimal]  # of open and fixed pairs
    programme: Programme

    @classmethod
    def of(cls, case: Case) -> "Board":
        """Fixed pairs are taken out: their places and loads are used up, their affinity is there already."""
        reviewers, proposals = sorted(case.reviewers, key=lambda r: r.id), sorted(case.proposals, key=lambda p: p.ref)
        affinities: dict[Pair, Decimal] = {}
        rows: list[tuple[int, int]] = []
        pairs: list[Pair] = []
        for at, proposal in enumerate(proposals):
            for by, reviewer in enumerate(reviewers):
                pair = (reviewer.id, proposal.ref)
                if pair in case.fixed or not case.conflict(reviewer, proposal):
                    affinities[pair] = affinity(reviewer, proposal)
                    if pair not in case.fixed:
                        rows.append((at, by))
                        pairs.append(pair)
        placed, loads = Counter(ref for _, ref in case.fixed), Counter(name for name, _ in case.fixed)
        base = [float(exact_sum(affinities[pair] for pair in sorted(case.fixed) if pair[1] == p.ref)) for p in proposals]
        where = np.array(rows, dtype=np.int64).reshape(-1, 2)
        reachable = np.bincount(where[:, 0], minlength=len(proposals))
        takeable = np.bincount(where[:, 1], minlength=len(reviewers))
        programme = Programme(
            proposal=where[:, 0],
            reviewer=where[:, 1],
            affinity=np.array([float(affinities[pair]) for pair in pairs]),
            # no count beyond what can be reached: a need of 10**30 is a need of all
            needed=np.array([min(p.needed - placed[p.ref], int(reachable[i])) for i, p in enumerate(proposals)], dtype=np.int64),
            room=np.array([min(r.max_load - loads[r.id], int(takeable[i])) for i, r in enumerate(reviewers)], dtype=np.int64),
            base=np.array(base, dtype=np.float64),
            judged=np.array([p.needed > 0 for p in proposals], dtype=np.bool_),
        )
        return cls(case, tuple(pairs), affinities, programme)

    @cached_property
    def own(self) -> list[Numbers]:
        """The open pairs of each proposal, the best first."""
        found: list[list[int]] = [[] for _ in self.programme.needed]
        for pair, at in enumerate(self.programme.proposal):
            found[at].append(pair)
        return [np.array(sorted(pairs, key=lambda i: (-self.affinities[self.pairs[i]], i)), dtype=np.int64) for pairs in found]

    def ceiling(self) -> Decimal:
        """What the least sum cannot exceed: each proposal with the best reviewers it could have if it were alone."""
        sums = []
        for at in np.flatnonzero(self.programme.judged):
            best = self.own[at][: self.programme.needed[at]]
            sums.append(exact_sum([self._fixed_sums[int(at)], *(self.affinities[self.pairs[i]] for i in best)]))
        return min(sums, default=Decimal(0))

    def usable(self, least: Decimal | None) -> Flags:
        """The open pairs that can be part of a sum of `least`: with the best companions, the proposal reaches it."""
        usable = np.ones(len(self.pairs), dtype=np.bool_)
        programme = self.programme
        for at, own in enumerate(self.own):
            places = int(programme.needed[at])
            if least is None or not programme.judged[at] or places == 0 or not len(own):
                continue
            values = programme.affinity[own]
            companions = np.where(np.arange(len(own)) < places, values[:places].sum() - values, values[: places - 1].sum())
            usable[own] = programme.base[at] + companions + values >= float(least) - 1e-9
        return usable

    def sums(self, chosen: Flags) -> list[Decimal]:
        """The exact sum of each proposal, fixed pairs included, in the order of refs."""
        parts: defaultdict[int, list[Decimal]] = defaultdict(list)
        for pair in np.flatnonzero(chosen):
            parts[int(self.programme.proposal[pair])].append(self.affinities[self.pairs[pair]])
        return [exact_sum([fixed, *parts[at]]) for at, fixed in enumerate(self._fixed_sums)]

    def least(self, chosen: Flags) -> Decimal:
        """The smallest sum of a proposal that needs anybody; 0 if none does."""
        return min(
            (total for total, counts in zip(self.sums(chosen), self.programme.judged, strict=True) if counts), default=Decimal(0)
        )

    def short(self, chosen: Flags, least: Decimal) -> list[int]:
        """The proposals that the solver's tolerance let slip below `least`."""
        return [at for at, total in enumerate(self.sums(chosen)) if self.programme.judged[at] and total < least]

    def read(self, values: Floats, fill: int) -> Flags:
        """The solver's figures as pairs. Raises SolverFailed if they break a rule."""
        chosen: Flags = values > 0.5
        programme = self.programme
        counts = np.bincount(programme.proposal[chosen], minlength=len(programme.needed))
        loads = np.bincount(programme.reviewer[chosen], minlength=len(programme.room))
        if (counts > programme.needed).any() or (loads > programme.room).any() or int(chosen.sum()) != fill:
            raise SolverFailed("HiGHS answered with an assignment that breaks a rule")
        return chosen

    @cached_property
    def _fixed_sums(self) -> list[Decimal]:
        by_ref: defaultdict[str, list[Decimal]] = defaultdict(list)
        for pair in sorted(self.case.fixed):
            by_ref[pair[1]].append(self.affinities[pair])
        return [exact_sum(by_ref[ref]) for ref in sorted(p.ref for p in self.case.proposals)]
