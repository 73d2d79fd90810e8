"""The full proposal: the same proposal in its next phase, with its reference, its lead and all it said before."""

import json
from datetime import timedelta

import pytest
from django.contrib.postgres.search import SearchQuery
from django.core.exceptions import PermissionDenied, ValidationError

from proposals.calls.states import PhaseKind
from proposals.intake import actions
from proposals.intake.calculations.search import as_tsquery
from proposals.intake.models import Proposal
from proposals.intake.queries import differences, pages, task_list
from proposals.intake.queries.readable import changes
from proposals.intake.queries.timeline import timeline
from proposals.intake.states import Status
from proposals.outbox.models import Message
from tests.factories import NOW, make_organisation, make_proposal, make_staff, make_user
from tests.intake.conftest import fill

pytestmark = pytest.mark.django_db
INVITED = NOW + timedelta(days=60)


def full_phase(call, *, asks=("abstract", "cost_amount", "cost_currency", "schedule")):
    """A full proposal's phase, open around INVITED; it asks for cost and schedule beyond a letter of intent."""
    phase = call.phases.create(
        kind=PhaseKind.FULL,
        position=2,
        title="Full proposal",
        opens_at=INVITED - timedelta(days=5),
        closes_at=INVITED + timedelta(days=60),
    )
    for name in asks:
        phase.asked.create(field=name, required=True)
    return phase


def invite(proposal, phase, by=None):
    """What a release and an invitation do to it."""
    for step in (Status.UNDER_REVIEW, Status.DECIDED, Status.PRELIMINARY):
        proposal.move(step, by=by, now=INVITED)
    proposal.move(Status.DRAFT, by=by, now=INVITED, also={"phase": phase})
    return Proposal.objects.select_related("phase", "call", "lead").get(pk=proposal.pk)


@pytest.fixture
def letter(call):
    """A letter of intent that was received."""
    proposal = fill(make_proposal(call=call, by=make_user(full_name="Maria Principal"), at=NOW))
    actions.submit(proposal, by=proposal.created_by, now=NOW)
    return proposal


@pytest.fixture
def full(letter, call):
    """The same, invited."""
    return invite(letter, full_phase(call), by=make_staff())


def complete(full):
    actions.save_section(
        full,
        key=_page_of(full, "cost_amount"),
        values={"cost_amount": "2000000.00", "cost_currency": "EUR", "schedule": "Two years."},
        revision=0,
        by=full.created_by,
        now=INVITED,
    )


def _page_of(proposal, field):
    return next(key for key, fields in pages(proposal).items() if field in fields)


def test_it_begins_with_what_the_letter_said_and_its_reference(full, letter):
    assert (full.reference, full.title, full.abstract) == (letter.reference, letter.title, "What we do.")
    assert (full.status, full.phase.title) == (Status.DRAFT, "Full proposal")
    with pytest.raises(actions.Incomplete) as found:
        actions.submit(full, by=full.created_by, now=INVITED)
    assert [gap.field for gap in found.value.gaps] == ["cost_amount", "cost_currency", "schedule"]


def test_its_pages_say_what_is_asked_beyond_the_letter(full):
    rows = {row.section.key: row for row in task_list(full)}
    added = {key: (row.added.is_whole, len(row.added.labels)) for key, row in rows.items() if row.added}
    assert added == {_page_of(full, "cost_amount"): (True, 0)}


def test_a_page_that_asks_more_names_it(letter, call):
    phase = full_phase(call, asks=("abstract", "aims", "objectives"))
    full = invite(letter, phase, by=make_staff())
    added = {row.section.key: (row.added.is_whole, list(map(str, row.added.labels))) for row in task_list(full) if row.added}
    assert added == {"science": (False, ["objectives"])}


def test_a_letter_of_intent_has_nothing_added(draft):
    assert [row for row in task_list(draft) if row.added] == []


def test_its_first_version_is_the_next_number_and_differs_from_the_letters_last(full, letter):
    before = letter.versions.get()
    complete(full)
    version = actions.submit(full, by=full.created_by, now=INVITED)
    assert (version.number, version.phase, version.is_late) == (2, full.phase, False)
    assert json.loads(version.canonical)["reference"] == json.loads(before.canonical)["reference"]
    changed = {change.path: (change.before, change.after) for change in differences(version)}
    assert changed["phase",] == ("loi", "full")
    assert changed["fields", "cost_amount"] == ("", "2000000.00")
    said = [line.label for _page, lines in changes(version) for line in lines]
    assert sorted(said) == ["cost", "currency (ISO 4217)", "schedule"]
    receipt = Message.objects.filter(template="received").latest("id")
    assert "Received: your Full proposal" in receipt.subject
    assert (full.reference in receipt.subject, version.sha256 in receipt.text) == (True, True)


def test_what_is_typed_in_it_is_found_once_it_is_submitted(full):
    def found():
        return Proposal.objects.filter(search=SearchQuery(as_tsquery("helium"), search_type="raw", config="simple")).exists()

    actions.save_section(full, key="summary", values={"abstract": "Helium."}, revision=0, by=full.created_by, now=INVITED)
    assert found() is False
    complete(full)
    actions.submit(full, by=full.created_by, now=INVITED)
    assert found() is True


def test_it_keeps_the_lead_that_was_invited(full):
    arguments = {"partners": [], "by": full.created_by, "now": INVITED}
    for other in (make_organisation(), None):
        with pytest.raises(ValidationError, match="leads the full proposal too"):
            actions.save_organisations(full, lead=other, revision=0, **arguments)
    actions.save_organisations(full, lead=full.lead, revision=1, **arguments)


def test_a_letter_returned_for_correction_may_still_change_its_lead(letter):
    actions.return_for_correction(letter, reason="Who leads?", correct_by=NOW + timedelta(days=9), by=make_staff(), now=NOW)
    other = make_organisation()
    actions.save_organisations(letter, lead=other, partners=[], revision=0, by=letter.created_by, now=NOW)
    letter.refresh_from_db()
    assert letter.lead == other


def test_it_is_withdrawn_with_a_reason_and_not_thrown_away(full):
    with pytest.raises(PermissionDenied):
        actions.discard(full, by=full.created_by, now=INVITED)
    actions.withdraw(full, reason="No funds.", by=full.created_by, now=INVITED)
    assert (full.status, full.versions.count()) == (Status.WITHDRAWN, 1)


def test_its_deadline_is_that_of_its_own_phase(full):
    complete(full)
    with pytest.raises(actions.CallClosed, match="not open yet"):
        actions.submit(full, by=full.created_by, now=INVITED - timedelta(days=6))
    with pytest.raises(actions.CallClosed, match="closed"):
        actions.submit(full, by=full.created_by, now=INVITED + timedelta(days=61))
    assert actions.submit(full, by=full.created_by, now=full.phase.closes_at).is_late is False


def test_a_late_letter_does_not_make_a_late_full_proposal(call):
    proposal = fill(make_proposal(call=call, at=NOW))
    actions.submit(proposal, by=proposal.created_by, now=NOW + timedelta(days=30, hours=1))
    assert proposal.is_late is True
    proposal.move(Status.ELIGIBILITY, by=None, now=NOW)
    full = invite(proposal, full_phase(call))
    complete(full)
    actions.submit(full, by=full.created_by, now=INVITED)
    assert Proposal.objects.get(pk=full.pk).is_late is False


def test_its_way_is_told_by_phase(full):
    titles = [step.title for step in timeline(full)]
    assert titles[-1] == "Invited to the next phase: Full proposal"
    assert "Preliminarily selected" in titles


def test_a_new_proposal_begins_in_the_first_phase_and_never_in_a_later_one(call):
    full_phase(call)
    person = make_user()
    with pytest.raises(ValidationError, match="closed"):
        actions.start(call, level="unit", by=person, now=INVITED)
    assert actions.start(call, level="unit", by=person, now=NOW).phase.position == 1


def test_a_call_of_one_stage_takes_full_proposals_at_once(call):
    call.phases.update(kind=PhaseKind.FULL, title="Proposal")
    proposal = actions.start(call, level="unit", title="Seismometer", by=make_user(), now=NOW, lead=make_organisation())
    fill(proposal)
    version = actions.submit(Proposal.objects.get(pk=proposal.pk), by=proposal.created_by, now=NOW)
    assert (version.number, json.loads(version.canonical)["phase"]) == (1, "full")


def test_two_keys_of_the_letter_do_not_open_the_full_proposal(call):
    call.phases.update(two_key=True)
    lead = make_organisation()
    proposal = fill(make_proposal(call=call, lead=lead, at=NOW))
    proposal.created_by.memberships.create(organisation=lead, role="representative", confirmed_at=NOW)
    actions.release(proposal, by=proposal.created_by, now=NOW)
    actions.submit(Proposal.objects.get(pk=proposal.pk), by=proposal.created_by, now=NOW)
    phase = full_phase(call)
    phase.two_key = True
    phase.save()
    full = invite(Proposal.objects.get(pk=proposal.pk), phase)
    complete(full)
    with pytest.raises(actions.NotSigned):
        actions.submit(full, by=full.created_by, now=INVITED)
    actions.release(full, by=full.created_by, now=INVITED)
    assert actions.submit(full, by=full.created_by, now=INVITED).number == 2
