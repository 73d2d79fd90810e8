"""The panel: brought before it all or none, two writers, hidden places, and a record that nothing changes any more."""

import json
from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction

from proposals.audit.calculations import sha256
from proposals.audit.models import Event
from proposals.decisions.states import Outcome
from proposals.intake.models import Access, Move, MoveNotAllowed
from proposals.intake.queries.unbarred import events_for
from proposals.intake.states import Status
from proposals.outbox.models import Message
from proposals.partners.states import StaffRole
from proposals.review.actions.panels import (
    Entry,
    PanelChanged,
    ReviewsMissing,
    Sheet,
    bring_before_panel,
    freeze,
    keep,
    open_panel,
    send_back,
)
from proposals.review.models import Panel, PanelItem, ReviewPlan
from proposals.review.queries.panels import awaiting, items_for, record_for
from proposals.review.rules.panels import RECOMMENDABLE, TAKES_A_PLACE, may_freeze, may_name_chair, may_run_panels
from tests.factories import make_call, make_proposal, make_staff, make_user
from tests.review.judged import assess, make_judged, make_phase, make_reviewer, review

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 6, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def staff():
    return make_staff(full_name="Synthetic Wang")


@pytest.fixture
def chair():
    return make_staff(role=StaffRole.CHAIR, full_name="Synthetic Chair")


@pytest.fixture
def phase():
    return make_phase()


def brought(phase, staff, *titles):
    """A panel with these proposals in this order."""
    proposals = [make_judged(phase, title) for title in titles]
    panel = open_panel(phase, title="Panel", by=staff, now=NOW)
    for proposal in proposals:
        bring_before_panel([proposal], by=staff, now=NOW, panel=panel, despite_missing=True)
    panel.refresh_from_db()
    return panel, [panel.items.get(proposal=proposal) for proposal in proposals]


def sheet(panel, items, recommends="selected", **fields):
    entries = [Entry(item.pk, recommends, f"On {item.proposal.title}") for item in items]
    return Sheet(revision=panel.revision, entries=entries, **fields)


def in_order(panel):
    return list(panel.items.values_list("proposal__title", flat=True))


def bar(proposal, user):
    Access.objects.create(proposal=proposal, user=user, grant=False, why="conflict:family")


def test_recommendations_are_the_outcomes_of_a_decision():
    assert {str(one) for one in RECOMMENDABLE} == set(Outcome.values)
    assert {str(one) for one in TAKES_A_PLACE} == {"preliminary", "selected", "conditional"}


@pytest.mark.parametrize(
    ("role", "runs"), [("secretariat", True), ("chair", True), ("board", False), ("observer", False), ("reviewer", False)]
)
def test_who_runs_panels(phase, role, runs):
    person = make_staff(role=role)
    assert may_run_panels(person) is runs
    if not runs:
        with pytest.raises(PermissionDenied):
            open_panel(phase, title="Mine", by=person, now=NOW)
        with pytest.raises(PermissionDenied):
            bring_before_panel([make_judged(phase, "One")], by=person, now=NOW)
    assert not may_run_panels(make_staff(role=role, is_active=False))


def test_a_panel_needs_a_title_and_a_chair_who_is_one(phase, staff, chair):
    with pytest.raises(ValidationError):
        open_panel(phase, title="  ", by=staff, now=NOW)
    with pytest.raises(ValidationError):
        open_panel(phase, title="Panel", chair=make_staff(role=StaffRole.BOARD), by=staff, now=NOW)
    assert open_panel(phase, title="Panel\nOne", chair=chair, by=staff, now=NOW).title == "Panel One"
    assert Event.objects.filter(verb="panel.opened").count() == 1


def test_bringing_moves_tells_nobody_and_is_in_the_trail(phase, staff):
    ReviewPlan.objects.all().delete()
    proposals = [make_judged(phase, title) for title in ("One", "Two")]
    panel = bring_before_panel(proposals, by=staff, now=NOW)
    assert {p.title: p.status for p in map(refreshed, proposals)} == {"One": "panel", "Two": "panel"}
    assert sorted(panel.items.values_list("position", flat=True)) == [1, 2]
    assert Message.objects.count() == 0
    assert Event.objects.filter(verb="proposal.panel").count() == 2


def refreshed(proposal):
    proposal.refresh_from_db()
    return proposal


def test_without_a_panel_the_newest_open_one_is_taken(phase, staff):
    ReviewPlan.objects.all().delete()
    first = bring_before_panel([make_judged(phase, "One")], by=staff, now=NOW)
    assert bring_before_panel([make_judged(phase, "Two")], by=staff, now=NOW) == first
    assert in_order(first) == ["One", "Two"]


def test_missing_reviews_need_to_be_confirmed(phase, staff):
    """One of two is complete; neither moves until somebody says so."""
    whole, lacking = make_judged(phase, "Whole"), make_judged(phase, "Lacking")
    for name in "ab":
        review(whole, make_reviewer(name), "5", "5")
    assess(whole, make_reviewer("c", StaffRole.ASSESSOR), "yes")
    with pytest.raises(ReviewsMissing) as refused:
        bring_before_panel([whole, lacking], by=staff, now=NOW)
    assert whole.reference not in refused.value.messages[0]
    assert lacking.reference in refused.value.messages[0]
    assert [refreshed(one).status for one in (whole, lacking)] == ["under_review", "under_review"]
    assert [(p, len(missing)) for p, missing in awaiting(phase, staff) if missing] == [(lacking, 2)]
    bring_before_panel([whole, lacking], by=staff, now=NOW, despite_missing=True)
    assert [refreshed(one).status for one in (whole, lacking)] == ["panel", "panel"]


def test_all_come_before_the_panel_or_none(phase, staff):
    ReviewPlan.objects.all().delete()
    ready, gone = make_judged(phase, "Ready"), make_judged(phase, "Gone", status=Status.PANEL)
    with pytest.raises(MoveNotAllowed), transaction.atomic():
        bring_before_panel([ready, gone], by=staff, now=NOW)
    assert refreshed(ready).status == "under_review"
    assert PanelItem.objects.count() == 0


def test_a_panel_is_of_one_phase_and_of_what_one_may_know(phase, staff):
    one, other = make_judged(phase, "One"), make_proposal(call=make_call(), status=Status.UNDER_REVIEW)
    hidden = make_judged(phase, "Hidden")
    bar(hidden, staff)
    for chosen in ([one, other], [one, hidden], []):
        with pytest.raises(ValidationError):
            bring_before_panel(chosen, by=staff, now=NOW, despite_missing=True)
    assert Move.objects.filter(now=Status.PANEL).count() == 0


def test_sent_back_is_under_review_and_off_the_panel(phase, staff):
    panel, items = brought(phase, staff, "One", "Two")
    send_back(items[0], by=staff, now=NOW)
    assert in_order(panel) == ["Two"]
    assert refreshed(items[0].proposal).status == "under_review"
    for person, item, error in (
        (make_staff(role=StaffRole.BOARD), items[1], PermissionDenied),
        (make_user(), items[1], PermissionDenied),
    ):
        with pytest.raises(error):
            send_back(item, by=person, now=NOW)
    items[1].proposal.move(Status.WITHDRAWN, by=None, now=NOW)
    with pytest.raises(MoveNotAllowed):
        send_back(items[1], by=staff, now=NOW)


def test_keeping_saves_all_and_raises_the_revision(phase, staff, chair):
    panel, (a, b, c) = brought(phase, staff, "A", "B", "C")
    kept = keep(
        panel,
        sheet=sheet(panel, [c, a, b], held_on=date(2027, 6, 2), chair=chair, present=" Two people ", minutes="We met.\nLong."),
        by=chair,
        now=NOW,
    )
    stored = Panel.objects.get(pk=panel.pk)
    assert in_order(panel) == ["C", "A", "B"]
    assert (stored.revision, stored.held_on, stored.chair, stored.present, stored.minutes) == (
        panel.revision + 1,
        date(2027, 6, 2),
        chair,
        "Two people",
        "We met.\nLong.",
    )
    assert kept.revision == stored.revision
    assert list(panel.items.values_list("recommends", "note")) == [
        ("selected", "On C"),
        ("selected", "On A"),
        ("selected", "On B"),
    ]
    assert Event.objects.filter(verb="panel.recommended").count() == 3


def test_the_second_writer_changes_nothing(phase, staff, chair):
    panel, items = brought(phase, staff, "A", "B")
    keep(panel, sheet=sheet(panel, items, "selected", minutes="First"), by=staff, now=NOW)
    with pytest.raises(PanelChanged):
        keep(panel, sheet=sheet(panel, items[::-1], "reserve", minutes="Second"), by=chair, now=NOW)
    assert Panel.objects.get().minutes == "First"
    assert in_order(panel) == ["A", "B"]


def test_a_page_that_lacks_or_adds_an_item_changes_nothing(phase, staff):
    panel, (a, b) = brought(phase, staff, "A", "B")
    _other, (c,) = brought(phase, staff, "C")
    for items in ([a], [a, b, c], [a, a, b]):
        with pytest.raises(PanelChanged):
            keep(panel, sheet=sheet(panel, items), by=staff, now=NOW)
    assert list(PanelItem.objects.values_list("recommends", flat=True)) == ["", "", ""]


def test_ordering_leaves_the_places_of_what_is_hidden(phase, staff):
    panel, (a, hidden, b, c) = brought(phase, staff, "A", "Hidden", "B", "C")
    PanelItem.objects.filter(pk=hidden.pk).update(note="As it was", recommends="reserve")
    writer = make_staff()
    bar(hidden.proposal, writer)
    assert items_for(panel, writer) == [a, b, c]
    keep(panel, sheet=sheet(panel, [c, b, a]), by=writer, now=NOW)
    assert in_order(panel) == ["C", "Hidden", "B", "A"]
    hidden.refresh_from_db()
    assert (hidden.note, hidden.recommends) == ("As it was", "reserve")
    panel.refresh_from_db()
    with pytest.raises(PanelChanged):
        keep(panel, sheet=sheet(panel, [a, b, c, hidden]), by=writer, now=NOW)


@pytest.mark.parametrize("word", ["excellent", "draft", "withdrawn", "panel"])
def test_only_an_outcome_can_be_recommended(phase, staff, word):
    panel, items = brought(phase, staff, "A")
    with pytest.raises(ValidationError):
        keep(panel, sheet=sheet(panel, items, word), by=staff, now=NOW)


@pytest.mark.parametrize("text", ["CE8-7KQ4M is first", "then ce8-abcd", "see (CE8-ZZZZZ)"])
def test_minutes_name_no_proposal(phase, staff, text):
    """Of those there are and those there are not alike, or the refusal would tell which there are."""
    panel, items = brought(phase, staff, "A")
    for fields in ({"minutes": text}, {"present": text}):
        with pytest.raises(ValidationError):
            keep(panel, sheet=sheet(panel, items, **fields), by=staff, now=NOW)
    keep(panel, sheet=sheet(panel, items, minutes="The CE8 mission was explained."), by=staff, now=NOW)


def test_who_hands_over_the_chair(phase, staff, chair):
    panel, items = brought(phase, staff, "A")
    other = make_staff(role=StaffRole.CHAIR)
    assert may_name_chair(staff, panel)
    panel = keep(panel, sheet=sheet(panel, items, chair=chair), by=staff, now=NOW)
    with pytest.raises(ValidationError):
        keep(panel, sheet=sheet(panel, items, chair=None), by=staff, now=NOW)
    panel = keep(panel, sheet=sheet(panel, items, chair=other), by=chair, now=NOW)
    other.is_active = False
    other.save()
    panel.refresh_from_db()
    assert may_name_chair(staff, Panel.objects.get(pk=panel.pk))


def test_who_freezes(phase, staff, chair):
    panel, items = brought(phase, staff, "A")
    assert [may_freeze(person, panel) for person in (staff, chair, make_staff(role=StaffRole.BOARD))] == [True, True, False]
    panel = keep(panel, sheet=sheet(panel, items, chair=chair), by=staff, now=NOW)
    other = make_staff(role=StaffRole.CHAIR)
    assert [may_freeze(person, panel) for person in (staff, chair, other)] == [False, True, False]
    with pytest.raises(PermissionDenied):
        freeze(panel, revision=panel.revision, by=staff, now=NOW)
    freeze(panel, revision=panel.revision, by=chair, now=NOW)
    assert not may_freeze(chair, Panel.objects.get())


def test_freezing_waits_for_every_recommendation_and_the_latest_page(phase, staff):
    panel, items = brought(phase, staff, "A", "B")
    with pytest.raises(ValidationError):
        freeze(panel, revision=panel.revision, by=staff, now=NOW)
    panel = keep(panel, sheet=sheet(panel, items), by=staff, now=NOW)
    with pytest.raises(PanelChanged):
        freeze(panel, revision=panel.revision - 1, by=staff, now=NOW)
    empty = open_panel(phase, title="Empty", by=staff, now=NOW)
    with pytest.raises(ValidationError):
        freeze(empty, revision=1, by=staff, now=NOW)
    assert Panel.objects.exclude(frozen_at=None).count() == 0


def frozen(phase, staff, *titles, minutes="We met."):
    panel, items = brought(phase, staff, *titles)
    people = [make_reviewer(f"Reviewer {n}") for n in range(3)]
    for place, item in enumerate(items):
        for person, mark in zip(people[place % 2 : place % 2 + 2], ("7", "6"), strict=True):
            review(item.proposal, person, str(int(mark) + place), mark)
    panel = keep(panel, sheet=sheet(panel, items, minutes=minutes), by=staff, now=NOW)
    return freeze(panel, revision=panel.revision, by=staff, now=NOW)


def test_record_is_whole_and_its_digest_is_its_own(phase, staff):
    panel = frozen(phase, staff, "A", "B")
    record = json.loads(panel.canonical)
    assert panel.sha256 == sha256(panel.canonical)
    assert [(item["place"], item["title"], item["recommends"], item["note"]) for item in record["items"]] == [
        (1, "A", "selected", "On A"),
        (2, "B", "selected", "On B"),
    ]
    assert record["panel"]["minutes"] == "We met."
    assert record["method"]["seed"] == phase.pk
    assert {held["sha256"] for item in record["items"] for held in item["reviews"]} == digests()
    assert [item["standing"]["rank"] for item in record["items"]] == [2, 1]
    named = [str(item.proposal_id) for item in panel.items.all()]
    assert Event.objects.get(verb="panel.frozen").data == {"sha256": panel.sha256, "proposals": named}


def digests():
    with connection.cursor() as cursor:
        cursor.execute("SELECT sha256 FROM proposals_frozenassessment")
        return {digest for (digest,) in cursor.fetchall()}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE proposals_panel SET minutes = 'other'",
        "DELETE FROM proposals_panel",
        "UPDATE proposals_panelitem SET note = 'other'",
        "DELETE FROM proposals_panelitem",
    ],
)
def test_record_cannot_be_changed_by_raw_sql(phase, staff, statement):
    frozen(phase, staff, "A")
    with pytest.raises(DatabaseError, match="frozen panel record"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_after_the_freeze_nothing_is_kept_brought_or_frozen_again(phase, staff):
    panel = frozen(phase, staff, "A")
    item = panel.items.get()
    with pytest.raises(PanelChanged):
        keep(panel, sheet=sheet(panel, [item]), by=staff, now=NOW)
    with pytest.raises(PanelChanged):
        freeze(panel, revision=panel.revision, by=staff, now=NOW)
    with pytest.raises(PanelChanged):
        bring_before_panel([make_judged(phase, "Late")], by=staff, now=NOW, panel=panel, despite_missing=True)
    with pytest.raises(PermissionDenied):
        send_back(item, by=staff, now=NOW)
    assert bring_before_panel([make_judged(phase, "New")], by=staff, now=NOW, despite_missing=True) != panel


def test_record_for_whom_a_conflict_bars_is_that_of_a_panel_without_it(phase, staff):
    panel = frozen(phase, staff, "A", "Secret", "C")
    hidden = panel.items.get(proposal__title="Secret").proposal
    reader = make_staff(role=StaffRole.BOARD)
    bar(hidden, reader)
    whole, shown = record_for(panel, staff), record_for(panel, reader)
    assert (whole.text, whole.sha256) == (panel.canonical, panel.sha256)
    assert shown.sha256 == sha256(shown.text)
    assert [(item["place"], item["title"]) for item in shown.content["items"]] == [(1, "A"), (2, "C")]
    assert sorted(item["standing"]["rank"] for item in shown.content["items"]) == [1, 2]
    assert "Secret" not in shown.text
    assert str(hidden.pk) not in shown.text
    assert set(shown.content) == set(whole.content)
    told = {person: events_for(person).filter(verb="panel.frozen").count() for person in (staff, reader)}
    assert told == {staff: 1, reader: 0}


def test_whom_a_conflict_bars_is_not_told_by_a_refusal_to_freeze(phase, staff, chair):
    """The hidden item lacks its recommendation; a refusal for that would say that there is one."""
    panel, (shown, hidden) = brought(phase, staff, "A", "Hidden")
    bar(hidden.proposal, chair)
    panel = keep(panel, sheet=sheet(panel, [shown], chair=chair), by=chair, now=NOW)
    record = json.loads(freeze(panel, revision=panel.revision, by=chair, now=NOW).canonical)
    assert [(item["title"], item["recommends"]) for item in record["items"]] == [("A", "selected"), ("Hidden", "")]
