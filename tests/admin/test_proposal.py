"""One proposal in the admin: what its page shows, the moves it offers, the second who comes too late, filing for a partner."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from proposals.admin.proposal.page import ProposalAdmin
from proposals.audit.models import Event
from proposals.intake import actions
from proposals.intake.models import Access, Attachment, Clarification, Move, Note, Proposal, TeamMember, Version
from proposals.intake.states import Scan, Status, TeamRole
from proposals.outbox.models import Message
from proposals.partners.models import User
from proposals.partners.states import StaffRole
from tests.factories import make_call, make_module, make_organisation, make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db
PROPOSALS = "/staff/proposals/proposal/"
SOON = "2026-12-24T23:59"


@pytest.fixture
def staff(client):
    user = make_staff(full_name="Synthetic Wang")
    client.force_login(user)
    return user


def page(proposal):
    return f"{PROPOSALS}{proposal.pk}/change/"


def act(proposal, name):
    return f"{PROPOSALS}{proposal.pk}/do/{name}/"


def fresh(proposal):
    return Proposal.objects.get(pk=proposal.pk)


def in_a_week():
    return (datetime.now(UTC) + timedelta(days=7)).strftime("%Y-%m-%dT23:59")


def offered(client, proposal):
    return [str(label) for label, _url in client.get(page(proposal)).context["moving"]]


RECEIVE, ACCEPT, ASK = "Begin the eligibility check", "Accept for review", "Ask a question"
RETURN, INELIGIBLE = "Return for correction", "Declare not eligible"


@pytest.mark.parametrize(
    ("status", "moves"),
    [
        (Status.SUBMITTED, [RECEIVE, ACCEPT, ASK, RETURN, INELIGIBLE]),
        (Status.LATE, [RECEIVE, INELIGIBLE]),
        (Status.ELIGIBILITY, [ACCEPT, ASK, RETURN, INELIGIBLE]),
        (Status.RETURNED, [INELIGIBLE]),
        (Status.CLARIFICATION, [ACCEPT]),
        (Status.UNDER_REVIEW, [ASK, INELIGIBLE]),
        (Status.INELIGIBLE, []),
        (Status.WITHDRAWN, []),
    ],
)
def test_page_offers_exactly_the_moves_allowed(client, staff, status, moves):
    assert offered(client, make_proposal(status=status)) == moves


def test_observer_reads_everything_and_has_no_button(client):
    client.force_login(make_staff(role=StaffRole.OBSERVER))
    proposal = make_proposal(status=Status.SUBMITTED)
    response = client.get(page(proposal))
    assert (response.status_code, response.context["moving"], response.context["keeping"]) == (200, [], {})
    assert b'class="button' not in response.content
    for name in ("receive", "accept", "ask", "return", "ineligible", "assign", "tag", "note"):
        assert client.get(act(proposal, name)).status_code == 403
        assert client.post(act(proposal, name), {"reason": "x", "text": "x"}).status_code == 403
    assert client.get(PROPOSALS + "add/").status_code == 403
    assert (fresh(proposal).status, Note.objects.count()) == ("submitted", 0)


def test_page_is_closed_to_partners_and_to_the_barred(client, staff):
    proposal = make_proposal(status=Status.SUBMITTED)
    Access.objects.create(proposal=proposal, user=staff, grant=False, why="conflict")
    addresses = [page(proposal), act(proposal, "accept"), f"{PROPOSALS}{uuid.uuid4()}/change/", f"{PROPOSALS}nonsense/change/"]
    assert [client.get(address).status_code for address in addresses] == [404] * 4
    client.force_login(proposal.created_by)
    assert client.get(page(proposal)).status_code == 302


def test_partners_draft_is_not_there_for_staff(client, staff):
    assert client.get(page(make_proposal())).status_code == 404


def test_state_cannot_be_posted(client, staff):
    proposal = make_proposal(status=Status.SUBMITTED)
    assert client.post(page(proposal), {"status": "under_review"}).status_code == 403
    assert client.post(f"{PROPOSALS}{proposal.pk}/delete/", {"post": "yes"}).status_code == 403
    assert fresh(proposal).status == "submitted"


def test_masses_stand_against_both_caps(client, staff):
    proposal = make_proposal(status=Status.SUBMITTED, is_over_cap=True, mass_kg="200.001")
    make_module(proposal, "100.000")
    make_module(proposal, "100.001")
    masses = client.get(page(proposal)).context["masses"]
    assert [(str(line.mass_kg), str(line.cap_kg), line.over) for line in masses] == [
        ("100.000", "100.000", False),
        ("100.001", "100.000", True),
        ("200.001", "200.000", True),
    ]


def test_mission_level_has_no_masses(client, staff):
    proposal = make_proposal(status=Status.SUBMITTED, level="mission", forms=["surface"])
    assert client.get(page(proposal)).context["masses"] == []


@pytest.mark.parametrize(("scan", "linked"), [(Scan.CLEAN, True), (Scan.OFF, True), (Scan.PENDING, False), (Scan.REFUSED, False)])
def test_only_checked_files_can_be_downloaded(client, staff, scan, linked):
    proposal = make_proposal(status=Status.SUBMITTED)
    file = Attachment.objects.create(
        proposal=proposal, name="letter.pdf", size=9, content_type="application/pdf", sha256="0" * 64, scan=scan,
        uploaded_by=proposal.created_by, uploaded_at=datetime.now(UTC),
    )  # fmt: skip
    response = client.get(page(proposal))
    assert response.context["files"] == [(file, linked)]
    assert (f"/files/{file.pk}/".encode() in response.content) == linked


def test_sheet_is_the_frozen_version_not_the_present_text(client, staff):
    author = make_user()
    call = make_call()
    call.phases.get().asked.create(field="title", required=True)
    proposal = make_proposal(call=call, by=author, title="As submitted")
    make_module(proposal, "1.000")
    TeamMember.objects.create(proposal=proposal, full_name="Contact", role=TeamRole.TECHNICAL, position=2)
    actions.submit(proposal, by=author, now=datetime.now(UTC))
    Proposal.objects.filter(pk=proposal.pk).update(title="Changed later")
    response = client.get(page(proposal))
    values = {line.label: line.value for group in response.context["sheet"] for line in group.lines}
    assert values["title"] == "As submitted"
    assert Version.objects.get(proposal=proposal).sha256.encode() in response.content


@pytest.mark.parametrize("number", ["2", "0", "99999", "-1", "x", "1%00"])
def test_unknown_version_shows_the_latest(client, staff, number):
    proposal = make_proposal(status=Status.SUBMITTED)
    at = datetime.now(UTC)
    for n in (1, 2):
        Version.objects.create(
            proposal=proposal, phase=proposal.phase, number=n, sha256=f"{n}" * 64, frozen_at=at, frozen_by=proposal.created_by,
            canonical=DOCUMENT % f"Title {n}",
        )  # fmt: skip
    response = client.get(f"{page(proposal)}?version={number}")
    assert response.context["version"].number == 2
    assert [(line.label, line.before, line.after) for _title, lines in response.context["changes"] for line in lines] == [
        ("title", "Title 1", "Title 2")
    ]


DOCUMENT = (
    '{"call":"T1","level":"unit","forms":[],"fields":{"title":"%s"},"aims":[],"lead":null,"partners":[],"team":[],'
    '"modules":[],"totals":{},"mission":{},"answers":[],"endorsement":{},"files":[]}'
)


def _rich(proposal, many):
    """Rows of every kind that the page lists, `many` of each."""
    at, staff = datetime.now(UTC), make_staff()
    for n in range(many):
        person = make_user()
        TeamMember.objects.create(
            proposal=proposal, full_name="P", role=TeamRole.CO_I, user=person, accepted_at=at, organisation=make_organisation()
        )
        proposal.participations.create(organisation=make_organisation(), position=n + 1)
        Attachment.objects.create(
            proposal=proposal,
            name="a.pdf",
            size=9,
            content_type="application/pdf",
            sha256="0" * 64,
            uploaded_by=person,
            uploaded_at=at,
        )
        Version.objects.create(
            proposal=proposal, phase=proposal.phase, number=n + 1, sha256=f"{n}" * 64, frozen_at=at, frozen_by=person,
            canonical=DOCUMENT % n,
        )  # fmt: skip
        Clarification.objects.create(
            proposal=proposal, asked_in="submitted", question="?", asked_by=staff, asked_at=at, due_at=at,
            answer="!", answered_by=person, answered_at=at,
        )  # fmt: skip
        Note.objects.create(proposal=proposal, text="n", by=staff, at=at)
        make_module(proposal, "1.000")
        message = Message.objects.create(
            key=uuid.uuid4().hex, kind="status", recipient=person, address=person.email, language="en", template="t",
            about_type="proposal", about_id=str(proposal.pk), subject="S", text="t", html="h",
            message_id=uuid.uuid4().hex, due_at=at,
        )  # fmt: skip
        message.evidence.create(at=at, phase="dot", outcome="sent")


def test_page_costs_the_same_however_much_it_shows(client, staff):
    counts = []
    for many in (1, 3):
        proposal = make_proposal(status=Status.UNDER_REVIEW)
        _rich(proposal, many)
        address = f"{page(proposal)}?version=1"
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            response = client.get(address)
        assert [len(response.context[name]) for name in ("files", "versions", "questions", "notes", "sent")] == [many] * 5
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert counts[0] <= 35


def test_receive_says_that_nobody_is_told(client, staff):
    proposal = make_proposal(status=Status.SUBMITTED)
    response = client.get(act(proposal, "receive"))
    assert response.context["told"] == []
    client.post(act(proposal, "receive"), {"seen": proposal.revision})
    assert (fresh(proposal).status, Message.objects.count()) == ("eligibility", 0)


def test_late_one_is_admitted_and_its_team_told(client, staff):
    proposal = make_proposal(status=Status.LATE)
    assert client.get(act(proposal, "receive")).context["told"] == [proposal.created_by]
    client.post(act(proposal, "receive"), {"seen": proposal.revision})
    assert (fresh(proposal).status, Message.objects.get().recipient) == ("eligibility", proposal.created_by)


def test_return_asks_why_and_until_when(client, staff):
    proposal = make_proposal(status=Status.SUBMITTED)
    response = client.get(act(proposal, "return"))
    assert response.context["told"] == [proposal.created_by]
    due = response.context["form"]["correct_by"].value()
    assert due.strftime("%H:%M") == "23:59"
    empty = client.post(act(proposal, "return"), {"reason": "", "correct_by": ""})
    assert sorted(empty.context["form"].errors) == ["correct_by", "reason"]
    done = client.post(
        act(proposal, "return"), {"reason": "Mass of the harness", "correct_by": in_a_week(), "seen": proposal.revision}
    )
    assert (done.status_code, done["Location"]) == (302, page(proposal))
    kept = fresh(proposal)
    assert (kept.status, kept.correct_by.strftime("%H:%M")) == ("returned", "15:59")  # 23:59 in Beijing
    assert Move.objects.latest("id").note == "Mass of the harness"


@pytest.mark.parametrize(
    ("due", "says"),
    [
        ("2020-01-01T00:00", "Choose an instant in the future."),
        ("0001-01-01T00:00", "Choose an instant in the future."),
        ("9999-12-31T23:59", "Choose an instant within a year."),
        ("tomorrow", "Enter a valid date/time."),
    ],
)
def test_due_instant_must_make_sense_and_the_question_is_kept(client, staff, due, says):
    proposal = make_proposal(status=Status.SUBMITTED)
    response = client.post(act(proposal, "ask"), {"question": "Which connector?", "due_at": due, "seen": proposal.revision})
    assert (response.status_code, response.context["form"].errors["due_at"]) == (200, [says])
    assert b"Which connector?" in response.content
    assert fresh(proposal).status == "submitted"


def test_question_is_asked_and_then_closed_by_acceptance(client, staff):
    proposal = make_proposal(status=Status.SUBMITTED)
    client.post(act(proposal, "ask"), {"question": "Which connector?", "due_at": in_a_week(), "seen": proposal.revision})
    assert fresh(proposal).status == "clarification"
    client.post(act(proposal, "accept"), {"seen": fresh(proposal).revision})
    closed = Clarification.objects.get()
    assert (fresh(proposal).status, closed.answer, closed.answered_by) == ("under_review", "", staff)
    client.post(act(proposal, "ask"), {"question": "And another?", "due_at": in_a_week(), "seen": fresh(proposal).revision})
    assert (fresh(proposal).status, Clarification.objects.count()) == ("clarification", 2)


def test_declaring_ineligible_needs_a_reason(client, staff):
    proposal = make_proposal(status=Status.SUBMITTED)
    assert client.post(act(proposal, "ineligible"), {"reason": "   "}).context["form"].errors == {
        "reason": ["This field is required."]
    }
    client.post(act(proposal, "ineligible"), {"reason": "No space hardware.", "seen": proposal.revision})
    assert fresh(proposal).status == "ineligible"


def test_second_one_is_told_who_was_faster_and_keeps_the_text(client, staff):
    proposal = make_proposal(status=Status.SUBMITTED)
    opened_at = proposal.revision
    colleague = make_staff(full_name="Synthetic Zhao")
    actions.accept_for_review(fresh(proposal), by=colleague, now=datetime.now(UTC))
    response = client.post(act(proposal, "return"), {"reason": "Typed for an hour", "correct_by": in_a_week(), "seen": opened_at})
    assert response.status_code == 409
    assert response.context["stale"].startswith("Someone was faster: Synthetic Zhao moved it to “under review” at ")
    assert b"Typed for an hour" in response.content
    assert (response.context["possible"], fresh(proposal).status) == (False, "under_review")


def test_stale_page_is_refused_even_where_the_move_would_still_be_legal(client, staff):
    proposal = make_proposal(status=Status.SUBMITTED)
    opened_at = proposal.revision
    actions.receive(fresh(proposal), by=make_staff(full_name="Synthetic Zhao"), now=datetime.now(UTC))
    response = client.post(act(proposal, "accept"), {"seen": opened_at})
    assert (response.status_code, response.context["possible"], fresh(proposal).status) == (409, True, "eligibility")
    again = client.post(act(proposal, "accept"), {"seen": fresh(proposal).revision})
    assert (again.status_code, fresh(proposal).status) == (302, "under_review")


def test_move_lost_in_the_last_instant_is_told(client, staff, monkeypatch):
    """The row moves between our reading and our writing: the database's compare-and-swap decides."""
    proposal = make_proposal(status=Status.SUBMITTED)
    colleague = make_staff(full_name="Synthetic Zhao")
    read = ProposalAdmin.get_object

    def beaten(self, *args):
        found = read(self, *args)
        monkeypatch.setattr(ProposalAdmin, "get_object", read)
        actions.declare_ineligible(fresh(proposal), reason="x", by=colleague, now=datetime.now(UTC))
        return found

    monkeypatch.setattr(ProposalAdmin, "get_object", beaten)
    response = client.post(act(proposal, "accept"), {"seen": proposal.revision})
    assert (response.status_code, fresh(proposal).status) == (409, "ineligible")
    assert response.context["stale"].startswith("Someone was faster: Synthetic Zhao moved it to “not eligible” at ")


def test_same_click_twice_moves_and_tells_once(client, staff):
    proposal = make_proposal(status=Status.SUBMITTED)
    answers = [client.post(act(proposal, "accept"), {"seen": proposal.revision}).status_code for _ in range(2)]
    assert (answers, Move.objects.filter(now="under_review").count(), Message.objects.count()) == ([302, 409], 1, 1)


def test_act_that_does_not_exist_is_404(client, staff):
    assert client.get(act(make_proposal(status=Status.SUBMITTED), "approve")).status_code == 404


def test_second_reader_is_told_of_the_first(client, staff):
    proposal = make_proposal(status=Status.SUBMITTED)
    assert client.get(page(proposal)).context["others"] == []
    client.force_login(make_staff(full_name="Synthetic Zhao"))
    others = client.get(page(proposal)).context["others"]
    assert [name for name, _since in others] == ["Synthetic Wang"]


def test_assign_and_tag_and_note(client, staff):
    proposal = make_proposal(status=Status.SUBMITTED)
    key = uuid.uuid4()
    client.post(act(proposal, "assign"), {"to": staff.pk})
    client.post(act(proposal, "tag"), {"tags": "robot, merge?,,  robot "})
    for _ in range(2):
        client.post(act(proposal, "note"), {"text": "Call them.", "request_key": key})
    kept = fresh(proposal)
    assert (kept.assignee, kept.tags) == (staff, ["merge?", "robot"])
    assert [(note.text, note.by) for note in kept.notes.all()] == [("Call them.", staff)]
    assert set(Event.objects.filter(subject_id=str(proposal.pk)).values_list("verb", flat=True)) >= {
        "proposal.assigned",
        "proposal.tagged",
    }
    client.post(act(proposal, "assign"), {"to": ""})
    assert fresh(proposal).assignee is None


@pytest.mark.parametrize(
    ("name", "posted", "field"),
    [
        ("assign", {"to": "0"}, "to"),
        ("assign", {"to": "x"}, "to"),
        ("tag", {"tags": "x" * 41}, "tags"),
        ("tag", {"tags": "a\x00b"}, "tags"),
        ("note", {"text": "x" * 8001, "request_key": str(uuid.uuid4())}, "text"),
        ("note", {"text": "a\x00b", "request_key": str(uuid.uuid4())}, "text"),
        ("note", {"text": "x", "request_key": "nonsense"}, "request_key"),
    ],
)
def test_bad_answers_are_said_at_their_field(client, staff, name, posted, field):
    response = client.post(act(make_proposal(status=Status.SUBMITTED), name), posted)
    assert (response.status_code, list(response.context["form"].errors)) == (200, [field])


def test_only_the_secretariat_can_be_assigned(client, staff):
    observer = make_staff(role=StaffRole.OBSERVER)
    response = client.post(act(make_proposal(status=Status.SUBMITTED), "assign"), {"to": observer.pk})
    assert list(response.context["form"].errors) == ["to"]


def _behalf(call, partner, **given):
    return {
        "call": call.pk,
        "partner": partner,
        "title": "Filed by us",
        "level": "unit",
        "request_key": str(uuid.uuid4()),
        **given,
    }


def test_secretariat_files_for_a_partner(client, staff):
    call, partner = make_call(), make_user(email="minister@example.org")
    posted = _behalf(call, "Minister@example.org")
    for _ in range(2):
        response = client.post(PROPOSALS + "add/", posted)
    proposal = Proposal.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/proposals/{proposal.pk}/edit/")
    assert (proposal.filed_by_staff, proposal.created_by, proposal.team.get().user) == (True, staff, partner)
    assert client.get(page(proposal)).context["fills_in"] is True


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"partner": "nobody@example.org"}, "partner"),
        ({"partner": "colleague@example.org"}, "partner"),
        ({"level": "moon"}, "level"),
        ({"level": "mission"}, "forms"),
        ({"level": "mission", "forms": ["teleport"]}, "forms"),
        ({"call": 0}, "call"),
        ({"request_key": "x"}, "request_key"),
        ({"title": "x" * 251}, "title"),
    ],
)
def test_filing_for_a_partner_says_what_is_wrong(client, staff, given, field):
    make_staff(email="colleague@example.org")
    make_user(email="partner@example.org")
    response = client.post(PROPOSALS + "add/", _behalf(make_call(), "partner@example.org") | given)
    assert (response.status_code, list(response.context["form"].errors)) == (200, [field])
    assert Proposal.objects.count() == 0


def test_filing_to_a_closed_call_is_refused_in_words(client, staff):
    make_user(email="partner@example.org")
    now = datetime.now(UTC)
    call = make_call(opens_at=now - timedelta(days=9), closes_at=now - timedelta(days=1))
    response = client.post(PROPOSALS + "add/", _behalf(call, "partner@example.org"))
    assert response.context["form"].non_field_errors() == ["This call is closed."]
    assert User.objects.count() == 2
