"""Ranking by reviews: known cases, brute force, and chance that is as large as it is said to be."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proposals.review.calculations.ranking import Measure, Review, ranked, ranking, without_each
from proposals.review.calculations.ranking_leans import HELD, Design, Mark, fit, groups, totals, weighted
from proposals.review.calculations.ranking_record import extract, method, with_figures

ONE = [Measure("c", 1, 10)]
FOUR = [Measure("science", 35, 10, 5), Measure("works", 25, 5), Measure("fits", 25, 10), Measure("shares", 15, 10)]


def one(proposal, reviewer, points):
    return Review(proposal, reviewer, {"c": points})


def rank(reviews, measures=ONE, names=None, seed=1):
    return ranking(names or sorted({review.proposal for review in reviews}), reviews, measures, seed=seed)


def of(found, name):
    return next(standing for standing in found.standings if standing.proposal == name)


def test_mean_weighs_criteria_by_weight_and_maximum():
    points = {"science": 8, "works": 4, "fits": 6, "shares": 10}
    found = rank([Review("p", "a", points)], FOUR)
    assert of(found, "p").percent == pytest.approx((35 * 80 + 25 * 80 + 25 * 60 + 15 * 100) / 100)


def test_what_nobody_could_judge_is_left_out_and_never_zero():
    found = of(rank([Review("p", "a", {"science": 8, "works": 4})], FOUR), "p")
    assert found.percent == pytest.approx(80)
    assert found.unable == 2
    assert found.points == {"science": 8, "works": 4}


def test_leaving_out_a_hard_criterion_does_not_lift_a_proposal():
    """The other reviewer's low score for it keeps its weight: 10 and 2 are a mean of 6, not of 8."""
    measures = [Measure("x", 1, 10), Measure("y", 1, 10)]
    found = of(rank([Review("p", "a", {"x": 10, "y": 2}), Review("p", "b", {"x": 10})], measures), "p")
    assert found.percent == pytest.approx(60)
    assert found.unable == 1


def test_a_review_that_judged_nothing_counts_nowhere_but_is_counted():
    found = rank([one("p", "a", 5), Review("p", "b", {}), Review("q", "b", {})])
    assert (of(found, "p").percent, of(found, "p").reviews, of(found, "p").unable) == (pytest.approx(50), 2, 1)
    assert (of(found, "q").rank, of(found, "q").percent) == (None, None)


def test_a_criterion_without_weight_or_maximum_counts_nothing_but_may_fail():
    measures = [Measure("x", 0, 10, 5), Measure("y", 1, 10), Measure("z", 1, 0)]
    found = of(rank([Review("p", "a", {"x": 1, "y": 8, "z": 3})], measures), "p")
    assert found.percent == pytest.approx(80)
    assert found.failed == ("x",)


@pytest.mark.parametrize(("points", "failed"), [((4, 6), ()), ((4, 5.98), ("science",))])
def test_pass_minimum_is_held_against_the_mean(points, failed):
    reviews = [Review("p", name, {"science": value}) for name, value in zip("ab", points, strict=True)]
    assert of(rank(reviews, FOUR), "p").failed == failed


def test_spread_is_the_standard_deviation_of_the_marks():
    found = rank([one("p", "a", 4), one("p", "b", 8), one("q", "a", 5)])
    assert of(found, "p").spread == pytest.approx(800**0.5)
    assert of(found, "q").spread is None


def test_equal_scores_share_the_better_rank():
    assert ranked({"a": 1.0, "b": 3.0, "c": 3.0 + 1e-12, "d": 2.0}) == {"b": 1, "c": 1, "d": 3, "a": 4}


def test_without_a_review_there_is_no_rank_and_the_last_place():
    found = rank([one("p", "a", 1)], names=["none", "p"])
    assert [(s.proposal, s.rank) for s in found.standings] == [("p", 1), ("none", None)]
    assert rank([], names=["none"]).standings[0].rank is None


def test_a_strict_reviewer_is_known_by_the_proposals_shared():
    """Strict gives three less than others each time; q was judged by strict alone with a middling one, yet is as good as p."""
    reviews = [one(f"s{n}", who, 8 - 3 * (who == "strict")) for n in range(20) for who in ("mild", "strict")]
    reviews += [one("p", "mild", 8), one("q", "strict", 5)]
    found = rank(reviews)
    assert of(found, "p").percent - of(found, "q").percent == pytest.approx(30)
    assert of(found, "p").score - of(found, "q").score < 6
    assert found.leans["mild"] == pytest.approx(-found.leans["strict"])
    # Each shares twenty proposals with the other: half of 30 less what HELD keeps of it.
    assert found.leans["mild"] == pytest.approx(15 * 20 / (20 + HELD))


def test_shrinkage_is_the_least_squares_it_is_said_to_be():
    """Brute force: no small step of any score or lean makes the sum smaller."""
    source = random.Random(3)
    marks = [Mark(p, r, source.uniform(0, 100), source.choice([0.4, 1.0])) for p in "pqrst" for r in source.sample("abcd", 2)]
    found = fit(marks)

    def cost(scores, leans):
        loss = sum(m.weight * (m.percent - scores[m.proposal] - leans[m.reviewer]) ** 2 for m in marks)
        return loss + HELD * sum(lean**2 for lean in leans.values())

    best = cost(found.scores, found.leans)
    for name, step in itertools.product(found.scores, (-0.01, 0.01)):
        assert cost({**found.scores, name: found.scores[name] + step}, found.leans) > best
    for name, step in itertools.product(found.leans, (-0.01, 0.01)):
        assert cost(found.scores, {**found.leans, name: found.leans[name] + step}) > best


def test_freedom_is_what_the_hat_matrix_leaves():
    """Brute force: the trace of the map from marks to fitted marks, one unit mark at a time."""
    marks = [Mark(p, r, 0.0, w) for p, r, w in (("p", "a", 1), ("p", "b", 0.5), ("q", "a", 1), ("q", "c", 1), ("r", "c", 0.7))]
    design = Design(marks)
    trace = 0.0
    for n in range(len(marks)):
        scores, leans = design.solve([float(n == m) for m in range(len(marks))])
        p, i, _weight = design.places[n]
        trace += scores[p] + leans[i]
    assert design.freedom() == pytest.approx(len(marks) - trace)


def test_groups_that_share_nobody_keep_leans_that_add_up_to_nothing():
    """Between two such groups nothing says who is strict: each group's leans cancel out, and that there are two is said."""
    reviews = [one("p", "a", 9), one("p", "b", 5), one("q", "a", 7), one("x", "k", 3), one("x", "l", 2), one("y", "l", 1)]
    found = rank(reviews)
    assert found.groups == 2
    assert found.leans["a"] + found.leans["b"] == pytest.approx(0)
    assert found.leans["k"] + found.leans["l"] == pytest.approx(0)


def test_groups_join_through_a_chain():
    marks = [Mark(p, r, 1) for p, r in ("pa", "qb", "rc", "qa", "rb", "zz")]
    assert groups(marks) == [{"p", "q", "r"}, {"z"}]


def test_one_review_each_leaves_leans_and_intervals_untold():
    found = rank([one("p", "a", 9), one("q", "b", 5)])
    assert found.leans == {"a": pytest.approx(0), "b": pytest.approx(0)}
    assert [(s.rank, s.low, s.high) for s in found.standings] == [(1, None, None), (2, None, None)]


def test_intervals_repeat_with_their_seed_and_hold_the_rank():
    source = random.Random(5)
    reviews = [one(f"p{n}", r, source.uniform(3, 9)) for n in range(12) for r in source.sample("abcdef", 3)]
    first, again, other = rank(reviews, seed=7), rank(reviews, seed=7), rank(reviews, seed=8)
    assert first == again
    assert [(s.low, s.high) for s in first.standings] != [(s.low, s.high) for s in other.standings]
    assert all(1 <= s.low <= s.rank <= s.high <= 12 for s in first.standings)


def test_agreement_leaves_no_doubt_about_ranks():
    reviews = [one(f"p{n}", r, n) for n in range(1, 7) for r in "abc"]
    assert [(s.rank, s.low, s.high) for s in rank(reviews).standings] == [(n, n, n) for n in range(1, 7)]


def test_nine_of_ten_intervals_hold_the_true_rank_and_leans_help():
    """Twelve made-up worlds of 41 proposals, three reviewers of twelve each: qualities, leans and chance all as large."""
    source = random.Random(2)
    held = plain = calibrated = count = 0
    for _world in range(12):
        quality = {f"p{n:02}": source.gauss(60, 8) for n in range(41)}
        lean = {name: source.gauss(0, 8) for name in "abcdefghijkl"}
        reviews = [
            one(name, who, (quality[name] + lean[who] + source.gauss(0, 8)) / 10)
            for name in quality
            for who in source.sample(sorted(lean), 3)
        ]
        true = ranked(quality)
        for standing in rank(reviews).standings:
            count += 1
            held += standing.low <= true[standing.proposal] <= standing.high
            plain += abs(standing.plain_rank - true[standing.proposal])
            calibrated += abs(standing.rank - true[standing.proposal])
    assert 0.85 < held / count < 0.95
    assert calibrated < 0.9 * plain


POINTS = st.floats(0, 10, allow_nan=False)
REVIEWS = st.dictionaries(st.tuples(st.sampled_from("pqrs"), st.sampled_from("abc")), st.none() | POINTS, min_size=1)


def made(given_points):
    return [Review(p, r, {} if points is None else {"c": points}) for (p, r), points in sorted(given_points.items())]


@settings(deadline=None, max_examples=60)
@given(REVIEWS)
def test_marks_mean_what_their_proposal_means(given_points):
    """The mean of the marks by their weights is the proposal's mean, whatever was left out."""
    percents = {pair: {} if points is None else {"c": points, "d": points / 2} for pair, points in given_points.items()}
    weights = {"c": 3.0, "d": 1.0, "e": 2.0}
    marks = totals(percents, weights)
    for name in {mark.proposal for mark in marks}:
        mine = [mark for mark in marks if mark.proposal == name]
        judged = [by for (p, _r), by in percents.items() if p == name and by]
        mean = weighted({c: sum(by[c] for by in judged) / len(judged) for c in ("c", "d")}, weights)
        assert sum(m.weight * m.percent for m in mine) / sum(m.weight for m in mine) == pytest.approx(mean)


@settings(deadline=None, max_examples=40)
@given(REVIEWS, st.integers(0, 4))
def test_without_each_is_what_leaving_out_by_hand_finds(given_points, places):
    reviews = made(given_points)
    found = {(c.reviewer, c.proposal): (c.was, c.now, c.crosses) for c in without_each(reviews, ONE, places=places)}
    expected = {}
    before = {s.proposal: s.rank for s in rank(reviews).standings if s.rank}
    for reviewer in {review.reviewer for review in reviews}:
        left = [review for review in reviews if review.reviewer != reviewer]
        after = {s.proposal: s.rank for s in rank(left, names=sorted(before)).standings}
        for name, was in before.items():
            if after[name] != was:
                inside = after[name] is not None and after[name] <= places
                expected[reviewer, name] = (was, after[name], (was <= places) != inside)
    assert found == expected


def test_without_one_reviewer_the_line_is_crossed():
    """Without a, p has only its low mark; without c, q was judged by b alone, who is strict with p."""
    reviews = [one("p", "a", 10), one("p", "b", 4), one("q", "b", 6), one("q", "c", 6)]
    crossed = [(c.reviewer, c.proposal, c.was, c.now) for c in without_each(reviews, ONE, places=1) if c.crosses and c.now]
    assert crossed == [("a", "p", 1, 2), ("a", "q", 2, 1), ("c", "q", 2, 1)]
    assert not any(change.crosses for change in without_each(reviews, ONE))


def facts(*items):
    return {
        "criteria": [{"key": "c", "weight": "1.00", "maximum": "10.00", "pass_minimum": "5.00"}],
        "method": method(7, {"selected"}),
        "items": [
            {
                "place": place,
                "proposal": name,
                "recommends": recommends,
                "reviews": [{"reviewer": who, "kind": "science", "points": {"c": points}} for who, points in given.items()]
                + [{"reviewer": "t", "kind": "technical", "points": {}}],
            }
            for place, (name, recommends, given) in enumerate(items, 1)
        ],
    }


P = ("p", "selected", {"a": "9.00", "b": "8.00"})
Q = ("q", "selected", {"a": "7.00", "c": "8.00"})
R = ("r", "reserve", {"b": "4.00", "d": "3.00"})


def test_record_holds_the_figures_that_follow_from_it():
    record = with_figures(facts(P, Q, R))
    assert [item["standing"]["rank"] for item in record["items"]] == [1, 2, 3]
    assert record["items"][2]["standing"]["failed"] == ["c"]
    assert record["items"][0]["standing"]["percent"] == "85.0000"
    assert (record["places"], record["groups"], sorted(record["leans"])) == (2, 1, ["a", "b", "c", "d"])
    assert record["method"] == {"seed": 7, "draws": 1000, "within": "0.9", "held": "2.0", "takes_a_place": ["selected"]}


def test_extract_is_the_record_of_a_panel_that_never_had_the_hidden_one():
    """Ranks, places, leans, groups and changes are those of the rest alone: d, who judged only r, is in it nowhere."""
    assert extract(with_figures(facts(P, R, Q)), {"r"}) == with_figures(facts(P, Q))
