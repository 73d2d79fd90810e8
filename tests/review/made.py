"""Cases made up from a seed, and the optimum of a small one by trying everything."""

import random
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import combinations

from proposals.review.calculations.case import Case, Proposal, Reviewer, affinity
from proposals.review.calculations.optimum import Outcome

Figures = tuple[int, Fraction, Fraction]  # places filled, least sum, total


def weight(draw: random.Random, digits: int) -> Decimal:
    return Decimal(f"{draw.random():.{digits}f}")


def small(seed: int) -> Case:
    """At most 5 reviewers and 4 proposals, with conflicts of every kind, fixed and forbidden pairs, and people short."""
    draw = random.Random(seed)
    digits, topics = draw.choice([1, 2, 4, 17]), "abc"[: draw.randint(1, 3)]
    expert = lambda: {topic: weight(draw, digits) for topic in topics if draw.random() < 0.8}  # noqa: E731  # a word for a draw
    reviewers = [
        Reviewer(f"r{n}", draw.randint(0, 3), draw.choice(["", "A", "B", "C"]), draw.choice(["", "x", "y", "z"]), expert())
        for n in range(draw.randint(1, 5))
    ]
    proposals = [
        Proposal(
            f"p{n}",
            draw.randint(0, 3),
            tuple(draw.sample("ABCDEF", draw.randint(0, 2))),
            tuple(draw.sample("xyzwuv", draw.randint(0, 2))),
            expert(),
        )
        for n in range(draw.randint(1, 4))
    ]
    pairs = [(r.id, p.ref) for r in reviewers for p in proposals]
    some = lambda most: frozenset(draw.sample(pairs, min(len(pairs), draw.randint(0, most))))  # noqa: E731
    case = Case(tuple(reviewers), tuple(proposals), draw.random() < 0.5, conflicts=some(2), forbidden=some(2))
    return with_fixed(case, draw)


def with_fixed(case: Case, draw: random.Random) -> Case:
    """The same case with up to two pairs fixed that can be."""
    fixed: set[tuple[str, str]] = set()
    open_pairs = [(r, p) for r in case.reviewers for p in case.proposals if not case.conflict(r, p)]
    for reviewer, proposal in draw.sample(open_pairs, min(len(open_pairs), draw.randint(0, 2))):
        loads, places = Counter(name for name, _ in fixed), Counter(ref for _, ref in fixed)
        if loads[reviewer.id] < reviewer.max_load and places[proposal.ref] < proposal.needed:
            fixed.add((reviewer.id, proposal.ref))
    return replace(case, fixed=frozenset(fixed))


def contested(seed: int) -> Case:
    """Everybody could review everything, and the best are wanted by all: the least sum is rarely the obvious one."""
    draw = random.Random(seed)
    digits, topics = draw.choice([1, 2, 17]), "abcd"[: draw.randint(1, 4)]
    expert = lambda: {topic: weight(draw, digits) for topic in topics}  # noqa: E731
    reviewers = tuple(Reviewer(f"r{n}", draw.randint(1, 2), topics=expert()) for n in range(draw.randint(3, 5)))
    proposals = tuple(Proposal(f"p{n}", draw.randint(1, 3), topics=expert()) for n in range(draw.randint(2, 3)))
    return with_fixed(Case(reviewers, proposals), draw)


def wide(seed: int) -> Case:
    """Six proposals, each with three of thirty reviewers of load 1: many pairs for each place."""
    draw = random.Random(seed)
    expert = lambda: {topic: weight(draw, 3) for topic in "ab"}  # noqa: E731
    reviewers = tuple(Reviewer(f"r{n}", 1, topics=expert()) for n in range(30))
    return Case(reviewers, tuple(Proposal(f"p{n}", 3, topics=expert()) for n in range(6)))


def large(*, proposals: int, reviewers: int, load: int, seed: int, topics: int = 15) -> Case:
    """Three reviewers a proposal; 26 countries and an organisation for every eight proposals."""
    draw = random.Random(seed)
    names = [f"t{n}" for n in range(topics)]
    organisation = lambda: f"o{draw.randint(0, proposals // 8)}"  # noqa: E731
    country = lambda: f"c{draw.randint(0, 25)}"  # noqa: E731
    some = lambda low, high: {t: weight(draw, 2) for t in draw.sample(names, min(topics, draw.randint(low, high)))}  # noqa: E731
    return Case(
        tuple(Reviewer(f"r{n}", load, organisation(), country(), some(3, 6)) for n in range(reviewers)),
        tuple(
            Proposal(f"p{n}", 3, (organisation(), organisation()), (country(), country()), some(1, 4)) for n in range(proposals)
        ),
    )


def figures(outcome: Outcome) -> Figures:
    filled = sum(len(names) for names in outcome.assigned.values())
    return filled, Fraction(outcome.min_affinity), Fraction(outcome.total_affinity)


def recounted(case: Case, outcome: Outcome) -> Figures:
    """The figures from the pairs alone, in fractions; every rule of the case is asserted on the way."""
    reviewers = {r.id: r for r in case.reviewers}
    assert set(outcome.assigned) == {p.ref for p in case.proposals}
    sums = []
    for proposal in case.proposals:
        names = outcome.assigned[proposal.ref]
        assert list(names) == sorted(set(names))
        assert outcome.unfilled.get(proposal.ref, 0) == proposal.needed - len(names) >= 0
        assert [case.conflict(reviewers[name], proposal) for name in names] == [None] * len(names)
        sums.append(sum((Fraction(affinity(reviewers[name], proposal)) for name in names), Fraction(0)))
    pairs = {(name, ref) for ref, names in outcome.assigned.items() for name in names}
    assert case.fixed <= pairs
    assert outcome.loads == {r.id: sum(1 for name, _ in pairs if name == r.id) for r in case.reviewers}
    assert all(outcome.loads[r.id] <= r.max_load for r in case.reviewers)
    needing = [total for total, proposal in zip(sums, case.proposals, strict=True) if proposal.needed]
    return len(pairs), min(needing, default=Fraction(0)), sum(sums, Fraction(0))


def tried(case: Case) -> Figures:
    """The best figures of all assignments that the case allows, by trying every one."""
    choices = [_choices(case, proposal) for proposal in case.proposals]
    best: Figures = (-1, Fraction(0), Fraction(0))

    def place(at: int, loads: Counter[str], sums: list[Fraction], filled: int) -> None:
        nonlocal best
        if at == len(choices):
            needing = [total for total, proposal in zip(sums, case.proposals, strict=True) if proposal.needed]
            best = max(best, (filled, min(needing, default=Fraction(0)), sum(sums, Fraction(0))))
            return
        for group, total in choices[at]:
            after = loads + Counter(r.id for r in group)
            if all(after[r.id] <= r.max_load for r in group):
                place(at + 1, after, [*sums, total], filled + len(group))

    place(0, Counter(), [], 0)
    return best


def _choices(case: Case, proposal: Proposal) -> list[tuple[list[Reviewer], Fraction]]:
    kept = [r for r in case.reviewers if (r.id, proposal.ref) in case.fixed]
    others = [r for r in case.reviewers if r not in kept and not case.conflict(r, proposal)]
    groups = [[*kept, *extra] for size in range(proposal.needed - len(kept) + 1) for extra in combinations(others, size)]
    return [(group, sum((Fraction(affinity(r, proposal)) for r in group), Fraction(0))) for group in groups]
