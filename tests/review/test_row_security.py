"""The second lock of review and decisions: with Python's filters forgotten, nobody reads or writes what is not theirs."""

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from proposals.calls.models import AnnouncedProject
from proposals.decisions.models import Agreement, AgreementItem, Announcement, Condition, Decision, Letter, Merge, Release
from proposals.decisions.states import Outcome
from proposals.intake.models import (
    Access,
    Answer,
    Attachment,
    Clarification,
    Delegation,
    Endorsement,
    MissionSheet,
    Note,
    Proposal,
    Signature,
    Version,
)
from proposals.intake.states import Signing, Status
from proposals.partners.states import StaffRole
from proposals.review.models import (
    Assessment,
    Assignment,
    Bid,
    Conflict,
    Consensus,
    Finding,
    FrozenAssessment,
    Pairing,
    Panel,
    PanelItem,
    Post,
    Score,
)
from proposals.review.states import ReviewKind
from tests.factories import (
    NOW,
    make_assessment,
    make_assignment,
    make_criteria,
    make_expert,
    make_module,
    make_organisation,
    make_proposal,
    make_staff,
    make_user,
)
from tests.intake.conftest import eyes_of

pytestmark = pytest.mark.django_db
REVIEW = ["Expert", "Expertise", "Bid", "Assignment", "Assessment", "Score", "Finding", "FrozenAssessment", "Post", "Consensus"]
STAFFS = ["Conflict", "Pairing", "Panel", "PanelItem", "Release"]
ANSWER = ["Decision", "Condition", "Letter", "Merge", "Agreement", "AgreementItem", "Announcement"]
TEAMS = ["Signature", "Delegation"]
READ = [
    "Proposal", "Module", "MassElement", "MissionSheet", "Participation", "TeamMember", "Version", "Move", "Attachment",
    "Endorsement", "Answer", "Section",
]  # fmt: skip
TALK = ["Clarification", "Note"]
EVERY = [*REVIEW, *STAFFS, *ANSWER, *TEAMS, *READ, *TALK]


def counts(names, user, role):
    with eyes_of(user, role):
        return {name: count for name in names if (count := apps.get_model("proposals", name).objects.count())}


def judged(proposal):
    """A reviewer's whole work on a proposal: one row in every table that is a reviewer's own."""
    assignment = make_assignment(proposal, user=make_expert(topics={"rover": "0.5"}).user)
    assessment = make_assessment(assignment, "7")
    Finding.objects.create(assessment=assessment, kind="major_strength", text="Sound", position=1)
    Bid.objects.create(proposal=proposal, user=assignment.user, wish="eager", at=NOW)
    return assignment


def answered(proposal, *, released):
    """A decision with all that follows it."""
    staff, board = make_staff(), make_staff(role=StaffRole.BOARD)
    into = make_proposal(call=proposal.call)
    release = Release.objects.create(
        phase=proposal.phase, title="R", prepared_by=staff, prepared_at=NOW, approved_by=board, approved_at=NOW, release_at=NOW
    )
    decision = Decision.objects.create(
        proposal=proposal, phase=proposal.phase, outcome=Outcome.MERGED, merged_into=into, drafted_by=staff, drafted_at=NOW,
        release=release,
    )  # fmt: skip
    Condition.objects.create(decision=decision, text="Lighter")
    Letter.objects.create(decision=decision, language="en", subject="S", body="B", sha256="0" * 64, written_at=NOW)
    Merge.objects.create(decision=decision, parent=proposal, into=into, at=NOW)
    if released:
        Release.objects.filter(pk=release.pk).update(released_at=NOW)
        Decision.objects.filter(pk=decision.pk).update(released_by=board, released_at=NOW)
    agreement = Agreement.objects.create(proposal=proposal, opened_by=staff, opened_at=NOW)
    AgreementItem.objects.create(agreement=agreement, text="Sign")
    project = AnnouncedProject.objects.create(call=proposal.call, title="P", organisations="O")
    Announcement.objects.create(proposal=proposal, project=project, by=staff, at=NOW)
    return decision


@pytest.fixture
def theirs():
    """A proposal under review with one row at least in every table that belongs to it."""
    proposal = make_proposal(status=Status.UNDER_REVIEW)
    by, staff = proposal.created_by, make_staff()
    make_criteria(proposal.phase, "10")
    make_module(proposal, "1.000")
    MissionSheet.objects.create(proposal=proposal)
    organisation = make_organisation()
    proposal.participations.create(organisation=organisation)
    proposal.sections.create(key="summary", saved_at=NOW, saved_by=by)
    Version.objects.create(
        proposal=proposal, phase=proposal.phase, number=1, canonical="{}", sha256="0" * 64, frozen_at=NOW, frozen_by=by
    )
    letter = Attachment.objects.create(
        proposal=proposal, name="a.pdf", size=1, content_type="application/pdf", sha256="0" * 64, uploaded_by=by, uploaded_at=NOW
    )
    Endorsement.objects.create(proposal=proposal, agency="Agency", letter=letter)
    Answer.objects.create(proposal=proposal, question=proposal.phase.questions.create(label="Why?"), value="So")
    Clarification.objects.create(proposal=proposal, asked_in="submitted", question="?", asked_by=staff, asked_at=NOW, due_at=NOW)
    Note.objects.create(proposal=proposal, text="Between us", by=staff, at=NOW)
    Signature.objects.create(
        proposal=proposal, phase=proposal.phase, kind=Signing.PART, organisation=organisation, sha256="0" * 64, by=by, at=NOW
    )
    Delegation.objects.create(proposal=proposal, to=make_user(), by=by, at=NOW)
    other = judged(proposal).user
    Post.objects.create(proposal=proposal, phase=proposal.phase, by=other, at=NOW, text="I doubt it")
    Consensus.objects.create(proposal=proposal, phase=proposal.phase, by=other, at=NOW)
    Conflict.objects.create(proposal=proposal, user=make_staff(role=StaffRole.CHAIR), kind="family", by=staff, at=NOW)
    Pairing.objects.create(phase=proposal.phase, kind=ReviewKind.SCIENCE, made_by=staff, made_at=NOW)
    panel = Panel.objects.create(phase=proposal.phase, title="Panel", made_by=staff, made_at=NOW)
    PanelItem.objects.create(panel=panel, proposal=proposal, position=1)
    return proposal


def test_every_table_of_review_and_decisions_has_row_security():
    """A new model without a policy fails here; a plan says nothing of any proposal."""
    tables = {
        model._meta.db_table
        for model in apps.get_app_config("proposals").get_models()
        if model.__module__.startswith(("proposals.review.", "proposals.decisions."))
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity")
        guarded = {row[0] for row in cursor.fetchall()}
    assert tables - guarded == {"proposals_reviewplan"}
    assert {f"proposals_{name.lower()}" for name in EVERY} <= guarded


def test_staff_who_read_all_see_all_of_it(theirs):
    answered(theirs, released=False)
    assert set(counts(EVERY, make_staff(), "lp_staff")) == set(EVERY)


def test_a_reviewer_without_an_assignment_sees_only_their_own_profile(theirs):
    answered(theirs, released=True)
    reviewer = make_expert(topics={"rover": "0.5", "laser": "0.5"}).user
    assert counts([*EVERY, "Access"], reviewer, "lp_reviewer") == {"Expert": 1, "Expertise": 2}


def test_a_question_alone_opens_nothing(theirs):
    assignment = make_assignment(theirs, answer="asked")
    assert counts(EVERY, assignment.user, "lp_reviewer") == {"Expert": 1}


def test_a_reviewer_sees_the_proposal_and_their_own_work_neither_talk_nor_others_work(theirs):
    answered(theirs, released=True)
    reviewer = judged(theirs).user
    found = counts([*EVERY, "Access"], reviewer, "lp_reviewer")
    assert set(found) == {*READ, *REVIEW, "Access"}
    assert {name: found[name] for name in (*REVIEW, "Access", "Proposal")} == dict.fromkeys([*REVIEW, "Access", "Proposal"], 1)


def test_a_bar_hides_all_of_it_from_a_reviewer(theirs):
    reviewer = judged(theirs).user
    Access.objects.create(proposal=theirs, user=reviewer, grant=False, why="conflict:family")
    assert counts(EVERY, reviewer, "lp_reviewer") == {"Expert": 1, "Expertise": 1, "Bid": 1}


def test_a_team_sees_nothing_of_the_review_and_no_answer_before_its_release(theirs):
    answered(theirs, released=False)
    found = counts(EVERY, theirs.created_by, "lp_partner")
    assert set(found) == {*READ, *TEAMS, "Clarification", "Merge", "Agreement", "AgreementItem", "Announcement"}


def test_a_team_reads_its_answer_after_the_release(theirs):
    answered(theirs, released=True)
    found = counts([*REVIEW, *STAFFS, *ANSWER], theirs.created_by, "lp_partner")
    assert found == dict.fromkeys(ANSWER, 1)


def test_a_rival_sees_nothing(theirs):
    answered(theirs, released=True)
    assert counts([*EVERY, "Access"], make_user(), "lp_partner") == {}


def test_a_team_does_not_learn_who_judges_it_or_is_barred(theirs):
    Access.objects.create(proposal=theirs, user=make_staff(), grant=False, why="conflict:family")
    with eyes_of(theirs.created_by):
        assert list(Access.objects.values_list("user", "why")) == [(theirs.created_by.pk, "author")]


def test_a_reviewer_changes_nothing_but_their_own_work(theirs):
    mine, other = judged(theirs), Assignment.objects.first()
    with eyes_of(mine.user, "lp_reviewer"):
        assert Proposal.objects.filter(pk=theirs.pk).update(title="Mine") == 0
        assert Assessment.objects.exclude(assignment=mine).update(to_panel="x") == 0
        assert Score.objects.exclude(assessment__assignment=mine).delete()[0] == 0
        assert Access.objects.all().delete()[0] == 0
        assert Assessment.objects.update(to_panel="Mine") == 1
    reviewer = mine.user
    for add in (
        lambda: Access.objects.create(proposal=make_proposal(), user=reviewer, why="assignment:0"),
        lambda: Conflict.objects.create(proposal=theirs, user=other.user, kind="family", by=reviewer, at=NOW),
        lambda: Assessment.objects.create(assignment=other, saved_at=NOW),
        lambda: Version.objects.create(
            proposal=theirs, phase=theirs.phase, number=2, canonical="{}", sha256="1" * 64, frozen_at=NOW
        ),
        lambda: Panel.objects.create(phase=theirs.phase, title="Mine", made_by=reviewer, made_at=NOW),
    ):
        with eyes_of(reviewer, "lp_reviewer"), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            add()
    assert FrozenAssessment.objects.count() == 2


@pytest.mark.parametrize(
    ("role", "expected"),
    [(role, "lp_reviewer" if role in {"reviewer", "assessor"} else "lp_staff") for role in StaffRole if role]
    + [(StaffRole.NONE, "lp_partner")],
)
def test_each_role_takes_on_its_own_role_in_the_database(client, role, expected):
    from django.core.signals import request_finished

    from tests.conftest import _take_back_role

    seen = []

    def look(**_):
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('role')")
            seen.append(cursor.fetchone()[0])

    user = make_user(staff_role=role)
    client.force_login(user)
    request_finished.disconnect(_take_back_role)
    request_finished.connect(look)
    try:
        client.get("/inbox/")
    finally:
        request_finished.disconnect(look)
        _take_back_role()
        request_finished.connect(_take_back_role)
    assert seen == [expected]
