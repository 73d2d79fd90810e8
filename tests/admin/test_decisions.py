"""Staff's pages of decisions: drafted from a proposal, amended by one at a time, read as letters, by the people who may."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from proposals.decisions.models import Decision
from proposals.decisions.states import Outcome
from proposals.intake.models import Access
from proposals.intake.states import Status
from proposals.partners.states import StaffRole
from proposals.review.models import Consensus, Panel, PanelItem
from tests.factories import NOW, make_call, make_decision, make_proposal, make_release, make_staff, make_user, make_wording

pytestmark = pytest.mark.django_db
LINES = {"conditions-TOTAL_FORMS": "3", "conditions-INITIAL_FORMS": "0"}


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def page(name, *args):
    return reverse(f"admin:proposals_decision_{name}", args=args)


def about(proposal):
    return page("add") + f"?proposal={proposal.pk}"


def typed(proposal=None, **more):
    seen = {"seen": str(proposal.revision)} if proposal else {}
    return {"outcome": "selected", "reason": "By the order.", **LINES, **seen, **more}


@pytest.fixture
def proposal():
    return make_proposal(status=Status.PANEL, title="Radar <script>")


def test_a_proposals_page_leads_to_its_decision_and_back(proposal):
    client = signed_in(make_staff())
    opened = client.get(reverse("admin:proposals_proposal_change", args=[proposal.pk])).content.decode()
    assert f'href="{about(proposal)}"' in opened
    wording = make_wording().wording
    answer = client.post(about(proposal), typed(proposal, feedback="A clear aim.", wording=wording.pk))
    decision = Decision.objects.get()
    assert answer["Location"] == page("change", decision.pk)
    shown = client.get(page("change", decision.pk)).content.decode()
    assert "A clear aim." in shown
    assert "Radar &lt;script&gt;" in shown
    opened = client.get(reverse("admin:proposals_proposal_change", args=[proposal.pk])).content.decode()
    assert (page("change", decision.pk) in opened, about(proposal) in opened) == (True, False)


def test_the_form_begins_with_the_consensus(proposal):
    Consensus.objects.create(proposal=proposal, phase=proposal.phase, feedback="We agree.", by=make_staff(), at=NOW)
    assert "We agree." in signed_in(make_staff()).get(about(proposal)).content.decode()


def test_conditions_and_a_merge_are_typed():
    call = make_call()
    one, other, third = (make_proposal(call=call, status=Status.PANEL) for _ in range(3))
    client = signed_in(make_staff())
    terms = {"conditions-0-text": "Show a test.", "conditions-0-due_on": "2027-05-01", "conditions-2-text": "Name the battery."}
    client.post(about(one), typed(one, outcome="conditional", **terms))
    rows = Decision.objects.get(proposal=one).conditions.values_list("text", "due_on__year")
    assert list(rows) == [("Show a test.", 2027), ("Name the battery.", None)]
    client.post(about(other), typed(other, outcome="merged", merged_into=f" {third.reference.lower()} "))
    assert Decision.objects.get(proposal=other).merged_into == third


def test_an_emptied_condition_goes_and_a_day_alone_is_none(proposal):
    terms = [{"text": "Show a test.", "due_on": None}, {"text": "Name the battery.", "due_on": None}]
    decision = make_decision(proposal, outcome=Outcome.CONDITIONAL, conditions=terms)
    lines = {"conditions-TOTAL_FORMS": "5", "conditions-INITIAL_FORMS": "2", "conditions-0-text": " "}
    more = {**lines, "conditions-1-text": "Name the battery.", "revision": "1", "outcome": "conditional"}
    client = signed_in(make_staff())
    shown = client.post(page("change", decision.pk), typed(**more, **{"conditions-4-due_on": "2027-05-01"})).content.decode()
    assert ("Say what is due on that day." in shown, decision.conditions.count()) == (True, 2)
    assert client.post(page("change", decision.pk), typed(**more)).status_code == 302
    assert list(decision.conditions.values_list("position", "text")) == [(1, "Name the battery.")]


def test_a_fault_keeps_everything_typed(proposal):
    data = typed(proposal, outcome="merged", merged_into="CE8-NONE", feedback="Typed for an hour.", reason="")
    shown = signed_in(make_staff()).post(about(proposal), data).content.decode()
    assert "It can be merged into no proposal with this reference." in shown
    assert ("Typed for an hour." in shown, Decision.objects.count()) == (True, 0)
    shown = signed_in(make_staff()).post(about(proposal), typed(proposal, outcome="conditional")).content.decode()
    assert "List at least one condition." in shown


def test_who_comes_second_is_told(proposal):
    data, client = typed(proposal), signed_in(make_staff())
    make_decision(proposal)
    answer = client.post(about(proposal), data)
    assert (answer.status_code, Decision.objects.count()) == (409, 1)
    assert "Someone was faster" in answer.content.decode()
    decision = Decision.objects.get()
    first = client.post(page("change", decision.pk), typed(outcome="reserve", revision="1"))
    second = client.post(page("change", decision.pk), typed(outcome="not_selected", revision="1", reason="Typed for an hour."))
    assert (first.status_code, second.status_code) == (302, 409)
    assert "Typed for an hour." in second.content.decode()
    decision.refresh_from_db()
    assert decision.outcome == Outcome.RESERVE


def test_a_dropped_decision_can_be_drafted_anew(proposal):
    decision, client = make_decision(proposal), signed_in(make_staff())
    act = page("act", decision.pk, "drop")
    assert client.get(act).status_code == 200
    assert client.post(act).status_code == 302
    assert client.post(act).status_code == 403
    proposal.refresh_from_db()
    assert client.post(about(proposal), typed(proposal)).status_code == 302


def test_what_is_approved_is_only_read(proposal):
    decision, client = make_decision(proposal), signed_in(make_staff())
    make_release(decision)
    shown = client.get(page("change", decision.pk)).content.decode()
    assert ("What was decided" in shown, 'name="outcome"' in shown) == (True, False)
    assert client.post(page("change", decision.pk), typed(revision="1")).status_code == 403


@pytest.mark.parametrize("role", [StaffRole.CHAIR, StaffRole.BOARD, StaffRole.OBSERVER])
def test_others_read_and_write_nothing(role, proposal):
    client, decision = signed_in(make_staff(role=role)), make_decision()
    assert client.get(page("changelist")).status_code == client.get(page("change", decision.pk)).status_code == 200
    assert client.get(about(proposal)).status_code == client.post(about(proposal), typed(proposal)).status_code == 403
    assert client.post(page("change", decision.pk), typed(revision="1")).status_code == 403
    assert client.post(page("act", decision.pk, "drop")).status_code == 403


def test_reviewers_and_partners_reach_nothing():
    decision = make_decision()
    for user in (make_user(), make_staff(role=StaffRole.REVIEWER), decision.proposal.created_by):
        client = signed_in(user)
        for address in (page("changelist"), page("change", decision.pk), about(decision.proposal)):
            assert client.get(address).status_code in {302, 403, 404}
            assert decision.proposal.title not in client.get(address).content.decode()


def test_whom_a_conflict_bars_finds_nothing(proposal):
    decision, barred = make_decision(proposal), make_staff()
    Access.objects.create(proposal=proposal, user=barred, grant=False, why="conflict:family")
    client = signed_in(barred)
    assert client.get(about(proposal)).status_code == 404
    assert client.get(page("add") + "?proposal=nonsense").status_code == client.get(page("add")).status_code == 404
    assert client.get(page("change", decision.pk)).status_code in {302, 404}
    assert str(proposal.reference) not in client.get(page("changelist")).content.decode()


def test_the_list_costs_the_same_for_one_and_for_three():
    client, counts = signed_in(make_staff()), []
    for n in (1, 2):
        for _ in range(n):
            make_release(make_decision(), approved=False)
        with CaptureQueriesContext(connection) as counted:
            assert client.get(page("changelist")).status_code == 200
        counts.append(len(counted))
    assert counts[0] == counts[1]


def test_a_panel_leads_to_the_decisions_on_its_proposals(proposal):
    panel = Panel.objects.create(phase=proposal.phase, title="Panel", made_by=make_staff(), made_at=NOW)
    PanelItem.objects.create(panel=panel, proposal=proposal, position=1, recommends="reserve")
    address = reverse("admin:proposals_panel_change", args=[panel.pk])
    shown = {
        role: signed_in(make_staff(role=role)).get(address).content.decode() for role in (StaffRole.SECRETARIAT, StaffRole.BOARD)
    }
    way = f'href="{about(proposal)}"'
    assert (way in shown[StaffRole.SECRETARIAT], way in shown[StaffRole.BOARD]) == (True, False)
    form = signed_in(make_staff()).get(about(proposal)).content.decode()
    assert re.findall(r'name="outcome" value="(\w+)"[^>]* checked', form) == ["reserve"]
