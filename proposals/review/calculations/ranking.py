"""How proposals rank by their reviews: weighted means, spread, ranks with their intervals, what one reviewer changes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from random import Random
from statistics import NormalDist, stdev

from proposals.review.calculations.ranking_leans import HELD, Design, Fit, Mark, fit, groups, totals, weighted

DRAWS = 1000
WITHIN = 0.9  # the share of draws inside the interval of a rank
NORMAL = NormalDist()


@dataclass(frozen=True)
class Measure:
    """A criterion: its weight in the total, the maximum score in points, and the least mean that passes, in points."""

    key: str
    weight: float
    maximum: float
    passes_at: float = 0.0


@dataclass(frozen=True)
class Review:
    """One reviewer's points for one proposal by criterion; "not able to judge" is left out, never 0."""

    proposal: str
    reviewer: str
    points: Mapping[str, float]


@dataclass(frozen=True)
class Standing:
    """Where one proposal stands; percents are of what could be reached, ranks count from 1, None without a review.

    `percent` is the plain weighted mean, `score` the mean less the leans of its reviewers, `spread` the standard deviation
    of its marks (None below two); `low` to `high` is the interval of the rank; `failed` are criteria below their minimum.
    """

    proposal: str
    reviews: int = 0
    unable: int = 0
    points: Mapping[str, float] = field(default_factory=dict)
    percent: float | None = None
    spread: float | None = None
    score: float | None = None
    plain_rank: int | None = None
    rank: int | None = None
    low: int | None = None
    high: int | None = None
    failed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ranking:
    """All standings, the best first; each review's mark and each reviewer's lean in percent; the groups that share nobody."""

    standings: list[Standing]
    marks: dict[tuple[str, str], float]
    leans: dict[str, float]
    groups: int
    seed: int


@dataclass(frozen=True)
class Change:
    """What the ranking would be without one reviewer: a proposal's rank as it is and as it would be (None: no review left)."""

    reviewer: str
    proposal: str
    was: int
    now: int | None
    crosses: bool


def ranked(scores: Mapping[str, float]) -> dict[str, int]:
    """The rank of each, the highest score first; equal scores share the better rank, and the next is counted on."""
    rounded = {name: round(score, 9) for name, score in scores.items()}
    order = sorted(rounded.values(), reverse=True)
    first: dict[float, int] = {}
    for place, score in enumerate(order, 1):
        first.setdefault(score, place)
    return {name: first[score] for name, score in rounded.items()}


def ranking(proposals: Iterable[str], reviews: Sequence[Review], measures: Sequence[Measure], *, seed: int) -> Ranking:
    """Rank the proposals; those without a review come last, without a rank. The same input gives the same figures."""
    marks = _marks(reviews, measures)
    found = fit(marks)
    scores = {name: round(score, 9) for name, score in found.scores.items()}
    by_proposal: defaultdict[str, list[Mark]] = defaultdict(list)
    for mark in marks:
        by_proposal[mark.proposal].append(mark)
    plain = {name: _mean(of) for name, of in by_proposal.items()}
    ranks, plain_ranks = ranked(scores), ranked(plain)
    intervals = _intervals(marks, found, ranks, seed=seed)
    standings = []
    for name in proposals:
        mine = [review for review in reviews if review.proposal == name]
        points = _points(mine, measures)
        low, high = intervals.get(name, (None, None))
        standings.append(
            Standing(
                proposal=name,
                reviews=len(mine),
                unable=sum(len(measures) - len(review.points) for review in mine),
                points=points,
                percent=plain.get(name),
                spread=stdev(mark.percent for mark in by_proposal[name]) if len(by_proposal[name]) > 1 else None,
                score=scores.get(name),
                plain_rank=plain_ranks.get(name),
                rank=ranks.get(name),
                low=low,
                high=high,
                failed=tuple(m.key for m in measures if m.key in points and points[m.key] < m.passes_at - 1e-9),
            )
        )
    standings.sort(key=lambda standing: (standing.rank is None, standing.rank or 0, standing.proposal))
    return Ranking(standings, {(m.proposal, m.reviewer): m.percent for m in marks}, found.leans, len(groups(marks)), seed)


def without_each(reviews: Sequence[Review], measures: Sequence[Measure], *, places: int | None = None) -> list[Change]:
    """Every rank that would change if one reviewer had not taken part; `crosses`: in or out of the first `places`."""

    def inside(rank: int | None) -> bool:
        return places is not None and rank is not None and rank <= places

    before = ranked(fit(_marks(reviews, measures)).scores)
    changes = []
    for reviewer in sorted({review.reviewer for review in reviews}):
        after = ranked(fit(_marks([one for one in reviews if one.reviewer != reviewer], measures)).scores)
        changes += [
            Change(reviewer, name, was, after.get(name), inside(was) != inside(after.get(name)))
            for name, was in sorted(before.items(), key=lambda item: (item[1], item[0]))
            if after.get(name) != was
        ]
    return changes


def _marks(reviews: Sequence[Review], measures: Sequence[Measure]) -> list[Mark]:
    """The reviews as marks in percent; a criterion without a maximum cannot be one."""
    maxima = {measure.key: measure.maximum for measure in measures if measure.maximum > 0}
    percents = {
        (review.proposal, review.reviewer): {
            key: points / maxima[key] * 100 for key, points in review.points.items() if key in maxima
        }
        for review in reviews
    }
    return totals(percents, {measure.key: measure.weight for measure in measures if measure.key in maxima})


def _mean(marks: Sequence[Mark]) -> float:
    """The plain weighted mean of one proposal's marks."""
    return weighted({mark.reviewer: mark.percent for mark in marks}, {mark.reviewer: mark.weight for mark in marks})


def _points(reviews: Sequence[Review], measures: Sequence[Measure]) -> dict[str, float]:
    """The mean of each criterion over those who judged it, in points."""
    given = {measure.key: [one.points[measure.key] for one in reviews if measure.key in one.points] for measure in measures}
    return {key: sum(points) / len(points) for key, points in given.items() if points}


def _intervals(marks: Sequence[Mark], found: Fit, ranks: Mapping[str, int], *, seed: int) -> dict[str, tuple[int, int]]:
    """Between which ranks each lies in nine of ten draws; empty where no two reviews tell how much chance there is.

    A parametric bootstrap: each draw judges the same proposals by the same reviewers anew, with as much chance as the
    reviews show, and with leans as unsure as their shrinkage says. The interval always holds the rank itself.
    """
    if found.chance is None:
        return {}
    source = Random(seed)  # noqa: S311  # repeatable on purpose: the seed stands in the record
    design = Design(marks)
    lean, chances = sqrt(found.chance / HELD), [sqrt(found.chance / mark.weight) for mark in marks]
    seen: dict[str, list[int]] = {name: [] for name in design.proposals}
    for _draw in range(DRAWS):
        leans = [lean * _normal(source) for _reviewer in design.reviewers]
        noise = [leans[i] + chance * _normal(source) for (_p, i, _w), chance in zip(design.places, chances, strict=True)]
        moved, _leans = design.solve(noise)
        drawn = {name: found.scores[name] + by for name, by in zip(design.proposals, moved, strict=True)}
        for name, rank in ranked(drawn).items():
            seen[name].append(rank)
    tail = round(DRAWS * (1 - WITHIN) / 2)
    return {
        name: (min(ranks[name], sorted(all_ranks)[tail]), max(ranks[name], sorted(all_ranks)[DRAWS - 1 - tail]))
        for name, all_ranks in seen.items()
    }


def _normal(source: Random) -> float:
    """One draw of the standard normal, from `random()` alone: the one sequence that Python promises to keep."""
    return NORMAL.inv_cdf(max(source.random(), 2**-54))
