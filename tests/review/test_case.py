"""Who may not review what, why a pair is or is not assigned, and cases that contradict themselves."""

from dataclasses import replace
from decimal import Decimal

import pytest

from proposals.review.calculations.case import Case, Conflict, Impossible, Proposal, Reviewer, affinity
from proposals.review.calculations.optimum import assign
from proposals.review.calculations.reasons import Contribution, Standing, explain

D = Decimal
ANA = Reviewer("ana", 1, "Agenzia Lunare", "IT", {"dust": D("0.9"), "radio": D("0.1")})
BO = Reviewer("bo", 1, "", "", {"dust": D("0.5")})
CY = Reviewer("cy", 0)
P1 = Proposal("P1", 1, ("Instituto Andino",), ("PE", "it "), {"dust": D("0.5"), "radio": D("0.25"), "laser": D(1)})
P2 = Proposal("P2", 1, ("  AGENZIA   lunare",), (), {"dust": D(1)})
CASE = Case((ANA, BO, CY), (P1, P2))


@pytest.mark.parametrize(
    ("case", "reviewer", "proposal", "expected"),
    [
        (CASE, ANA, P1, Conflict.COUNTRY),
        (replace(CASE, country_conflict=False), ANA, P1, None),
        (CASE, ANA, P2, Conflict.ORGANISATION),
        (replace(CASE, country_conflict=False), ANA, P2, Conflict.ORGANISATION),
        (CASE, BO, P1, None),
        (replace(CASE, conflicts=frozenset({("bo", "P1")})), BO, P1, Conflict.DECLARED),
        (replace(CASE, conflicts=frozenset({("bo", "P1")})), BO, P2, None),
        (replace(CASE, forbidden=frozenset({("bo", "P1")})), BO, P1, Conflict.FORBIDDEN),
        (CASE, Reviewer("x", 1, country="FRA"), Proposal("y", 1, countries=("FR",)), None),
    ],
)
def test_conflict_is_by_organisation_country_and_list(case, reviewer, proposal, expected):
    assert case.conflict(reviewer, proposal) is expected


def test_affinity_sums_weight_times_expertise_over_shared_topics():
    assert affinity(ANA, P1) == D("0.475")
    assert affinity(CY, P1) == 0


def test_affinity_keeps_every_digit():
    fine = D("0.123456789012345678")
    assert affinity(Reviewer("r", 1, topics={"t": fine}), Proposal("p", 1, topics={"t": fine})) == D(
        "0.015241578753238836527968299765279684"
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"reviewers": (ANA, ANA)}, "reviewer 'ana' is listed twice"),
        ({"proposals": (P1, P2, P2)}, "proposal 'P2' is listed twice"),
        ({"reviewers": (Reviewer("ana", -1),)}, "reviewer 'ana': max_load is -1; it must be a whole number, 0 or more"),
        ({"proposals": (Proposal("P1", -2),)}, "proposal 'P1': needed is -2; it must be a whole number, 0 or more"),
        ({"conflicts": {("zed", "P1")}}, "conflicts: pair ['zed', 'P1']: no reviewer has the id 'zed'"),
        ({"forbidden": {("ana", "P9")}}, "forbidden: pair ['ana', 'P9']: no proposal has the ref 'P9'"),
        ({"fixed": {("P1", "ana")}}, "fixed: pair ['P1', 'ana']: no reviewer has the id 'P1'"),
        ({"fixed": {("ana", "P1")}}, "fixed: pair ['ana', 'P1'] is a conflict (same country)"),
        ({"fixed": {("ana", "P2")}}, "fixed: pair ['ana', 'P2'] is a conflict (same organisation)"),
        ({"fixed": {("bo", "P1")}, "conflicts": {("bo", "P1")}}, "fixed: pair ['bo', 'P1'] is a conflict (declared)"),
        ({"fixed": {("bo", "P1")}, "forbidden": {("bo", "P1")}}, "fixed: pair ['bo', 'P1'] is forbidden"),
        ({"fixed": {("bo", "P1"), ("bo", "P2")}}, "fixed: reviewer 'bo' has 2 fixed pairs; max_load is 1"),
        (
            {"reviewers": (BO, replace(CY, max_load=1)), "fixed": {("bo", "P1"), ("cy", "P1")}},
            "fixed: proposal 'P1' has 2 fixed pairs; needed is 1",
        ),
    ],
)
def test_case_that_contradicts_itself_is_refused(change, says):
    with pytest.raises(Impossible) as error:
        replace(CASE, **change)
    assert str(error.value) == says


def test_explain_tells_what_an_affinity_is_made_of():
    case = replace(CASE, country_conflict=False)
    pairs = {("ana", "P1"), ("bo", "P2")}
    told = explain(case, pairs, ("ana", "P1"))
    assert (told.standing, told.conflict, told.affinity) == (Standing.ASSIGNED, None, D("0.475"))
    assert told.contributions == (
        Contribution("dust", D("0.5"), D("0.9"), D("0.45")),
        Contribution("radio", D("0.25"), D("0.1"), D("0.025")),
    )
    assert (told.load, told.max_load, told.placed, told.needed) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("case", "pairs", "pair", "standing"),
    [
        (CASE, set(), ("ana", "P2"), Standing.CONFLICT),
        (CASE, {("bo", "P2")}, ("bo", "P1"), Standing.LOAD_FULL),
        (CASE, set(), ("cy", "P1"), Standing.LOAD_FULL),
        (replace(CASE, country_conflict=False), {("ana", "P1")}, ("bo", "P1"), Standing.PLACES_FULL),
        (CASE, set(), ("bo", "P1"), Standing.OPEN),
        (replace(CASE, fixed=frozenset({("bo", "P1")})), {("bo", "P1")}, ("bo", "P1"), Standing.FIXED),
    ],
)
def test_explain_tells_where_a_pair_stands(case, pairs, pair, standing):
    assert explain(case, pairs, pair).standing is standing


def test_explain_sums_to_the_figures_of_the_assignment():
    outcome = assign(CASE)
    pairs = {(name, ref) for ref, names in outcome.assigned.items() for name in names}
    assert sum(explain(CASE, pairs, pair).affinity for pair in pairs) == outcome.total_affinity


def test_explain_knows_only_the_cases_people():
    with pytest.raises(KeyError):
        explain(CASE, set(), ("nobody", "P1"))
