"""Cases as JSON, for anyone to check: read strictly, every complaint names the thing, its value and the limit."""

import json
from decimal import Decimal
from typing import Any

from proposals.review.calculations.case import PLACES, ROUNDING, Case, Impossible, Pair, Proposal, Reviewer
from proposals.review.calculations.optimum import Outcome

SIXTH = Decimal("0.000001")
NOTES = {"name", "note"}  # may stand anywhere and are not read; every other unknown key is an error: it may be a misspelt rule


def read_cases(text: str) -> tuple[list[Case], bool]:
    """The cases of a file, and whether it was a list. Raises Impossible, naming the case by its number in a list."""
    try:
        document = json.loads(text, parse_float=Decimal, parse_constant=_constant, object_pairs_hook=_object)
    except Impossible:
        raise
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise Impossible(f"this is not JSON: {error}") from error
    if not isinstance(document, list):
        return [_case(document)], False
    cases = []
    for number, entry in enumerate(document, 1):
        try:
            cases.append(_case(entry))
        except Impossible as error:
            raise Impossible(f"case {number}: {error}") from error
    return cases, True


def written(outcome: Outcome) -> dict[str, Any]:
    """An outcome as it is printed: figures to 6 places, `gap` only where time ran out before the proof."""
    document: dict[str, Any] = {
        "assigned": {ref: list(names) for ref, names in sorted(outcome.assigned.items())},
        "unfilled": dict(sorted(outcome.unfilled.items())),
        "min_affinity": _figure(outcome.min_affinity),
        "total_affinity": _figure(outcome.total_affinity),
        "loads": dict(sorted(outcome.loads.items())),
    }
    if outcome.gap:
        document["gap"] = {
            "min_affinity": _figure(outcome.gap.min_affinity),
            "total_affinity": _figure(outcome.gap.total_affinity),
        }
    return document


def _figure(value: Decimal) -> float:
    return float(ROUNDING.quantize(value, SIXTH))


def _case(entry: Any) -> Case:
    what = "the case"
    optional = {"country_conflict", "conflicts", "fixed", "forbidden"}
    read = _keys(entry, what, required={"reviewers", "proposals"}, optional=optional)
    switch = read.get("country_conflict", True)
    if not isinstance(switch, bool):
        raise Impossible(f"country_conflict is {_shown(switch)}; it must be true or false")
    return Case(
        reviewers=tuple(_reviewer(item, n) for n, item in enumerate(_list(read["reviewers"], "reviewers"), 1)),
        proposals=tuple(_proposal(item, n) for n, item in enumerate(_list(read["proposals"], "proposals"), 1)),
        country_conflict=switch,
        conflicts=_pairs(read, "conflicts"),
        fixed=_pairs(read, "fixed"),
        forbidden=_pairs(read, "forbidden"),
    )


def _reviewer(entry: Any, number: int) -> Reviewer:
    what = f"reviewers, entry {number}"
    read = _keys(entry, what, required={"id", "max_load"}, optional={"organisation", "country", "topics"})
    name = _name(read["id"], f"{what}: id")
    what = f"reviewer {name!r}"
    return Reviewer(
        id=name,
        max_load=_count(read["max_load"], f"{what}: max_load"),
        organisation=_text(read.get("organisation"), f"{what}: organisation"),
        country=_text(read.get("country"), f"{what}: country"),
        topics=_topics(read.get("topics"), what),
    )


def _proposal(entry: Any, number: int) -> Proposal:
    what = f"proposals, entry {number}"
    read = _keys(entry, what, required={"ref", "needed"}, optional={"organisations", "countries", "topics"})
    ref = _name(read["ref"], f"{what}: ref")
    what = f"proposal {ref!r}"
    return Proposal(
        ref=ref,
        needed=_count(read["needed"], f"{what}: needed"),
        organisations=_texts(read.get("organisations"), f"{what}: organisations"),
        countries=_texts(read.get("countries"), f"{what}: countries"),
        topics=_topics(read.get("topics"), what),
    )


def _keys(entry: Any, what: str, *, required: set[str], optional: set[str]) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise Impossible(f"{what} is {_shown(entry)}; it must be an object")
    if missing := sorted(required - entry.keys()):
        raise Impossible(f"{what}: the key {missing[0]!r} is missing")
    if unknown := sorted(entry.keys() - required - optional - NOTES):
        known = ", ".join(sorted(required | optional))
        raise Impossible(f"{what}: the key {unknown[0]!r} is unknown; known are {known}")
    return entry


def _topics(value: Any, what: str) -> dict[str, Decimal]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Impossible(f"{what}: topics is {_shown(value)}; it must be an object")
    read = {}
    for topic, weight in value.items():
        if isinstance(weight, bool) or not isinstance(weight, int | Decimal) or not 0 <= weight <= 1:
            raise Impossible(f"{what}: topic {topic!r} is {_shown(weight)}; it must be a number from 0 to 1")
        read[topic] = ROUNDING.normalize(ROUNDING.quantize(Decimal(weight), PLACES))
    return read


def _pairs(read: dict[str, Any], key: str) -> frozenset[Pair]:
    found: set[Pair] = set()
    for number, pair in enumerate(_list(read.get(key, []), key), 1):
        match pair:
            case [str(reviewer), str(ref)]:
                found.add((reviewer, ref))
            case _:
                raise Impossible(f'{key}, entry {number} is {_shown(pair)}; it must be ["reviewer", "proposal"]')
    return frozenset(found)


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise Impossible(f"{what} is {_shown(value)}; it must be a list")
    return value


def _count(value: Any, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Impossible(f"{what} is {_shown(value)}; it must be a whole number, 0 or more")
    return value


def _name(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Impossible(f"{what} is {_shown(value)}; it must be a text that is not empty")
    return value


def _text(value: Any, what: str) -> str:
    if value is not None and not isinstance(value, str):
        raise Impossible(f"{what} is {_shown(value)}; it must be a text")
    return value or ""


def _texts(value: Any, what: str) -> tuple[str, ...]:
    return tuple(_name(item, f"{what}, entry {n}") for n, item in enumerate(_list([] if value is None else value, what), 1))


def _constant(name: str) -> Any:
    raise Impossible(f"{name} is not a number that JSON knows")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for key, value in pairs:
        if key in read:
            raise Impossible(f"the key {key!r} stands twice in one object")
        read[key] = value
    return read


def _shown(value: Any) -> str:
    text = str(value) if isinstance(value, Decimal) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
