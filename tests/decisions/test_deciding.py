"""Drafting, amending and dropping a decision: one at a time, on the record, unseen by its team."""

import threading
from collections import Counter
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from proposals.audit.models import Event
from proposals.decisions.actions.deciding import AmendedMeanwhile, amend, decide, drop, withdraw
from proposals.decisions.models import Decision
from proposals.decisions.queries.deciding import first_words_for, outcomes_for
from proposals.decisions.states import Outcome
from proposals.intake.models import Access, Move, MoveNotAllowed, Proposal
from proposals.intake.states import Status
from proposals.outbox.models import Message
from proposals.partners.states import StaffRole
from proposals.review.models import Consensus, Panel, PanelItem
from tests.factories import NOW, make_call, make_decision, make_next_phase, make_proposal, make_release, make_staff

pytestmark = pytest.mark.django_db
SAID = {"outcome": Outcome.SELECTED, "reason": "By the order of the panel."}


def refused(proposal, **said):
    """The fields with which a decision is at odds."""
    with pytest.raises(ValidationError) as found:
        decide(proposal, **{**SAID, **said}, by=make_staff(), now=NOW)
    proposal.refresh_from_db()
    assert (proposal.decisions.count(), proposal.status) == (0, Status.PANEL)
    return sorted(found.value.message_dict)


@pytest.mark.parametrize("status", [Status.UNDER_REVIEW, Status.PANEL])
def test_deciding_moves_the_proposal_and_tells_nobody(status):
    proposal, staff = make_proposal(status=status), make_staff()
    decision = decide(proposal, **SAID, feedback="Good.", by=staff, now=NOW)
    assert (proposal.status, decision.phase, decision.drafted_by) == (Status.DECIDED, proposal.phase, staff)
    assert Message.objects.count() == 0
    event = Event.objects.filter(verb__startswith="decision.").get()
    assert (event.verb, event.subject_id, event.data) == (
        "decision.drafted",
        str(proposal.pk),
        {"decision": decision.pk, "outcome": "selected"},
    )


@pytest.mark.parametrize("status", [Status.RESERVE, Status.CONDITIONAL])
def test_a_second_decision_leaves_the_proposal_where_it_is(status):
    proposal = make_proposal(status=status)
    decide(proposal, **SAID, by=make_staff(), now=NOW)
    proposal.refresh_from_db()
    assert (proposal.status, Decision.objects.open().count()) == (status, 1)
    with pytest.raises(MoveNotAllowed):
        decide(proposal, **SAID, by=make_staff(), now=NOW)


@pytest.mark.parametrize("role", [role for role in StaffRole if role != StaffRole.SECRETARIAT])
def test_only_the_secretariat_drafts(role):
    proposal = make_proposal(status=Status.PANEL)
    with pytest.raises(PermissionDenied):
        decide(proposal, **SAID, by=make_staff(role=role), now=NOW)


def test_whom_a_conflict_bars_drafts_nothing():
    proposal, barred = make_proposal(status=Status.PANEL), make_staff()
    Access.objects.create(proposal=proposal, user=barred, grant=False, why="conflict:family")
    with pytest.raises(PermissionDenied):
        decide(proposal, **SAID, by=barred, now=NOW)


@pytest.mark.parametrize("status", [Status.ELIGIBILITY, Status.CLARIFICATION, Status.DECIDED, Status.SELECTED, Status.WITHDRAWN])
def test_what_is_not_ready_is_not_decided(status):
    with pytest.raises(MoveNotAllowed):
        decide(make_proposal(status=status), **SAID, by=make_staff(), now=NOW)


def test_a_stale_page_decides_nothing():
    proposal = make_proposal(status=Status.PANEL)
    stale = Proposal.objects.get(pk=proposal.pk)
    proposal.move(Status.UNDER_REVIEW, by=make_staff(), now=NOW)
    with pytest.raises(MoveNotAllowed):
        decide(stale, **SAID, by=make_staff(), now=NOW)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("status", "moves"), [(Status.PANEL, 1), (Status.RESERVE, 1)])
def test_of_conflicting_decisions_at_once_one_wins(status, moves):
    """The one on the reserve list was decided on its way there, and is not moved by a draft."""
    proposal, people = make_proposal(status=status), [make_staff() for _ in range(8)]
    copies = [Proposal.objects.get(pk=proposal.pk) for _ in people]
    together, ends = threading.Barrier(len(people)), []

    def one(copy, person, outcome):
        together.wait()
        try:
            terms = [{"text": "Show a test."}] if outcome == Outcome.CONDITIONAL else []
            decide(copy, outcome=outcome, reason="Because.", conditions=terms, by=person, now=NOW)
            ends.append("won")
        except MoveNotAllowed:
            ends.append("lost")
        finally:
            connection.close()

    outcomes = [Outcome.SELECTED, Outcome.NOT_SELECTED, Outcome.CONDITIONAL, Outcome.NOT_SELECTED] * 2
    threads = [threading.Thread(target=one, args=each) for each in zip(copies, people, outcomes, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(ends) == {"won": 1, "lost": 7}
    assert Decision.objects.count() == Event.objects.filter(verb="decision.drafted").count() == 1
    assert Move.objects.filter(now=Status.DECIDED).count() == moves


def test_the_outcomes_follow_the_phases_and_the_status():
    call = make_call()
    only = make_proposal(call=call, status=Status.PANEL)
    last = [Outcome.SELECTED, Outcome.CONDITIONAL, Outcome.RESERVE, Outcome.NOT_SELECTED, Outcome.MERGED]
    assert outcomes_for(only) == last
    assert outcomes_for(make_proposal(call=call, status=Status.RESERVE)) == [one for one in last if one != Outcome.RESERVE]
    assert outcomes_for(make_proposal(call=call, status=Status.CONDITIONAL)) == [Outcome.SELECTED, Outcome.NOT_SELECTED]
    make_next_phase(call)
    assert outcomes_for(only) == [Outcome.PRELIMINARY, Outcome.RESERVE, Outcome.NOT_SELECTED, Outcome.MERGED]


def test_a_decision_that_is_not_whole_is_refused_by_field():
    call = make_call()
    proposal, other = make_proposal(call=call, status=Status.PANEL), make_proposal(call=call, status=Status.PANEL)
    assert refused(proposal, reason=" ") == ["reason"]
    assert refused(proposal, outcome=Outcome.PRELIMINARY) == ["outcome"]
    assert refused(proposal, outcome="nonsense") == ["outcome"]
    assert refused(proposal, outcome=Outcome.CONDITIONAL) == ["conditions"]
    assert refused(proposal, conditions=[{"text": "Show a test."}]) == ["conditions"]
    assert refused(proposal, outcome=Outcome.CONDITIONAL, conditions=[{"text": "Test."}] * 31) == ["conditions"]
    assert refused(proposal, outcome=Outcome.CONDITIONAL, conditions=[{"text": " "}]) == ["text"]
    assert refused(proposal, outcome=Outcome.MERGED) == ["merged_into"]
    assert refused(proposal, merged_into=other) == ["merged_into"]
    assert refused(proposal, feedback="x" * 12001) == ["feedback"]


def test_conditions_are_kept_in_their_order_and_replaced_by_amending():
    terms = [{"text": "Show a vacuum test.", "due_on": date(2027, 5, 1)}, {"text": "Name the battery."}]
    decision = make_decision(outcome=Outcome.CONDITIONAL, conditions=terms)
    rows = decision.conditions.values_list("position", "text", "due_on")
    assert list(rows) == [(1, "Show a vacuum test.", date(2027, 5, 1)), (2, "Name the battery.", None)]
    editor = make_staff()
    amend(decision, **SAID, revision=1, by=editor, now=NOW)
    decision.refresh_from_db()
    assert (decision.outcome, decision.amended_by, decision.revision, decision.conditions.count()) == ("selected", editor, 2, 0)


def test_a_merge_names_an_allowed_target():
    call = make_call()
    mine = make_proposal(call=call, status=Status.PANEL)
    merge = {"outcome": Outcome.MERGED}
    ended = make_proposal(call=call, status=Status.NOT_SELECTED)
    elsewhere = make_proposal(status=Status.PANEL)
    later = make_proposal(call=call, status=Status.PRELIMINARY)
    later.move(Status.DRAFT, by=make_staff(), now=NOW, also={"phase": make_next_phase(call)})
    for target in (mine, ended, elsewhere, later):
        assert refused(mine, **merge, merged_into=target) == ["merged_into"]
    hidden = make_proposal(call=call, status=Status.PANEL)
    drafter = make_staff()
    Access.objects.create(proposal=hidden, user=drafter, grant=False, why="conflict:family")
    with pytest.raises(ValidationError):
        decide(mine, **{**SAID, **merge}, merged_into=hidden, by=drafter, now=NOW)


def test_merges_make_neither_circles_nor_chains():
    call = make_call()
    a, b, c = (make_proposal(call=call, status=Status.PANEL) for _ in range(3))
    merge = {"outcome": Outcome.MERGED}
    make_decision(a, **merge, merged_into=b)
    assert refused(b, **merge, merged_into=a) == ["merged_into"]
    assert refused(b, **merge, merged_into=c) == ["merged_into"]
    assert refused(c, **merge, merged_into=a) == ["merged_into"]
    make_decision(c, **merge, merged_into=b)


def test_who_amends_late_overwrites_nothing():
    decision = make_decision()
    amend(decision, outcome=Outcome.RESERVE, reason="First.", revision=1, by=make_staff(), now=NOW)
    with pytest.raises(AmendedMeanwhile):
        amend(decision, outcome=Outcome.NOT_SELECTED, reason="Second.", revision=1, by=make_staff(), now=NOW)
    decision.refresh_from_db()
    assert (decision.outcome, decision.reason, decision.revision) == (Outcome.RESERVE, "First.", 2)


def test_dropping_puts_the_proposal_before_the_panel_again():
    decision, staff = make_decision(), make_staff()
    drop(decision, by=staff, now=NOW)
    decision.refresh_from_db()
    assert (decision.dropped_at, decision.proposal.status) == (NOW, Status.PANEL)
    assert Event.objects.filter(verb="decision.dropped", actor_id=staff.pk).count() == 1
    with pytest.raises(PermissionDenied):
        drop(decision, by=staff, now=NOW)
    decide(decision.proposal, **SAID, by=staff, now=NOW)
    assert Decision.objects.open().count() == 1


def test_dropping_a_second_decision_leaves_the_reserve_list():
    decision = make_decision(make_proposal(status=Status.RESERVE))
    drop(decision, by=make_staff(), now=NOW)
    assert Proposal.objects.get().status == Status.RESERVE


def test_an_approved_decision_is_neither_amended_nor_dropped():
    decision = make_decision()
    make_release(decision)
    decision.refresh_from_db()
    with pytest.raises(PermissionDenied):
        amend(decision, **SAID, revision=1, by=make_staff(), now=NOW)
    with pytest.raises(PermissionDenied):
        drop(decision, by=make_staff(), now=NOW)


def test_a_team_that_withdraws_ends_the_decision_that_it_never_saw():
    decision = make_decision()
    proposal = decision.proposal
    withdraw(proposal, reason="We cannot go on.", by=proposal.created_by, now=NOW)
    decision.refresh_from_db()
    assert (proposal.status, decision.dropped_at) == (Status.WITHDRAWN, NOW)


def test_a_decision_begins_with_what_panel_and_reviewers_said():
    proposal, staff = make_proposal(status=Status.PANEL), make_staff()
    assert first_words_for(proposal) == {"outcome": "", "feedback": ""}
    panel = Panel.objects.create(phase=proposal.phase, title="Panel", made_by=staff, made_at=NOW)
    PanelItem.objects.create(panel=panel, proposal=proposal, position=1, recommends="reserve")
    Consensus.objects.create(proposal=proposal, phase=proposal.phase, feedback="A clear aim.", by=staff, at=NOW)
    assert first_words_for(proposal) == {"outcome": "reserve", "feedback": "A clear aim."}
