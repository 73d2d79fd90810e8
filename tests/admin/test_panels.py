"""The pages of panels: who reads and who writes, ordering without a script, two writers, results, record, files."""

import csv
import io
import json
import re
import zipfile
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from proposals.admin.panels import export
from proposals.intake.models import Access
from proposals.partners.states import StaffRole
from proposals.review.actions.panels import Entry, Sheet, bring_before_panel, freeze, keep, open_panel
from proposals.review.models import Panel, ReviewPlan
from proposals.review.queries.results import results
from tests.factories import make_staff, make_user
from tests.review.judged import assess, make_judged, make_phase, make_reviewer, review
from tests.test_matrix import stripped

pytestmark = pytest.mark.django_db
PANELS = "/staff/proposals/panel/"


@pytest.fixture
def staff(client):
    user = make_staff(full_name="Synthetic Wang")
    client.force_login(user)
    return user


@pytest.fixture
def phase():
    return make_phase()


def brought(phase, by, *titles):
    panel = open_panel(phase, title="Synthetic panel", by=by, now=timezone.now())
    for title in titles:
        proposal = make_judged(phase, title)
        bring_before_panel([proposal], by=by, now=timezone.now(), panel=panel, despite_missing=True)
    panel.refresh_from_db()
    return panel


def page(panel):
    return f"{PANELS}{panel.pk}/change/"


def typed(panel, **more):
    """The page's form as a browser would send it, unchanged but for `more`."""
    data = {"revision": panel.revision, "held_on": "", "present": panel.present, "minutes": panel.minutes}
    for place, item in enumerate(panel.items.all(), 1):
        data |= {f"place-{item.pk}": place, f"recommends-{item.pk}": item.recommends, f"note-{item.pk}": item.note}
    return data | more


def order(panel):
    return list(panel.items.values_list("proposal__title", flat=True))


def bar(proposal, user):
    Access.objects.create(proposal=proposal, user=user, grant=False, why="conflict:family")


def frozen(panel, by):
    entries = [Entry(item.pk, "selected", f"On {item.proposal.title}") for item in panel.items.all()]
    kept = keep(panel, sheet=Sheet(panel.revision, entries=entries, minutes="We met."), by=by, now=timezone.now())
    return freeze(kept, revision=kept.revision, by=by, now=timezone.now())


def addresses(panel, phase):
    item = panel.items.first()
    return [
        PANELS,
        page(panel),
        f"{PANELS}results/{phase.pk}/",
        f"{PANELS}results/{phase.pk}/xlsx/",
        f"{PANELS}add/",
        f"{PANELS}{panel.pk}/bring/",
        f"{PANELS}{panel.pk}/back/{item.pk}/",
        f"{PANELS}{panel.pk}/do/freeze/",
    ]


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        (StaffRole.SECRETARIAT, [200] * 8),
        (StaffRole.CHAIR, [200] * 8),
        (StaffRole.BOARD, [200] * 4 + [403] * 4),
        (StaffRole.OBSERVER, [200] * 4 + [403] * 4),
        (StaffRole.REVIEWER, [403] * 7 + [404]),
        (StaffRole.ASSESSOR, [403] * 7 + [404]),
    ],
)
def test_who_reads_and_who_writes(client, phase, role, statuses):
    panel = brought(phase, make_staff(), "One")
    client.force_login(make_staff(role=role))
    assert [client.get(address).status_code for address in addresses(panel, phase)] == statuses
    if role in {StaffRole.BOARD, StaffRole.OBSERVER, StaffRole.REVIEWER}:
        assert client.post(page(panel), typed(panel, minutes="Mine")).status_code == 403
        assert client.post(page(panel), typed(panel, minutes="Mine", revision=0)).status_code == 403
        assert Panel.objects.get().minutes == ""


def test_partners_and_strangers_are_sent_away(client, phase):
    panel = brought(phase, make_staff(), "One")
    for person in (None, make_user()):
        if person:
            client.force_login(person)
        assert {client.get(address).status_code for address in addresses(panel, phase)} == {302}


def test_a_panel_is_opened_and_given_its_proposals(client, staff, phase):
    ReviewPlan.objects.update(reviewers=1, assessors=0)
    whole, lacking = make_judged(phase, "Whole"), make_judged(phase, "Lacking")
    review(whole, make_reviewer("Rey"), "5", "5")
    opened = client.post(PANELS + "add/", {"phase": phase.pk, "title": "First panel", "held_on": "2027-06-02", "chair": ""})
    panel = Panel.objects.get()
    assert (opened.status_code, opened["Location"]) == (302, f"{PANELS}{panel.pk}/bring/")
    told = client.get(opened["Location"])
    assert {str(p.title): [m.have for m in missing] for p, missing, _t in told.context["lines"]} == {"Whole": [], "Lacking": [0]}

    refused = client.post(opened["Location"], {"ids": [whole.pk, lacking.pk]})
    assert "Reviews of 1 proposal are missing" in " ".join(refused.context["form"].non_field_errors())
    assert [ticked for _p, _m, ticked in refused.context["lines"]] == [True, True]
    assert order(panel) == []
    done = client.post(opened["Location"], {"ids": [whole.pk, lacking.pk], "despite_missing": "on"})
    assert (done.status_code, sorted(order(panel))) == (302, ["Lacking", "Whole"])
    assert client.get(opened["Location"]).context["lines"] == []


def test_opening_without_a_title_keeps_what_was_typed(client, staff, phase):
    answer = client.post(PANELS + "add/", {"phase": phase.pk, "title": "", "held_on": "2027-06-02"})
    assert (answer.status_code, answer.context["form"]["held_on"].value()) == (200, "2027-06-02")
    assert Panel.objects.count() == 0


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([1, 2, 3, 4], "ABCD"),
        ([1, 2, 1, 4], "CABD"),
        ([4, 2, 3, 4], "BCDA"),
        ([3, 2, 3, 4], "BCAD"),
        ([1, 2, 3, 2], "ADBC"),
        ([2, 1, 3, 4], "BACD"),
        ([9, 2, 3, 1], "DBCA"),
    ],
)
def test_places_typed_are_the_order(client, staff, phase, places, expected):
    """A number that meets another's: moved up it comes before, moved down after."""
    panel = brought(phase, staff, *"ABCD")
    items = panel.items.all()
    answer = client.post(page(panel), typed(panel, **{f"place-{i.pk}": n for i, n in zip(items, places, strict=True)}))
    assert (answer.status_code, "".join(order(panel))) == (302, expected)


@pytest.mark.parametrize(
    ("move", "expected"), [("up:2", "ACB"), ("down:0", "BAC"), ("up:0", "ABC"), ("down:2", "ABC"), ("sideways:1", "ABC")]
)
def test_buttons_move_one_step_and_save_what_was_typed(client, staff, phase, move, expected):
    panel = brought(phase, staff, *"ABC")
    step, _colon, index = move.partition(":")
    item = panel.items.all()[int(index)]
    answer = client.post(page(panel), typed(panel, move=f"{step}:{item.pk}", minutes="Kept", **{f"note-{item.pk}": "Too"}))
    assert (answer.status_code, "".join(order(panel))) == (302, expected)
    item.refresh_from_db()
    assert (Panel.objects.get().minutes, item.note) == ("Kept", "Too")


@pytest.mark.parametrize("move", ["up:", "up:x", "up:999999", ":", "x"])
def test_a_forged_move_moves_nothing(client, staff, phase, move):
    panel = brought(phase, staff, *"AB")
    assert client.post(page(panel), typed(panel, move=move)).status_code == 302
    assert order(panel) == ["A", "B"]


def test_who_saves_second_loses_no_character(client, staff, phase):
    panel = brought(phase, staff, "A", "B")
    a, b = panel.items.all()
    opened = typed(panel)
    first = typed(panel, **{f"recommends-{a.pk}": "selected", f"note-{a.pk}": "First said", "minutes": "First minutes"})
    assert client.post(page(panel), first).status_code == 302

    second = make_staff(role=StaffRole.CHAIR)
    client.force_login(second)
    mine = opened | {f"note-{a.pk}": "Second  said\n<b>", "minutes": "Second minutes", f"place-{b.pk}": 1, "present": "Two"}
    lost = client.post(page(panel), mine)
    text = lost.content.decode()
    assert lost.status_code == 409
    assert "Second  said\n&lt;b&gt;</textarea>" in text
    assert lost.context["form"]["minutes"].value() == "Second minutes"
    assert lost.context["form"]["present"].value() == "Two"
    assert [item.proposal.title for _place, item, _row, _fields in lost.context["lines"]] == ["B", "A"]
    assert text.count("Saved meanwhile:") == 4  # the note, the recommendation, the minutes, and who was present
    assert "First said" in text
    assert "First minutes" in text
    assert (Panel.objects.get().minutes, order(panel)) == ("First minutes", ["A", "B"])

    panel.refresh_from_db()
    assert f'name="revision" value="{panel.revision}"' in text
    assert client.post(page(panel), mine | {"revision": panel.revision}).status_code == 302
    assert (Panel.objects.get().minutes, order(panel)) == ("Second minutes", ["B", "A"])


def test_a_note_on_what_was_sent_back_meanwhile_is_shown(client, staff, phase):
    panel = brought(phase, staff, "A", "B")
    a = panel.items.first()
    mine = typed(panel, **{f"note-{a.pk}": "My long note"})
    assert client.post(f"{PANELS}{panel.pk}/back/{a.pk}/").status_code == 302
    lost = client.post(page(panel), mine)
    assert (lost.status_code, lost.context["left_over"]) == (409, ["My long note"])
    assert b"My long note" in lost.content


def test_what_was_typed_into_a_panel_frozen_meanwhile_can_be_copied(client, staff, phase):
    panel = brought(phase, staff, "A")
    mine = typed(panel, minutes="Too late")
    frozen(panel, staff)
    lost = client.post(page(panel), mine)
    assert lost.status_code == 409
    assert b"Too late</textarea>" in lost.content
    assert b"The record was frozen meanwhile" in lost.content
    assert Panel.objects.get().minutes == "We met."


@pytest.mark.parametrize(("field", "value"), [("place", "0"), ("place", "x"), ("recommends", "excellent"), ("note", "x" * 4001)])
def test_a_mistake_is_said_and_nothing_typed_is_lost(client, staff, phase, field, value):
    panel = brought(phase, staff, "A")
    item = panel.items.get()
    answer = client.post(page(panel), typed(panel, minutes="Typed", **{f"{field}-{item.pk}": value}))
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [f"{field}-{item.pk}"]
    assert answer.context["form"]["minutes"].value() == "Typed"
    assert Panel.objects.get().minutes == ""


def test_a_reference_in_the_minutes_is_refused_in_words(client, staff, phase):
    panel = brought(phase, staff, "A")
    answer = client.post(page(panel), typed(panel, minutes="CE8-AAAAA was first"))
    assert answer.status_code == 200
    assert "Leave references out of the minutes" in answer.content.decode()


def test_the_page_says_nothing_of_what_bars_its_reader(client, phase):
    writer, reader = make_staff(), make_staff(role=StaffRole.CHAIR)
    panel = brought(phase, writer, "Shown", "Hidden", "Also shown")
    hidden = panel.items.get(proposal__title="Hidden")
    person = make_reviewer("Only of the hidden")
    review(hidden.proposal, person, "9", "9")
    bar(hidden.proposal, reader)
    client.force_login(reader)
    for address in (page(panel), f"{PANELS}results/{phase.pk}/", f"{PANELS}{panel.pk}/bring/"):
        text = client.get(address).content.decode()
        assert "Hidden" not in text
        assert hidden.proposal.reference not in text
        assert str(person) not in text
    assert [place for place, *_rest in client.get(page(panel)).context["lines"]] == [1, 2]
    answers = [client.get(f"{PANELS}{panel.pk}/back/{pk}/") for pk in (hidden.pk, 999999)]
    bodies = [stripped(re.sub(rb"/back/\d+/", b"", answer.content)) for answer in answers]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert len(bodies[0]) == len(bodies[1])
    visible = typed(panel)
    visible = {name: value for name, value in visible.items() if not name.endswith(f"-{hidden.pk}")}
    first, last = panel.items.exclude(pk=hidden.pk)
    visible |= {f"place-{first.pk}": 2, f"place-{last.pk}": 1}
    assert client.post(page(panel), visible).status_code == 302
    assert order(panel) == ["Also shown", "Hidden", "Shown"]


def test_freezing_has_its_own_page_and_leads_to_the_record(client, staff, phase):
    panel = brought(phase, staff, "A")
    item = panel.items.get()
    freezing = f"{PANELS}{panel.pk}/do/freeze/"
    assert b"After that nobody can change it" in client.get(freezing).content
    early = client.post(freezing, {"revision": panel.revision})
    assert "Write down what the panel recommends" in early.content.decode()
    client.post(page(panel), typed(panel, **{f"recommends-{item.pk}": "reserve"}))
    stale = client.post(freezing, {"revision": panel.revision})
    assert b"Someone saved this panel meanwhile" in stale.content
    panel.refresh_from_db()
    assert client.post(freezing, {"revision": panel.revision}).status_code == 302
    assert client.get(page(panel))["Location"] == f"{PANELS}{panel.pk}/record/"
    assert client.get(f"{PANELS}{panel.pk}/bring/").status_code == 403
    assert client.get(freezing).status_code == 403


def test_record_is_read_and_taken_away(client, staff, phase):
    panel = frozen(brought(phase, staff, "A", "B"), staff)
    shown = client.get(f"{PANELS}{panel.pk}/record/").content.decode()
    assert panel.sha256 in shown
    assert "We met." in shown
    taken = client.get(f"{PANELS}{panel.pk}/record.json")
    assert taken.content.decode() == panel.canonical
    assert (taken["Content-Type"], taken["Content-Disposition"]) == (
        "application/json",
        f'attachment; filename="panel-{panel.pk}-record.json"',
    )


def test_record_of_a_barred_reader_has_no_trace_of_the_other(client, staff, phase):
    panel = frozen(brought(phase, staff, "A", "Hidden", "C"), staff)
    hidden = panel.items.get(proposal__title="Hidden").proposal
    reader = make_staff(role=StaffRole.BOARD)
    bar(hidden, reader)
    client.force_login(reader)
    taken = client.get(f"{PANELS}{panel.pk}/record.json").content.decode()
    shown = client.get(f"{PANELS}{panel.pk}/record/").content.decode()
    assert [item["place"] for item in json.loads(taken)["items"]] == [1, 2]
    for text in (taken, shown):
        assert "Hidden" not in text
        assert panel.sha256 not in text


def test_an_open_panel_has_no_record(client, staff, phase):
    panel = brought(phase, staff, "A")
    assert [client.get(f"{PANELS}{panel.pk}/{name}").status_code for name in ("record/", "record.json")] == [404, 404]


def judged(phase):
    people = [make_reviewer(f"Reviewer {n}") for n in range(3)]
    for place, title in enumerate(("=1+1", "Second", "Third")):
        proposal = make_judged(phase, title, mass_kg=Decimal("12.5"), countries=["IT"])
        for person in people:
            review(proposal, person, str(9 - 2 * place), "5")
    assess(proposal, make_reviewer("Tess", StaffRole.ASSESSOR), "conditions", "+ A lower antenna")
    return people


def test_results_show_the_ranking_with_its_plot_and_its_line(client, staff, phase):
    judged(phase)
    answer = client.get(f"{PANELS}results/{phase.pk}/?places=2")
    text = answer.content.decode()
    assert [(row.proposal.title, row.standing.rank) for row in answer.context["found"].rows] == [
        ("=1+1", 1),
        ("Second", 2),
        ("Third", 3),
    ]
    assert answer.context["plot"]["rows"][0][1:] == [1, 1, 1]
    assert "Places: 2" in text
    assert "2 proposals are within the 2 places" in text
    assert "accommodatable with conditions" in text


@pytest.mark.parametrize("places", ["0", "-1", "x", "99999", "²", ""])
def test_results_draw_no_line_that_is_none(client, staff, phase, places):
    judged(phase)
    assert client.get(f"{PANELS}results/{phase.pk}/", {"places": places}).context["places"] is None


def test_results_as_files_hold_no_formula(client, staff, phase):
    judged(phase)
    table = client.get(f"{PANELS}results/{phase.pk}/csv/").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(table)))
    found = results(phase, reader=staff)
    assert len(rows) == 4
    assert {len(row) for row in rows} == {len(export.heads(found))}
    first = dict(zip(rows[0], rows[1], strict=True))
    assert (first["Rank"], first["Title"], first["Weighted mean, %"], first["Mass with margin, kg"]) == (
        "1",
        "'=1+1",
        "74.00",
        "12.500",
    )
    assert dict(zip(rows[0], rows[3], strict=True))["Conditions"] == "'+ A lower antenna"
    book = client.get(f"{PANELS}results/{phase.pk}/xlsx/")
    with zipfile.ZipFile(io.BytesIO(book.content)) as opened:
        sheet = opened.read("xl/worksheets/sheet1.xml").decode()
        assert "=1+1" in opened.read("xl/sharedStrings.xml").decode()
    assert "<f>" not in sheet
    assert client.get(f"{PANELS}results/{phase.pk}/exe/").status_code == 404
    assert client.get(f"{PANELS}results/999999/").status_code == 404


def test_the_first_of_the_list_is_the_newest_and_says_its_state(client, staff, phase):
    first = frozen(brought(phase, staff, "A"), staff)
    second = brought(phase, staff, "B")
    answer = client.get(PANELS)
    assert list(answer.context["rows"]) == [second, first]
    assert [one.pk for one in answer.context["phases"]] == [phase.pk]


def statements(client, address):
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


def test_pages_take_the_same_statements_for_one_and_for_three(client, staff, phase):
    panel = brought(phase, staff, "One")
    listed = [PANELS, page(panel), f"{PANELS}results/{phase.pk}/", f"{PANELS}{panel.pk}/bring/"]
    waiting = make_judged(phase, "Waits")
    for proposal in (panel.items.get().proposal, waiting):
        review(proposal, make_reviewer("First"), "5", "5")
    for address in listed:
        client.get(address)
    one = [statements(client, address) for address in listed]
    for title in ("Two", "Three"):
        proposal = make_judged(phase, title)
        bring_before_panel([proposal], by=staff, now=timezone.now(), panel=panel, despite_missing=True)
        review(proposal, make_reviewer(title), "5", "5")
        review(make_judged(phase, f"Also {title}"), make_reviewer(title), "4", "5")
        open_panel(phase, title=title, by=staff, now=timezone.now())
    assert [statements(client, address) for address in listed] == one
