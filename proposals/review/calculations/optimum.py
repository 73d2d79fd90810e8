"""The optimal assignment: fewest unfilled places, then the worst-served proposal, then the total; each stage keeps the last."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

import numpy as np

from proposals.review.calculations.board import Board
from proposals.review.calculations.case import Case, Pair, exact_sum
from proposals.review.calculations.exchange import raise_least
from proposals.review.calculations.programme import Answer, Flags, Floats, Numbers, SolverFailed, Wish, solve

SECONDS = 8.5  # for one case, so that the largest we promise is answered within ten
STEP = Decimal("1e-8")  # a least sum is proven to this; wider than the solver's tolerance, or it would answer the same again
NEAR = Decimal("1e-6")  # when the search is this close, it asks for the proof
SMALL = 2_000  # pairs, up to which the least sum is asked for directly
CORE = 4  # pairs a proposal, with which the search begins


@dataclass(frozen=True)
class Gap:
    """How far the answer may be from the optimum, where time ran out before the proof; 0 is proven."""

    min_affinity: Decimal
    total_affinity: Decimal


@dataclass(frozen=True)
class Outcome:
    """Who reviews what: the figures are recomputed exactly from the pairs. `gap` is None when each stage is proven."""

    assigned: Mapping[str, tuple[str, ...]]
    unfilled: Mapping[str, int]
    loads: Mapping[str, int]
    min_affinity: Decimal
    total_affinity: Decimal
    gap: Gap | None = None


@dataclass(frozen=True)
class _Found:
    """`chosen` is None when nothing was found; with `ended` that is a proof that there is nothing."""

    ended: bool
    chosen: Flags | None = None
    bound: float = np.inf


def assign(case: Case, *, seconds: float = SECONDS) -> Outcome:
    """The optimum by the three-part goal, or the best found in `seconds` with its gap."""
    board = Board.of(case)
    if not board.pairs:
        return _outcome(board, np.zeros(0, dtype=np.bool_), None)
    search = _Search(board, time.monotonic() + seconds)
    return _outcome(board, *search.run(seconds))


class _Search:
    """The three stages over one board."""

    def __init__(self, board: Board, deadline: float) -> None:
        self.board = board
        self.deadline = deadline
        self.everything = np.ones(len(board.pairs), dtype=np.bool_)
        self.nothing = np.zeros(len(board.pairs), dtype=np.bool_)
        self.fill = self._most_filled()

    def run(self, seconds: float) -> tuple[Flags, Gap | None]:
        """The pairs chosen among the open ones, and the gap left."""
        found = self.best(None, until=np.inf)  # a flow again: quick, and the start of all else
        if found.chosen is None:
            raise SolverFailed("HiGHS found no assignment at all")
        chosen, low, highest = found.chosen, self.board.least(found.chosen), self._total(found.chosen)
        ceiling = min(self.board.ceiling(), self._average(chosen))
        if low < ceiling:
            chosen = self.board.read(raise_least(self.board.programme, chosen).astype(np.float64), self.fill)
            low = self.board.least(chosen)
            chosen, low, ceiling = self._climb(chosen, low, ceiling, until=self.deadline - seconds / 2)
            found = self.best(low, until=self.deadline)
            if found.chosen is not None and self._total(found.chosen) >= self._total(chosen):
                chosen = found.chosen
        proven = found.ended and found.chosen is not None
        missing = Decimal(0) if proven else min(Decimal(found.bound), highest) - self._total(chosen)
        return chosen, None if proven and low == ceiling else Gap(ceiling - low, max(missing, Decimal(0)))

    def best(self, least: Decimal | None, *, until: float, any_will_do: bool = False) -> _Found:
        """The assignment of the highest total with every sum at least `least`; exact where the solver's tolerance is not."""
        banned: list[tuple[Numbers, Numbers]] = []
        while True:
            found = self._best(least, tuple(banned), until=until, any_will_do=any_will_do)
            if found.chosen is None or least is None:
                return found
            short = self.board.short(found.chosen, least)
            if not short:
                return found
            offending = (self.board.own[at] for at in short)
            banned += [(own[found.chosen[own]], own[~found.chosen[own]]) for own in offending]

    def _best(
        self, least: Decimal | None, banned: tuple[tuple[Numbers, Numbers], ...], *, until: float, any_will_do: bool
    ) -> _Found:
        """The relaxed programme first; then whole answers among the pairs whose reduced cost says that they may matter.

        A pair left out with reduced cost d can be part of no total above bound - d: once the best found is within
        `reach` of the bound, none that was left out can improve it.
        """
        usable = self.board.usable(least)
        relaxed = self._solve(
            Wish(self.board.programme.affinity, self.nothing, usable, self.fill, _float(least), banned=banned), until
        )
        if relaxed.chosen is None or not relaxed.ended:
            return _Found(ended=relaxed.ended and relaxed.chosen is None)
        if relaxed.reduced is None:
            raise SolverFailed("HiGHS gave no reduced costs")
        if _is_whole(relaxed.chosen):
            return _Found(ended=True, chosen=self.board.read(relaxed.chosen, self.fill), bound=relaxed.bound)
        costs = np.abs(relaxed.reduced)
        reach = max(float(np.sort(costs)[min(len(costs) - 1, CORE * len(self.board.programme.needed))]), 1e-6)
        chosen: Flags | None = None
        while True:
            out = (relaxed.reduced < -reach) & (relaxed.chosen < 0.5)
            kept = (relaxed.reduced > reach) & (relaxed.chosen > 0.5)
            wish = Wish(self.board.programme.affinity, kept, usable & ~out, self.fill, _float(least), whole=True, banned=banned)
            answer = self._solve(wish, until, any_will_do=any_will_do)
            if answer.chosen is not None:
                now = self.board.read(answer.chosen, self.fill)
                chosen = now if chosen is None or self._total(now) > self._total(chosen) else chosen
                if any_will_do:
                    return _Found(ended=False, chosen=chosen)
            if not answer.ended:
                return _Found(ended=False, chosen=chosen, bound=relaxed.bound)
            missing = relaxed.bound - float(self._total(chosen)) if chosen is not None else np.inf
            if missing <= reach - 1e-7 or not (out.any() or kept.any()):
                return _Found(ended=True, chosen=chosen, bound=relaxed.bound)
            reach = min(missing + 1e-6, 6 * reach)

    def _climb(self, chosen: Flags, low: Decimal, ceiling: Decimal, *, until: float) -> tuple[Flags, Decimal, Decimal]:
        """The highest least sum: between `low`, which `chosen` has, and `ceiling`, which none exceeds.

        Returns the pairs, their least sum and the ceiling proven; the two are equal when the optimum is proven.
        """
        probe = self.best(ceiling, until=_share(until), any_will_do=True)
        if probe.chosen is not None:  # most often the worst-served proposal can have its very best reviewers
            return probe.chosen, self.board.least(probe.chosen), ceiling
        ceiling = min(ceiling, self._relaxed_least(until))
        if len(self.board.pairs) <= SMALL and (guess := self._whole_least(_share(until))) is not None:
            chosen, low = max((guess, self.board.least(guess)), (chosen, low), key=lambda found: found[1])
        at, roof = low + STEP, ceiling  # first: is there anything better at all? Then by halves, then the same question again
        while low < ceiling and time.monotonic() < until:
            near = roof - low <= NEAR
            probe = self.best(at, until=until if near else _share(until), any_will_do=True)
            if probe.chosen is not None:
                chosen, low = probe.chosen, self.board.least(probe.chosen)
                roof = max(roof, low)
            elif probe.ended:
                ceiling = roof = low if at == low + STEP else at
            elif near:
                break
            elif at != low + STEP:
                roof = at  # undecided counts as nothing there, until the last question
            at = low + STEP if roof - low <= NEAR else (low + roof) / 2
        return chosen, low, max(ceiling, low)

    def _relaxed_least(self, until: float) -> Decimal:
        """A bound on the least sum by the relaxed programme, rounded up past the solver's tolerance."""
        answer = self._solve(Wish(None, self.nothing, self.everything, self.fill), until)
        return Decimal(answer.value) + Decimal("1e-7") if answer.ended and answer.value is not None else Decimal("Infinity")

    def _whole_least(self, until: float) -> Flags | None:
        """The highest least sum asked for directly: quick for few pairs, hopeless for many; only a guess until proven."""
        answer = self._solve(Wish(None, self.nothing, self.everything, self.fill, whole=True), until)
        return None if answer.chosen is None else self.board.read(answer.chosen, self.fill)

    def _average(self, chosen: Flags) -> Decimal:
        """A bound on the least sum by the highest total, which `chosen` has: the least is not above the mean."""
        total = exact_sum(self.board.sums(chosen))
        return (total / max(int(self.board.programme.judged.sum()), 1)).quantize(STEP, ROUND_CEILING)

    def _most_filled(self) -> int:
        """How many open places can be filled at most: a flow, so the relaxed programme's answer is whole."""
        ones = np.ones(len(self.board.pairs))
        answer = self._solve(Wish(ones, self.nothing, self.everything), np.inf)
        if answer.chosen is None or answer.value is None or not answer.ended:
            raise SolverFailed("HiGHS did not count the places that can be filled")
        fill = round(answer.value)
        self.board.read(answer.chosen, fill)
        return fill

    def _solve(self, wish: Wish, until: float, *, any_will_do: bool = False) -> Answer:
        return solve(self.board.programme, wish, seconds=until - time.monotonic(), any_will_do=any_will_do)

    def _total(self, chosen: Flags) -> Decimal:
        return exact_sum(self.board.affinities[self.board.pairs[i]] for i in np.flatnonzero(chosen))


def _share(until: float) -> float:
    """A third of the time left: what one question may take when others are to follow."""
    now = time.monotonic()
    return now + (until - now) / 3


def _float(least: Decimal | None) -> float | None:
    return None if least is None else float(least)


def _is_whole(values: Floats) -> bool:
    return bool((np.minimum(np.abs(values), np.abs(values - 1)) < 1e-6).all())


def _outcome(board: Board, chosen: Flags, gap: Gap | None) -> Outcome:
    case = board.case
    pairs: list[Pair] = sorted([*case.fixed, *(board.pairs[i] for i in np.flatnonzero(chosen))])
    assigned = {p.ref: tuple(name for name, ref in pairs if ref == p.ref) for p in case.proposals}
    sums = [exact_sum(board.affinities[(name, p.ref)] for name in assigned[p.ref]) for p in case.proposals if p.needed]
    return Outcome(
        assigned=assigned,
        unfilled={p.ref: p.needed - len(assigned[p.ref]) for p in case.proposals if p.needed > len(assigned[p.ref])},
        loads={r.id: sum(1 for name, _ in pairs if name == r.id) for r in case.reviewers},
        min_affinity=min(sums, default=Decimal(0)),
        total_affinity=exact_sum(board.affinities[pair] for pair in pairs),
        gap=gap,
    )
