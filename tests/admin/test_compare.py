"""Side by side: two to four, the same units, differences marked, and nothing of what bars the reader."""

import uuid
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from proposals.admin.compare.facts import Cell, Fact
from proposals.audit.calculations import canonical, sha256
from proposals.intake.models import Access, Version
from proposals.intake.queries.content import content
from proposals.partners.states import StaffRole
from tests.factories import make_module, make_staff
from tests.review.judged import AT, assess, make_judged, make_phase, make_reviewer, review
from tests.test_matrix import stripped

pytestmark = pytest.mark.django_db
COMPARE = "/staff/proposals/panel/compare/"


@pytest.fixture
def staff(client):
    user = make_staff(full_name="Synthetic Wang")
    client.force_login(user)
    return user


@pytest.fixture
def phase():
    return make_phase()


def asked(*proposals):
    return {"ids": [str(proposal.pk) for proposal in proposals]}


def facts(client, *proposals, **more):
    answer = client.get(COMPARE, asked(*proposals) | more)
    assert answer.status_code == 200
    return {fact.label: fact for _name, table in answer.context["tables"] for fact in table}


def said(fact):
    return [cell.text for cell in fact.cells]


def freeze(proposal, number=1):
    text = canonical(content(proposal))
    Version.objects.create(
        proposal=proposal, phase=proposal.phase, number=number, canonical=text, sha256=sha256(text),
        frozen_at=AT, frozen_by=proposal.created_by,
    )  # fmt: skip


def test_facts_that_decide_are_on_top_and_differences_are_marked(client, staff, phase):
    light = make_judged(phase, "Light", trl=5, mass_kg=Decimal("9.500"), largest_module_kg=Decimal("9.500"), countries=["IT"])
    heavy = make_judged(phase, "Heavy", trl=5, mass_kg=Decimal(201), largest_module_kg=Decimal("100.001"), countries=["PE", "IT"])
    found = facts(client, light, heavy)
    assert said(found["Mass with margin, all modules"]) == [
        "9.500\u00a0kg, within the cap of 200.000\u00a0kg",
        "201.000\u00a0kg, over the cap of 200.000\u00a0kg",
    ]
    assert [cell.tone for cell in found["Largest module, with margin"].cells] == ["good", "bad"]
    assert said(found["Countries or regions"]) == ["Italy", "Peru, Italy"]
    assert [found[name].differs for name in ("Countries or regions", "Technology readiness level (TRL) now", "Level")] == [
        True,
        False,
        False,
    ]


def test_power_and_data_are_summed_over_the_modules_submitted_last(client, staff, phase):
    two, none = make_judged(phase, "Two"), make_judged(phase, "None")
    for power in ("10.5", "4.5"):
        module = make_module(two, "1")
        module.power_peak_w, module.data_mbit_day = Decimal(power), None
        module.save()
    freeze(two)
    two.modules.update(power_peak_w=99)
    found = facts(client, two, none)
    assert said(found["Peak power, all modules"]) == ["15\u00a0W", "–"]
    assert said(found["Data, all modules"]) == ["–", "–"]


def test_data_sheets_are_aligned_by_what_they_answer(client, staff, phase):
    one, two = make_judged(phase, "One", acronym="ONE"), make_judged(phase, "Two", heritage="Flown before")
    for proposal in (one, two):
        freeze(proposal)
    found = facts(client, one, two)
    assert said(found["Title"]) == ["One", "Two"]
    assert said(found["Heritage"]) == ["–", "Flown before"]
    only = facts(client, one, two, only="differences")
    assert "Heritage" in only
    assert {fact.differs for fact in only.values()} == {True}


def test_no_row_is_called_after_one_proposal_alone(client, staff, phase):
    """Modules and partners have names of their own: rows are called after what is asked."""
    one, two = make_judged(phase, "One"), make_judged(phase, "Two")
    for proposal, names in ((one, ["Mast", "Drill"]), (two, ["Laser"])):
        for name in names:
            module = make_module(proposal, "1.5")
            module.name, module.power_peak_w = name, Decimal(7)
            module.save()
        freeze(proposal)
    found = facts(client, one, two)
    assert said(found["Peak power"]) == ["Mast: peak power: 7\u00a0W\nDrill: peak power: 7\u00a0W", "7\u00a0W"]
    assert "Mass budget" in found
    assert not [label for label in found if any(name in label for name in ("Mast", "Drill", "Laser"))]


def test_what_reviewers_found_stands_side_by_side(client, staff, phase):
    good, bad = make_judged(phase, "Good"), make_judged(phase, "Bad")
    people = [make_reviewer(name) for name in "ab"]
    for person in people:
        review(good, person, "9", "8")
        review(bad, person, "4", None)
    assess(bad, make_reviewer("t", StaffRole.ASSESSOR), "no")
    found = facts(client, good, bad)
    assert said(found["Weighted mean"]) == ["86.00\u00a0%", "40.00\u00a0%"]
    assert said(found["Science"]) == ["9.00 of 10", "4.00 of 10"]
    assert said(found["Works"]) == ["8.00 of 10", "–"]
    assert said(found["Below the pass minimum"]) == ["none", "Science"]
    assert said(found["Rank in its phase, and between which ranks"]) == ["1, between 1 and 1", "2, between 2 and 2"]
    assert found["Accommodation"].cells == [Cell("–"), Cell("not accommodatable", "bad")]
    assert said(found["Reviews missing"]) == ["accommodation review: 0 of 1", "none"]


def test_ranks_leave_out_what_bars_the_reader(client, phase):
    reader = make_staff(role=StaffRole.BOARD)
    client.force_login(reader)
    person = make_reviewer("a")
    proposals = [make_judged(phase, title) for title in ("One", "Two", "Hidden")]
    for mark, proposal in zip(("5", "4", "9"), proposals, strict=True):
        review(proposal, person, mark, mark)
    Access.objects.create(proposal=proposals[2], user=reader, grant=False, why="conflict:family")
    found = facts(client, *proposals[:2])
    assert [text[0] for text in said(found["Rank in its phase, and between which ranks"])] == ["1", "2"]
    there = client.get(COMPARE, asked(proposals[0], proposals[2]))
    nowhere = client.get(COMPARE, {"ids": [str(proposals[0].pk), str(uuid.uuid4())]})
    assert (there.status_code, len(stripped(there.content))) == (404, len(stripped(nowhere.content)))


@pytest.mark.parametrize("count", [0, 1, 5])
def test_two_to_four_are_compared(client, staff, phase, count):
    proposals = [make_judged(phase, f"Number {n}") for n in range(count)]
    assert client.get(COMPARE, asked(*proposals)).status_code == 302
    doubled = {"ids": asked(*proposals)["ids"][:1] * 2}
    assert client.get(COMPARE, doubled).status_code == 302


def test_the_order_asked_for_is_kept(client, staff, phase):
    a, b, c = (make_judged(phase, title) for title in "ABC")
    assert client.get(COMPARE, asked(b, c, a)).context["proposals"] == [b, c, a]


@pytest.mark.parametrize("ids", [["x", "y"], ["", ""]])
def test_nonsense_is_found_nowhere(client, staff, ids):
    assert client.get(COMPARE, {"ids": ids}).status_code == 404


def test_ticked_rows_of_the_queue_become_an_address(client, staff, phase):
    a, b = make_judged(phase, "A"), make_judged(phase, "B")
    answer = client.post(COMPARE, asked(a, b) | {"what": "tag"})
    assert (answer.status_code, answer["Location"]) == (302, f"{COMPARE}?ids={a.pk}&ids={b.pk}")
    assert 'formaction="/staff/proposals/panel/compare/"' in client.get("/staff/proposals/proposal/?view=all").content.decode()


@pytest.mark.parametrize(
    ("role", "status"),
    [("secretariat", 200), ("chair", 200), ("board", 200), ("observer", 200), ("reviewer", 403), ("assessor", 403)],
)
def test_who_compares(client, phase, role, status):
    proposals = [make_judged(phase, title) for title in "AB"]
    client.force_login(make_staff(role=role))
    assert client.get(COMPARE, asked(*proposals)).status_code == status


def test_statements_do_not_grow_with_the_proposals(client, staff, phase):
    proposals = [make_judged(phase, title) for title in "ABCD"]
    for proposal in proposals:
        make_module(proposal, "1")
        freeze(proposal)

    def statements(chosen):
        with CaptureQueriesContext(connection) as caught:
            facts(client, *chosen)
        return len(caught)

    statements(proposals)
    assert statements(proposals[:2]) == statements(proposals)


def test_a_fact_differs_by_its_words():
    assert not Fact("Mass", [Cell("1 kg", "good"), Cell("1 kg", "bad")]).differs
    assert Fact("Mass", [Cell("1 kg"), Cell("2 kg"), Cell("1 kg")]).differs
