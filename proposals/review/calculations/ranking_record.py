"""The figures of a panel's record, reckoned from what stands in it: anyone who holds the record can check them."""

from collections.abc import Collection, Mapping
from typing import Any

from proposals.review.calculations.ranking import DRAWS, WITHIN, Measure, Review, Standing, ranking, without_each
from proposals.review.calculations.ranking_leans import HELD

Facts = dict[str, Any]


def method(seed: int, takes_a_place: Collection[str]) -> Facts:
    """How the figures are reckoned, as it stands in the record."""
    return {
        "seed": seed,
        "draws": DRAWS,
        "within": str(WITHIN),
        "held": str(HELD),
        "takes_a_place": sorted(takes_a_place),
    }


def with_figures(facts: Mapping[str, Any]) -> Facts:
    """The record with each item's standing, the reviewers' leans, and what would change without one of them.

    `facts` hold `criteria`, `items` with their `reviews`, and `method`; figures are written to four places.
    """
    measures = [
        Measure(one["key"], float(one["weight"]), float(one["maximum"]), float(one["pass_minimum"])) for one in facts["criteria"]
    ]
    reviews = [
        Review(item["proposal"], held["reviewer"], {key: float(points) for key, points in held["points"].items()})
        for item in facts["items"]
        for held in item["reviews"]
        if held["kind"] == "science"
    ]
    found = ranking([item["proposal"] for item in facts["items"]], reviews, measures, seed=facts["method"]["seed"])
    of = {standing.proposal: standing for standing in found.standings}
    places = sum(item["recommends"] in facts["method"]["takes_a_place"] for item in facts["items"])
    changes = without_each(reviews, measures, places=places)
    return {
        **facts,
        "items": [{**item, "standing": _standing(of[item["proposal"]])} for item in facts["items"]],
        "marks": [[*pair, _figure(mark)] for pair, mark in sorted(found.marks.items())],
        "leans": {reviewer: _figure(lean) for reviewer, lean in found.leans.items()},
        "groups": found.groups,
        "places": places,
        "without_one": [
            {
                "reviewer": change.reviewer,
                "proposal": change.proposal,
                "was": change.was,
                "now": change.now,
                "crosses": change.crosses,
            }
            for change in changes
        ],
    }


def extract(record: Mapping[str, Any], hidden: Collection[str]) -> Facts:
    """The record as if the hidden proposals had never been before the panel: places and figures are reckoned anew."""
    shown = [item for item in record["items"] if item["proposal"] not in hidden]
    return with_figures({**record, "items": [{**item, "place": place} for place, item in enumerate(shown, 1)]})


def _figure(value: float | None) -> str | None:
    return None if value is None else f"{value:.4f}"


def _standing(standing: Standing) -> Facts:
    return {
        "reviews": standing.reviews,
        "unable": standing.unable,
        "points": {key: _figure(points) for key, points in standing.points.items()},
        "percent": _figure(standing.percent),
        "spread": _figure(standing.spread),
        "score": _figure(standing.score),
        "plain_rank": standing.plain_rank,
        "rank": standing.rank,
        "low": standing.low,
        "high": standing.high,
        "failed": list(standing.failed),
    }
