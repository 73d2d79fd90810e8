"""The reviewers' pages: their home, reading and scoring on one page, the discussion; and the reviews on the staff's page."""

import json
import uuid
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from proposals.admin.alarm import mail_alarm
from proposals.admin.reviews.home import duration
from proposals.audit.calculations import canonical
from proposals.intake.models import Access, Attachment, Version
from proposals.intake.queries import content
from proposals.intake.states import Status
from proposals.partners.states import StaffRole
from proposals.review.models import Assessment, Consensus, FrozenAssessment, Post
from proposals.review.states import Answer, Confidence, FindingKind, ReviewKind, Verdict
from tests.factories import (
    NOW,
    make_assessment,
    make_assignment,
    make_call,
    make_criteria,
    make_expert,
    make_module,
    make_proposal,
    make_staff,
    make_user,
)

pytestmark = pytest.mark.django_db
HOME = "/staff/"


def under_review(call=None, **fields):
    """A proposal under review, with the version that was submitted."""
    proposal = make_proposal(call=call or make_call(), status=Status.UNDER_REVIEW, **fields)
    if not proposal.phase.criteria.exists():
        make_criteria(proposal.phase, "10", "5")
    freeze(proposal, 1)
    return proposal


def freeze(proposal, number):
    return Version.objects.create(
        proposal=proposal,
        phase=proposal.phase,
        number=number,
        canonical=canonical(content(proposal)),
        sha256="0" * 64,
        frozen_at=NOW,
        frozen_by=proposal.created_by,
    )


@pytest.fixture
def proposal():
    return under_review(title="Deep drill")


@pytest.fixture
def mine(proposal, client):
    assignment = make_assignment(proposal)
    client.force_login(assignment.user)
    return assignment


def page_of(assignment, name="score"):
    return reverse(f"admin:review_{name}", args=[assignment.pk])


def typed(assignment, **changes):
    """A whole science review as its page sends it."""
    first, second = assignment.phase.criteria.all()
    sent = {
        "revision": "0",
        f"score-{first.pk}": "7,5",
        f"unable-{second.pk}": "on",
        f"comment-{second.pk}": "Not my field.",
        "findings-major_strength": "New.\r\n\r\nCheap.",
        "to_panel": "Sound.",
        "confidence": "3",
    }
    return sent | changes


def test_home_of_a_reviewer_shows_what_they_have_and_nothing_else(client, mine):
    late = make_assignment(under_review(mine.proposal.call), user=mine.user, due_at=NOW.replace(year=2020))
    asked = make_assignment(under_review(mine.proposal.call, title="Secret title"), user=mine.user, answer=Answer.ASKED)
    other = under_review(mine.proposal.call, title="Somebody else's")
    make_assignment(other)
    answer = client.get(HOME)
    text = answer.content.decode()
    assert [task.assignment for task in answer.context["work"].due] == [late, mine]
    assert (answer.context["work"].asked, "Secret title" in text, asked.proposal.reference in text) == ([asked], False, True)
    assert (other.title in text, other.reference in text, "figures" in answer.context) == (False, False, False)
    assert "overdue by" in text
    assert page_of(mine) in text
    assert reverse("admin:proposals_assignment_answer", args=[asked.pk]) in text


def test_home_of_a_reviewer_costs_the_same_for_one_and_three(client, mine):
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as counted:
            client.get(HOME)
        counts.append(len(counted))
        for _more in range(2):
            done = make_assignment(under_review(mine.proposal.call), user=mine.user)
            make_assessment(done, "8", None)
    assert counts[0] == counts[1]


def test_home_says_what_opens_with_the_undertaking(client, mine):
    Access.objects.filter(user=mine.user).delete()
    text = client.get(HOME).content.decode()
    assert reverse("admin:proposals_expert_undertake", args=[mine.phase_id]) in text
    assert (mine.proposal.title in text, client.get(page_of(mine)).status_code) == (False, 404)


def test_durations_are_said_as_people_say_them():
    assert [duration(minutes) for minutes in (5, 60, 125)] == ["5 minutes", "1 h", "2 h 5 min"]


def test_scoring_page_holds_the_submitted_version_and_the_criteria(client, mine):
    make_module(mine.proposal, "60.000", "41.000")
    freeze(mine.proposal, 2)
    type(mine.proposal).objects.filter(pk=mine.proposal.pk).update(title="Written later")
    answer = client.get(page_of(mine))
    text = answer.content.decode()
    assert (answer.context["version"].number, answer.context["heading"], "Written later" in text) == (2, "Deep drill", False)
    assert [(line.label, line.mass_kg, line.over) for line in answer.context["masses"]] == [
        ("Module", Decimal("101.000"), True),
        ("In all", Decimal("101.000"), False),
    ]
    assert [criterion.name for criterion, *_ in answer.context["form"].scored] == ["Criterion 1", "Criterion 2"]
    assert (answer.context["revision"], Assessment.objects.exists()) == (0, False)


def test_files_of_the_version_are_linked_once_they_are_checked(client, mine):
    for name, digest, scan in (("a.pdf", "a" * 64, "clean"), ("b.pdf", "b" * 64, "refused")):
        Attachment.objects.create(
            proposal=mine.proposal,
            name=name,
            size=1,
            content_type="application/pdf",
            sha256=digest,
            scan=scan,
            uploaded_by=mine.proposal.created_by,
            uploaded_at=NOW,
        )
    freeze(mine.proposal, 2)
    found = client.get(page_of(mine)).context["files"]
    assert sorted((name, downloadable) for name, _file, downloadable in found) == [("a.pdf", True), ("b.pdf", False)]


def test_saving_and_submitting(client, mine):
    first, second = mine.phase.criteria.all()
    assert client.post(page_of(mine), typed(mine)).status_code == 302
    assessment = Assessment.objects.get()
    assert (assessment.submitted_at, assessment.revision, assessment.confidence) == (None, 1, Confidence.HIGH)
    assert {s.criterion_id: (s.value, s.unable, s.comment) for s in assessment.scores.all()} == {
        first.pk: (Decimal("7.5"), False, ""),
        second.pk: (None, True, "Not my field."),
    }
    assert [(f.kind, f.text) for f in assessment.findings.all()] == [
        (FindingKind.MAJOR_STRENGTH, "New."),
        (FindingKind.MAJOR_STRENGTH, "Cheap."),
    ]
    assert client.post(page_of(mine), typed(mine, revision="1", then="submit")).status_code == 302
    assert FrozenAssessment.objects.count() == 1
    text = client.get(page_of(mine)).content.decode()
    assert ("You can revise it until the panel." in text, "over 1 of 2 criteria" in text) == (True, True)


def test_what_is_missing_is_listed_with_links_and_saved(client, mine):
    first, _second = mine.phase.criteria.all()
    answer = client.post(page_of(mine), {"revision": "0", "to_panel": "Kept.", "then": "submit"})
    assert (answer.status_code, [target for target, _says in answer.context["missing"]]) == (
        422,
        [f"id_score-{first.pk}", f"id_score-{_second.pk}", "div_id_confidence"],
    )
    assert all(f'id="{target}"' in answer.content.decode() for target, _says in answer.context["missing"])
    assert (Assessment.objects.get().to_panel, answer.context["revision"]) == ("Kept.", 1)


def test_what_is_no_score_is_said_and_the_rest_is_kept(client, mine):
    first, second = mine.phase.criteria.all()
    answer = client.post(page_of(mine), typed(mine, then="submit", **{f"score-{first.pk}": "eleven"}))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [f"score-{first.pk}"])
    assert 'value="eleven"' in answer.content.decode()
    scores = Assessment.objects.get().scores
    assert (scores.count(), scores.get().criterion_id, FrozenAssessment.objects.count()) == (1, second.pk, 0)
    both = client.post(page_of(mine), typed(mine, revision="1", **{f"unable-{first.pk}": "on"}))
    assert (both.status_code, list(both.context["form"].errors)) == (422, [f"score-{first.pk}"])


def test_a_stale_window_keeps_its_text_and_shows_both(client, mine):
    client.post(page_of(mine), typed(mine))
    client.post(page_of(mine), typed(mine, revision="1", to_panel="Second."))
    answer = client.post(page_of(mine), typed(mine, revision="1", to_panel="Stale."))
    assert (answer.status_code, answer.context["unlike"]) == (409, [("Comments to the panel", "Second.", "Stale.")])
    assert (answer.context["revision"], Assessment.objects.get().to_panel) == (2, "Second.")
    assert client.post(page_of(mine), typed(mine, revision="2", to_panel="Stale.")).status_code == 302
    assert Assessment.objects.get().to_panel == "Stale."


def test_a_second_click_is_no_conflict(client, mine):
    for _ in range(2):
        assert client.post(page_of(mine), typed(mine, then="submit")).status_code == 302
    assert FrozenAssessment.objects.count() == 1


def test_autosave_answers_as_its_script_reads(client, mine):
    first, _second = mine.phase.criteria.all()
    kept = client.post(page_of(mine, "autosave"), typed(mine))
    assert (kept.status_code, kept.json()["revision"]) == (200, 1)
    partly = client.post(page_of(mine, "autosave"), typed(mine, revision="1", to_panel="More.", **{f"score-{first.pk}": "x"}))
    assert (partly.status_code, partly.json()["revision"], list(partly.json()["errors"])) == (422, 2, [f"score-{first.pk}"])
    stale = client.post(page_of(mine, "autosave"), typed(mine, revision="1", to_panel="Stale."))
    assert (stale.status_code, list(stale.json())) == (409, ["message"])
    assert (client.get(page_of(mine, "autosave")).status_code, Assessment.objects.get().to_panel) == (405, "More.")


def test_reviews_that_closed_meanwhile_give_the_text_back(client, mine):
    client.post(page_of(mine), typed(mine, then="submit"))
    mine.proposal.move(Status.PANEL, by=make_staff(), now=NOW)
    late = client.post(page_of(mine), typed(mine, revision="3", to_panel="My late thought"))
    assert (late.status_code, "My late thought" in late.content.decode()) == (403, True)
    assert client.post(page_of(mine, "autosave"), typed(mine, revision="3", to_panel="Late")).status_code == 409
    read = client.get(page_of(mine))
    assert (read.status_code, 'name="then"' in read.content.decode(), "Sound." in read.content.decode()) == (200, False, True)


def test_technical_page_asks_a_verdict_and_no_scores(client, proposal):
    technical = make_assignment(proposal, kind=ReviewKind.TECHNICAL)
    client.force_login(technical.user)
    assert list(client.get(page_of(technical)).context["form"].scored) == []
    sent = {"revision": "0", "verdict": Verdict.CONDITIONS, "conditions": "Lower the mast.", "confidence": "2", "then": "submit"}
    assert client.post(page_of(technical), sent).status_code == 302
    assert json.loads(FrozenAssessment.objects.get().canonical)["conditions"] == "Lower the mast."


@pytest.mark.parametrize("name", ["score", "autosave", "print"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_anothers_review_is_as_one_that_does_not_exist(client, mine, name, method):
    other = make_assignment(mine.proposal)
    barred = make_assignment(under_review(mine.proposal.call), user=mine.user)
    Access.objects.create(proposal=barred.proposal, user=mine.user, grant=False, why="conflict:family")
    asked = make_assignment(under_review(mine.proposal.call), user=mine.user, answer=Answer.ASKED)
    nowhere = getattr(client, method)(reverse(f"admin:review_{name}", args=[999_999]))
    for hidden in (other, barred, asked):
        assert getattr(client, method)(page_of(hidden, name)).status_code == nowhere.status_code == 404


def test_staff_do_not_open_anothers_scoring_page(client, mine):
    client.force_login(make_staff())
    assert client.get(page_of(mine)).status_code == 404


def test_print_view_holds_the_proposal_and_ones_own_review(client, mine):
    client.post(page_of(mine), typed(mine, then="submit"))
    text = client.get(page_of(mine, "print")).content.decode()
    assert ("Deep drill" in text, "Sound." in text, "Not my field." in text) == (True, True, True)


def test_discussion_is_closed_until_ones_own_review_is_in(client, mine):
    page = reverse("admin:review_discussion", args=[mine.proposal_id])
    assert client.get(page).status_code == 404
    client.post(page_of(mine), typed(mine, then="submit"))
    assert client.get(page).status_code == 200
    assert client.get(reverse("admin:review_discussion", args=[uuid.uuid4()])).status_code == 404


def test_reviewers_read_each_other_without_names_and_staff_with_them(client, mine):
    other = make_assignment(
        mine.proposal, user=make_expert(user=make_staff(role=StaffRole.REVIEWER, full_name="Nameless One")).user
    )
    make_assessment(other, "9", "1", to_panel="Their words")
    client.post(page_of(mine), typed(mine, then="submit"))
    page = reverse("admin:review_discussion", args=[mine.proposal_id])
    client.post(page, {"text": "Why nine?", "request_key": str(uuid.uuid4())})
    text = client.get(page).content.decode()
    assert ("Their words" in text, "Reviewer B" in text, "Nameless One" in text, "Why nine?" in text) == (True, True, False, True)
    client.force_login(make_staff(role=StaffRole.BOARD))
    text = client.get(page).content.decode()
    assert ("Nameless One (Reviewer B)" in text, f"{mine.user} (Reviewer A)" in text) == (True, True)


def test_a_contribution_is_added_once_and_what_is_refused_stays(client, mine):
    client.post(page_of(mine), typed(mine, then="submit"))
    page, key = reverse("admin:review_discussion", args=[mine.proposal_id]), str(uuid.uuid4())
    for _ in range(2):
        assert client.post(page, {"text": "Once", "request_key": key}).status_code == 302
    assert Post.objects.get().text == "Once"
    long = "x" * 8001
    refused = client.post(page, {"text": long, "request_key": str(uuid.uuid4())})
    assert (refused.status_code, long in refused.content.decode(), Post.objects.count()) == (422, True, 1)
    assert client.get(f"{page}?answers={Post.objects.get().pk}").context["answered"].post == Post.objects.get()


def test_the_lead_writes_the_consensus_on_the_page(client, mine):
    type(mine).objects.filter(pk=mine.pk).update(is_lead=True)
    client.post(page_of(mine), typed(mine, then="submit"))
    page = reverse("admin:review_discussion", args=[mine.proposal_id])
    sent = {"to_panel": "Fund it.", "feedback": "Sound.", "revision": "0"}
    assert client.post(page, sent).status_code == 302
    assert Consensus.objects.get().to_panel == "Fund it."
    stale = client.post(page, sent | {"to_panel": "Otherwise."})
    assert (stale.status_code, "Otherwise." in stale.content.decode(), "Fund it." in stale.content.decode()) == (409, True, True)
    assert stale.context["revision"] == 1
    other = make_assignment(mine.proposal)
    make_assessment(other, "1", "1")
    client.force_login(other.user)
    assert client.post(page, sent | {"to_panel": "Mine."}).status_code == 422
    assert Consensus.objects.get().to_panel == "Fund it."


def test_proposal_page_shows_reviews_to_staff(client, proposal):
    science, technical = make_assignment(proposal), make_assignment(proposal, kind=ReviewKind.TECHNICAL)
    make_assessment(science, "9", "1", to_panel="To the panel only")
    make_assessment(technical, verdict=Verdict.NO)
    waiting = make_assignment(proposal)
    make_assessment(waiting, "2", "2", submitted=False, to_panel="A draft")
    page = reverse("admin:proposals_proposal_change", args=[proposal.pk])
    for role in (StaffRole.SECRETARIAT, StaffRole.CHAIR, StaffRole.BOARD, StaffRole.OBSERVER):
        client.force_login(make_staff(role=role))
        answer = client.get(page)
        text = answer.content.decode()
        assert ("To the panel only" in text, "not accommodatable" in text, "A draft" in text) == (True, True, False)
        assert [one.pk for one in answer.context["awaited"]] == [waiting.pk]
    client.force_login(waiting.user)
    assert client.get(page).status_code in {403, 404}


def test_proposal_page_without_reviews_has_no_such_section(client):
    client.force_login(make_staff())
    answer = client.get(reverse("admin:proposals_proposal_change", args=[under_review().pk]))
    assert (answer.context["reviewed"], 'id="reviews"' in answer.content.decode()) == (False, False)


def test_home_of_the_secretariat_says_how_far_reviews_are(client, proposal):
    make_assessment(make_assignment(proposal), "1", "1")
    make_assignment(proposal, due_at=NOW.replace(year=2020))
    client.force_login(make_staff())
    answer = client.get(HOME)
    found = [(one["code"], one["progress"].submitted, one["progress"].wanted) for one in answer.context["call_reviews"]]
    assert found == [(proposal.call.code, 1, 2)]
    (one,) = answer.context["call_reviews"]
    assert client.get(one["url"]).context["problems"] == client.get(one["overdue_url"]).context["problems"] == []
    assert len(client.get(one["overdue_url"]).context["rows"]) == 1


def test_proposers_find_nothing_of_the_review(client, proposal):
    assignment = make_assignment(proposal)
    make_assessment(assignment, "9", "1", to_panel="Canary one", to_proposer="Canary two")
    client.force_login(proposal.created_by)
    page = client.get(reverse("portal:proposal", args=[proposal.pk]))
    assert (page.status_code, "Canary" in page.content.decode(), str(assignment.user) in page.content.decode()) == (
        200,
        False,
        False,
    )
    for address in (page_of(assignment), page_of(assignment, "print"), reverse("admin:review_discussion", args=[proposal.pk])):
        assert client.get(address).status_code == 302


def test_reviews_have_no_list_and_no_page_of_their_own(client, mine):
    made = make_assessment(mine, "1", "1")
    listed, one = reverse("admin:proposals_assessment_changelist"), f"/staff/proposals/assessment/{made.pk}/change/"
    assert (client.get(listed)["Location"], client.get(one).status_code) == (HOME, 404)
    client.force_login(make_staff())
    assert client.get(listed)["Location"] == reverse("admin:proposals_assignment_changelist")
    assert client.get(one)["Location"].endswith(f"{mine.proposal_id}/change/#reviews")
    client.force_login(make_user())
    assert client.get(listed).status_code == 302


def test_reviewers_are_not_told_that_mail_stands_still(client, mine):
    mail_alarm.minutes = 7
    assert "Mail stands still" not in client.get(HOME).content.decode()
    client.force_login(make_staff())
    assert "Mail stands still" in client.get(HOME).content.decode()
