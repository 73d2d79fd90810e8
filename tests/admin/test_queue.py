"""The queue: what is shown to whom, filters by an allow-list, search, tabs, pages, the spreadsheet, several rows at once."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from proposals.intake.actions.drafts import index
from proposals.intake.models import Access, Move, Proposal, SavedView
from proposals.intake.queries.queue import PAGE, View, Wanted, capped_counts, queue, with_words
from proposals.intake.states import Status
from proposals.outbox.models import Message
from proposals.partners.states import StaffRole
from tests.factories import make_call, make_organisation, make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db
QUEUE = "/staff/proposals/proposal/"
BULK = QUEUE + "bulk/"


@pytest.fixture
def staff(client):
    user = make_staff(full_name="Synthetic Wang")
    client.force_login(user)
    return user


@pytest.fixture
def call():
    return make_call(code="CE8")


def titles(client, query="view=all"):
    response = client.get(f"{QUEUE}?{query}")
    assert response.status_code == 200
    return [proposal.title for proposal in response.context["rows"]]


def problems(client, query):
    response = client.get(f"{QUEUE}?{query}")
    assert response.status_code == 200
    return response.context["asked"].problems


def submitted(call, title, status=Status.SUBMITTED, **fields):
    return make_proposal(call=call, title=title, status=status, **fields)


def test_queue_shows_what_was_submitted_and_no_drafts(client, staff, call):
    submitted(call, "Filed")
    make_proposal(call=call, title="Unfiled")
    make_proposal(call=call, title="Filed by us", filed_by_staff=True)
    assert sorted(titles(client)) == ["Filed", "Filed by us"]


def test_queue_hides_what_bars_its_reader(client, staff, call):
    hidden = submitted(call, "Barred")
    Access.objects.create(proposal=hidden, user=staff, grant=False, why="conflict")
    response = client.get(QUEUE + "?view=all")
    assert list(response.context["rows"]) == []
    assert response.context["found"] == "0"
    assert client.get(f"{QUEUE}{hidden.pk}/change/").status_code == 404


@pytest.mark.parametrize("who", ["partner", "nobody"])
def test_queue_is_for_staff(client, call, who):
    if who == "partner":
        client.force_login(make_user())
    for address in (QUEUE, QUEUE + "export/"):
        assert client.get(address).status_code == 302
    assert client.post(BULK).status_code == 302


def test_queue_opens_on_what_needs_the_reader(client, staff, call):
    submitted(call, "Nobody's")
    submitted(call, "Mine", assignee=staff)
    submitted(call, "A colleague's", assignee=make_staff())
    submitted(call, "With the partner", status=Status.RETURNED)
    response = client.get(QUEUE)
    assert sorted(p.title for p in response.context["rows"]) == ["Mine", "Nobody's"]
    assert [tab["label"] for tab in response.context["tabs"] if tab["current"]] == ["Needs me"]


def test_tabs_hold_their_states_and_count_them(client, staff, call):
    for status in (Status.SUBMITTED, Status.LATE, Status.RETURNED, Status.CLARIFICATION, Status.UNDER_REVIEW, Status.INELIGIBLE):
        submitted(call, status.value, status=status, is_late=status == Status.LATE)
    counts = {str(tab["label"]): tab["count"] for tab in client.get(QUEUE).context["tabs"]}
    assert counts == {
        "Needs me": "2",
        "New": "1",
        "Late": "1",
        "Returned": "1",
        "Questions out": "1",
        "Under review": "1",
        "All": "6",
    }
    shown = {view: titles(client, f"view={view}") for view in ("new", "late", "returned", "questions", "review")}
    assert shown == {
        "new": ["submitted"],
        "late": ["late"],
        "returned": ["returned"],
        "questions": ["clarification"],
        "review": ["under_review"],
    }


def test_count_stops_at_a_thousand(client, staff, call, monkeypatch):
    monkeypatch.setattr("proposals.intake.queries.queue.COUNTED_TO", 2)
    monkeypatch.setattr("proposals.admin.queue.filters.COUNTED_TO", 2)
    for number in range(4):
        submitted(call, f"Number {number}")
    assert capped_counts([queue(staff, Wanted(), now=datetime.now(UTC))]) == [3]
    assert client.get(QUEUE + "?view=all").context["found"] == "1,000+"


def _varied(call, staff):
    now = datetime.now(UTC)
    other = make_call(code="CE7")
    confirmed = make_organisation(confirmed_at=now)
    submitted(call, "plain", lead=confirmed, has_endorsement=True)
    submitted(other, "other call", lead=confirmed, has_endorsement=True)
    submitted(call, "mission", level="mission", forms=["surface"], lead=confirmed, has_endorsement=True)
    submitted(call, "peruvian", countries=["PE", "ZA"], lead=confirmed, has_endorsement=True)
    submitted(call, "old", at=now - timedelta(days=8), lead=confirmed, has_endorsement=True)
    submitted(call, "mine", assignee=staff, lead=confirmed, has_endorsement=True)
    submitted(call, "heavy", is_over_cap=True, lead=confirmed, has_endorsement=True)
    submitted(call, "late", is_late=True, lead=confirmed, has_endorsement=True)
    submitted(call, "unendorsed", lead=confirmed)
    submitted(call, "unconfirmed", has_endorsement=True)
    submitted(call, "tagged", tags=["merge?"], lead=confirmed, has_endorsement=True)
    submitted(call, "reviewed", status=Status.UNDER_REVIEW, lead=confirmed, has_endorsement=True)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("call=CE7", ["other call"]),
        ("level=mission", ["mission"]),
        ("form=surface", ["mission"]),
        ("country=PE", ["peruvian"]),
        ("age=7", ["old"]),
        ("assignee=me", ["mine"]),
        ("over_cap=yes", ["heavy"]),
        ("late=yes", ["late"]),
        ("endorsement=missing", ["unendorsed"]),
        ("confirmed=no", ["unconfirmed"]),
        ("tag=merge%3F", ["tagged"]),
        ("state=under_review", ["reviewed"]),
        ("state=under_review&state=late&level=unit", ["reviewed"]),
        ("call=CE7&over_cap=yes", []),
    ],
)
def test_filter_narrows(client, staff, call, query, found):
    _varied(call, staff)
    assert titles(client, query) == found
    assert problems(client, query) == []


def test_filter_by_nobody_and_by_colleague(client, staff, call):
    colleague = make_staff()
    submitted(call, "theirs", assignee=colleague)
    submitted(call, "nobody's")
    assert titles(client, "assignee=nobody") == ["nobody's"]
    assert titles(client, f"assignee={colleague.pk}") == ["theirs"]


@pytest.mark.parametrize(
    "query",
    [
        "assignee__password__startswith=a",
        "status__in=draft",
        "call=NOPE",
        "level=moon",
        "state=draft%00",
        "country=XX",
        "age=1e9",
        "age=-7",
        "assignee=99999999999999999999",
        "over_cap=no",
        "view=everything",
        "order=random",
        "after=yesterday",
        "after=20260101T000000.000000_nonsense",
        "before=99999999T999999.000000_" + str(uuid.UUID(int=8)),
        "q=" + "x" * 300,
        "q=a%00b",
        "tag=a%0ab",
        "call=CE8&call=CE7",
    ],
)
def test_unknown_or_malformed_filter_is_said_and_left_out(client, staff, call, query):
    submitted(call, "Filed")
    assert len(problems(client, query)) == 1
    assert titles(client, query) == ["Filed"]


def test_malformed_export_is_explained_on_the_page(client, staff):
    response = client.get(QUEUE + "export/?level=moon")
    assert (response.status_code, response["Location"]) == (302, QUEUE + "?level=moon")


@pytest.mark.parametrize("words", ["seismometer", "SEISMO", "嫦娥", "Müller", "muller", "Сейсмо", "vostok"])
def test_search_finds_words_in_any_script(client, staff, call, words):
    wanted = submitted(
        call,
        "Seismometer 嫦娥八号 Сейсмометр",
        lead=make_organisation(name="Institut Vostok"),
        by=make_user(full_name="Jörg Müller"),
    )
    submitted(call, "Camera")
    for proposal in Proposal.objects.all():
        index(proposal)
    assert titles(client, f"q={words}") == [wanted.title]


def test_search_needs_every_word_and_survives_punctuation(client, staff, call):
    index(submitted(call, "Lunar camera"))
    assert titles(client, "q=lunar+camera") == ["Lunar camera"]
    assert titles(client, "q=lunar+rover") == []
    assert titles(client, "q=%27%29+%26+%7C+%3A%2A+%5C") == []
    assert titles(client, "q=lunar+%27%3A%2A+%7C") == ["Lunar camera"]


def test_whole_reference_opens_its_proposal(client, staff, call):
    proposal = submitted(call, "Filed")
    response = client.get(QUEUE, {"q": f" {proposal.reference.lower()} "})
    assert (response.status_code, response["Location"]) == (302, reverse("admin:proposals_proposal_change", args=[proposal.pk]))


def test_barred_reference_opens_nothing(client, staff, call):
    proposal = submitted(call, "Barred")
    Access.objects.create(proposal=proposal, user=staff, grant=False, why="conflict")
    assert client.get(QUEUE, {"q": proposal.reference}).status_code == 200


def test_pages_go_on_by_key_and_meet_each_row_once(client, staff, call):
    at = datetime.now(UTC)
    by = make_user()
    lead = make_organisation()
    for number in range(2 * PAGE + 3):
        submitted(call, f"{number:03d}", at=at - timedelta(hours=number // 2), by=by, lead=lead)
    seen, address, pages = [], "?view=all", []
    while address:
        response = client.get(QUEUE + address)
        pages.append(response)
        seen += [proposal.title for proposal in response.context["rows"]]
        address = response.context["older_url"]
    assert [len(page.context["rows"]) for page in pages] == [PAGE, PAGE, 3]
    assert sorted(seen) == [f"{number:03d}" for number in range(2 * PAGE + 3)]
    assert pages[0].context["newer_url"] is None
    back = client.get(QUEUE + pages[2].context["newer_url"])
    assert [p.pk for p in back.context["rows"]] == [p.pk for p in pages[1].context["rows"]]
    last = client.get(QUEUE + pages[0].context["turned_url"])
    assert [p.title for p in last.context["rows"]][:3] == seen[::-1][:3]


@pytest.mark.parametrize("many", [1, 3])
def test_queue_costs_the_same_for_any_number_of_rows(client, staff, call, many):
    for number in range(many):
        submitted(call, f"Number {number}", assignee=staff, countries=["IT", "PE"], tags=["a", "b"])
    SavedView.objects.create(user=staff, name="Own", query="level=unit")
    client.get(QUEUE)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        response = client.get(QUEUE)
    assert len(response.context["rows"]) == many
    assert len([q for q in captured if "set_config" not in q["sql"]]) == 7
    assert len(captured) <= 12


def test_own_filters_become_a_tab(client, staff, call):
    submitted(call, "mission", level="mission", forms=["surface"])
    submitted(call, "unit")
    client.post(QUEUE + "?level=mission&nonsense=1", {"name": "Spacecraft"})
    view = SavedView.objects.get()
    assert (view.user, view.name, view.query) == (staff, "Spacecraft", "level=mission")
    tab = client.get(f"{QUEUE}?{view.query}").context["tabs"][-1]
    assert (tab["label"], tab["count"], tab["current"]) == ("Spacecraft", "1", True)


def test_own_tab_needs_a_name_and_there_are_twelve(client, staff):
    client.post(QUEUE, {"name": "  "})
    assert SavedView.objects.count() == 0
    for number in range(13):
        client.post(QUEUE + "?level=unit", {"name": f"Tab {number}"})
    assert SavedView.objects.count() == 12


def test_own_tab_is_removed_by_its_owner_only(client, staff):
    view = SavedView.objects.create(user=make_staff(), name="Theirs", query="level=unit")
    assert client.post(f"{QUEUE}views/{view.pk}/remove/").status_code == 404
    mine = SavedView.objects.create(user=staff, name="Mine", query="level=unit")
    client.get(f"{QUEUE}views/{mine.pk}/remove/")
    assert SavedView.objects.count() == 2
    client.post(f"{QUEUE}views/{mine.pk}/remove/")
    assert list(SavedView.objects.all()) == [view]


def _cells(response):
    book = ZipFile(BytesIO(b"".join(response.streaming_content)))
    return book.read("xl/worksheets/sheet1.xml").decode()


def test_spreadsheet_holds_what_is_shown(client, staff, call):
    submitted(call, "Heavy rover", level="system", mass_kg=Decimal("100.001"), countries=["PE"])
    submitted(call, "Camera")
    response = client.get(QUEUE + "export/?level=system")
    sheet = _cells(response)
    assert response["Content-Type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert response["Content-Disposition"].startswith('attachment; filename="proposals-')
    assert ("Heavy rover" in sheet, "Camera" in sheet, "<v>100.001</v>" in sheet, "Peru" in sheet) == (True, False, True, True)


@pytest.mark.parametrize("title", ["=HYPERLINK(1)", "+1+1", "-2", "@SUM(A1)", "\t=1", "http://example.org"])
def test_spreadsheet_keeps_formulas_as_text(client, staff, call, title):
    submitted(call, title)
    sheet = _cells(client.get(QUEUE + "export/?view=all"))
    assert ("<f>" in sheet, "<hyperlink" in sheet, 't="inlineStr"' in sheet) == (False, False, True)


def test_spreadsheet_says_where_it_stops(client, staff, call, monkeypatch):
    monkeypatch.setattr("proposals.admin.queue.export.ROWS_AT_MOST", 1)
    monkeypatch.setattr("proposals.admin.queue.page.ROWS_AT_MOST", 1)
    for number in range(3):
        submitted(call, f"Number {number}")
    sheet = _cells(client.get(QUEUE + "export/?view=all&order=oldest"))
    assert ("Number 0" in sheet, "Number 1" in sheet, "Only the first 1 rows are here" in sheet) == (True, False, True)


def test_spreadsheet_is_not_for_the_barred(client, staff, call):
    hidden = submitted(call, "Barred")
    Access.objects.create(proposal=hidden, user=staff, grant=False, why="conflict")
    assert "Barred" not in _cells(client.get(QUEUE + "export/?view=all"))


def test_preview_names_each_proposal_and_who_is_told(client, staff, call):
    one, two = submitted(call, "One"), submitted(call, "Two", status=Status.INELIGIBLE)
    response = client.post(BULK, {"what": "accept", "ids": [one.pk, two.pk]})
    assert [line.proposal for line in response.context["able"]] == [one]
    assert [line.proposal for line in response.context["unable"]] == [two]
    assert [str(person) for person in response.context["able"][0].told] == [str(one.created_by)]
    assert response.context["mails"] == 1
    assert Move.objects.filter(now=Status.UNDER_REVIEW).count() == 0


def test_preview_of_a_move_nobody_sees_counts_no_mail(client, staff, call):
    one = submitted(call, "One")
    response = client.post(BULK, {"what": "receive", "ids": [one.pk]})
    assert (response.context["mails"], len(response.context["able"])) == (0, 1)


def test_bulk_moves_each_and_reports_the_refused(client, staff, call):
    one, two, three = (submitted(call, name) for name in ("One", "Two", "Three"))
    ids = [f"{p.pk}@{p.revision}" for p in (one, two, three)]
    two.move(Status.ELIGIBILITY, by=staff, now=datetime.now(UTC))
    response = client.post(BULK, {"what": "accept", "step": "do", "ids": ids}, follow=True)
    said = [str(message) for message in response.context["messages"]]
    states = [Proposal.objects.get(pk=p.pk).status for p in (one, two, three)]
    assert states == ["under_review", "eligibility", "under_review"]
    assert len(said) == 2
    assert said[0] == f"{Proposal.objects.get(pk=two.pk)} was left as it is: someone was faster."
    assert said[1].startswith("Done for 2 proposals: ")
    assert Message.objects.filter(template="under_review").count() == 2


def test_bulk_asks_for_a_reason_before_anything_moves(client, staff, call):
    one = submitted(call, "One")
    response = client.post(BULK, {"what": "ineligible", "step": "do", "ids": [f"{one.pk}@{one.revision}"], "reason": " "})
    assert response.context["form"].errors == {"reason": ["This field is required."]}
    assert Proposal.objects.get(pk=one.pk).status == "submitted"


def test_bulk_assigns_and_adds_tags(client, staff, call):
    one = submitted(call, "One", tags=["old"])
    client.post(BULK, {"what": "assign", "step": "do", "ids": [one.pk], "to": staff.pk})
    client.post(BULK, {"what": "tag", "step": "do", "ids": [one.pk], "tags": "new,  merge  candidate "})
    fresh = Proposal.objects.get(pk=one.pk)
    assert (fresh.assignee, fresh.tags) == (staff, ["merge candidate", "new", "old"])


@pytest.mark.parametrize(
    "posted",
    [
        {},
        {"what": "accept"},
        {"what": "delete", "ids": ["{pk}"]},
        {"what": "note", "ids": ["{pk}"]},
        {"what": "accept", "ids": ["nonsense", "1@2", "{pk}@x"]},
    ],
)
def test_bulk_without_sense_does_nothing(client, staff, call, posted):
    one = submitted(call, "One")
    posted = {name: [v.format(pk=one.pk) for v in values] if name == "ids" else values for name, values in posted.items()}
    response = client.post(BULK, {**posted, "step": "do"}, follow=True)
    assert [str(m) for m in response.context["messages"]] == ["Tick at least one proposal, and choose what to do."]
    assert Proposal.objects.get(pk=one.pk).status == "submitted"


def test_bulk_leaves_the_barred_alone(client, staff, call):
    hidden = submitted(call, "Barred")
    Access.objects.create(proposal=hidden, user=staff, grant=False, why="conflict")
    client.post(BULK, {"what": "accept", "step": "do", "ids": [hidden.pk]})
    assert Proposal.objects.get(pk=hidden.pk).status == "submitted"


def test_observer_sees_the_queue_and_has_no_buttons(client, call):
    client.force_login(make_staff(role=StaffRole.OBSERVER))
    one = submitted(call, "One")
    response = client.get(QUEUE)
    assert [p.title for p in response.context["rows"]] == ["One"]
    assert response.context["bulk"] == []
    assert b'name="what"' not in response.content
    assert client.post(BULK, {"what": "accept", "step": "do", "ids": [one.pk]}).status_code == 403
    assert Proposal.objects.get(pk=one.pk).status == "submitted"


def test_view_all_is_every_views_superset(staff, call):
    for status in Status:
        submitted(call, status.value, status=status) if status != Status.DRAFT else None
    now = datetime.now(UTC)
    everything = set(queue(staff, Wanted(), now=now))
    assert all(set(queue(staff, Wanted(view=view), now=now)) <= everything for view in View)
    assert len(everything) == len(Status) - 1


@pytest.mark.parametrize("words", ["100%", "o'neil", "a\\b", "%s %(x)s", "';--", "'seismo\\':*'", "\\'", "$$"])
def test_words_written_into_the_statement_stay_words(words):
    proposal = make_proposal(status=Status.SUBMITTED, title=f"Seismometer {words} of ours")
    index(proposal)
    assert list(with_words(Proposal.objects.all(), f"seismometer {words}")) == [proposal]
    assert list(with_words(Proposal.objects.all(), f"nothing {words}")) == []
