"""Reviewers' leans: how much more or less than others each gives to the same proposals, by least squares with shrinkage.

A mark t of reviewer i for proposal p is taken as t = s(p) + b(i) + chance: the proposal's score and the reviewer's lean.
The sum of W (t - s - b)^2 over all marks plus HELD * (sum of b^2) is made smallest. See docs/ranking.md for the sources.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

# A lean is shrunk as if its reviewer had written this many more reviews without any lean.
HELD = 2.0
Matrix = list[list[float]]


@dataclass(frozen=True)
class Mark:
    """One review as one figure: `percent` of what could be reached, `weight` the share of the criteria it judged, (0, 1]."""

    proposal: str
    reviewer: str
    percent: float
    weight: float = 1.0


@dataclass(frozen=True)
class Fit:
    """What the marks say: scores and leans in percent, and `chance`, the variance of a full mark; None if it cannot be told."""

    scores: dict[str, float]
    leans: dict[str, float]
    chance: float | None


class Design:
    """Who marked what with which weight; solved once, then used for any marks of that pattern."""

    def __init__(self, marks: Sequence[Mark]) -> None:
        self.proposals = sorted({mark.proposal for mark in marks})
        self.reviewers = sorted({mark.reviewer for mark in marks})
        row = {name: n for n, name in enumerate(self.proposals)}
        column = {name: n for n, name in enumerate(self.reviewers)}
        self.places = [(row[mark.proposal], column[mark.reviewer], mark.weight) for mark in marks]
        self.weights = [0.0] * len(row)
        for p, _i, weight in self.places:
            self.weights[p] += weight
        self.root = _cholesky(self._normal())

    def _normal(self) -> Matrix:
        """The matrix of the equations for the leans, the scores being eliminated; positive definite by HELD."""
        size = len(self.reviewers)
        matrix = [[0.0] * size for _ in range(size)]
        of: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
        for p, i, weight in self.places:
            of[p].append((i, weight))
            matrix[i][i] += weight
        for p, given in of.items():
            for i, one in given:
                for j, other in given:
                    matrix[i][j] -= one * other / self.weights[p]
        for i in range(size):
            matrix[i][i] += HELD
        return matrix

    def means(self, marks: Sequence[float]) -> list[float]:
        """Each proposal's weighted mean of `marks`, which come in the order of the design."""
        sums = [0.0] * len(self.proposals)
        for (p, _i, weight), mark in zip(self.places, marks, strict=True):
            sums[p] += weight * mark
        return [total / weight for total, weight in zip(sums, self.weights, strict=True)]

    def solve(self, marks: Sequence[float]) -> tuple[list[float], list[float]]:
        """Scores of proposals and leans of reviewers that fit `marks` best."""
        means = self.means(marks)
        right = [0.0] * len(self.reviewers)
        for (p, i, weight), mark in zip(self.places, marks, strict=True):
            right[i] += weight * (mark - means[p])
        leans = _solved(self.root, right)
        return self.means([mark - leans[i] for (_p, i, _w), mark in zip(self.places, marks, strict=True)]), leans

    def freedom(self) -> float:
        """How many marks are left over after scores and (shrunken) leans: N less the trace of the hat matrix."""
        size = len(self.reviewers)
        trace = sum(_solved(self.root, [float(i == j) for j in range(size)])[i] for i in range(size))
        return len(self.places) - len(self.proposals) - size + HELD * trace


def fit(marks: Sequence[Mark]) -> Fit:
    """Scores and leans of these marks. Reviewers of a proposal that nobody else judged keep no lean against it."""
    design = Design(marks)
    percents = [mark.percent for mark in marks]
    scores, leans = design.solve(percents)
    freedom = design.freedom()
    left = sum(weight * (mark - scores[p] - leans[i]) ** 2 for (p, i, weight), mark in zip(design.places, percents, strict=True))
    return Fit(
        dict(zip(design.proposals, scores, strict=True)),
        dict(zip(design.reviewers, leans, strict=True)),
        left / freedom if freedom > 1e-6 else None,
    )


def groups(marks: Sequence[Mark]) -> list[set[str]]:
    """The proposals in groups that share reviewers, largest first: between two groups nothing says who is strict."""
    group_of: dict[str, set[str]] = {}
    read: defaultdict[str, set[str]] = defaultdict(set)
    for mark in marks:
        read[mark.reviewer].add(mark.proposal)
    for proposals in read.values():
        joined = set().union(*(group_of.get(proposal, {proposal}) for proposal in proposals))
        group_of.update(dict.fromkeys(joined, joined))
    return sorted({id(group): group for group in group_of.values()}.values(), key=lambda group: (-len(group), min(group)))


def totals(reviews: Mapping[tuple[str, str], Mapping[str, float]], weights: Mapping[str, float]) -> list[Mark]:
    """Each review of (proposal, reviewer) as one mark: percents by criterion, what was not judged left out.

    A proposal's mean is taken criterion by criterion over whoever judged it, then over the criteria by weight; a review's
    mark is that mean plus its own weighted distance from it. So the weighted mean of a proposal's marks is its mean, and
    who leaves out a hard criterion does not lift the proposal. Criteria without a weight count nothing.
    """
    counted = {criterion: weight for criterion, weight in weights.items() if weight > 0}
    whole = sum(counted.values())
    given: defaultdict[str, defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for (proposal, _reviewer), percents in reviews.items():
        for criterion in counted.keys() & percents.keys():
            given[proposal][criterion].append(percents[criterion])
    means = {p: {c: sum(values) / len(values) for c, values in sorted(by.items())} for p, by in given.items()}
    marks = []
    for (proposal, reviewer), percents in sorted(reviews.items()):
        judged = sorted(counted.keys() & percents.keys())
        weight = sum(counted[c] for c in judged)
        if not weight:
            continue
        mean = weighted(means[proposal], counted)
        away = sum(counted[c] * (percents[c] - means[proposal][c]) for c in judged) / weight
        marks.append(Mark(proposal, reviewer, mean + away, weight / whole))
    return marks


def weighted(percents: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """The mean of the percents by the weights of those criteria that are there."""
    return sum(weights[c] * percent for c, percent in percents.items()) / sum(weights[c] for c in percents)


def _cholesky(matrix: Matrix) -> Matrix:
    """The lower triangle whose square is the matrix, symmetric and positive definite."""
    root: Matrix = []
    for i, line in enumerate(matrix):
        new: list[float] = []
        for j in range(i + 1):
            known = sum(a * b for a, b in zip(new, root[j] if j < i else new, strict=False))
            new.append(sqrt(line[i] - known) if i == j else (line[j] - known) / root[j][j])
        root.append(new)
    return root


def _solved(root: Matrix, right: Sequence[float]) -> list[float]:
    """What the matrix of this root turns into `right`."""
    size = len(root)
    half: list[float] = []
    for i, line in enumerate(root):
        half.append((right[i] - sum(a * b for a, b in zip(line, half, strict=False))) / line[i])
    found = [0.0] * size
    for i in reversed(range(size)):
        found[i] = half[i] / root[i][i]
        for j in range(i):
            half[j] -= root[i][j] * found[i]
    return found
