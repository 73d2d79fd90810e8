"""The second lock: with Python's filters forgotten, PostgreSQL shows a partner nothing of another's."""

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from proposals.intake import actions
from proposals.intake.models import Access, Answer, Attachment, Clarification, Endorsement, MissionSheet, Note, Proposal
from proposals.intake.states import Status
from tests.factories import NOW, make_organisation, make_proposal, make_staff, make_user
from tests.intake.conftest import eyes_of

pytestmark = pytest.mark.django_db
TABLES = [
    "Proposal", "Module", "MassElement", "MissionSheet", "Participation", "TeamMember", "Access", "Version", "Move",
    "Attachment", "Endorsement", "Answer", "Section", "Clarification",
]  # fmt: skip


@pytest.fixture
def filled(draft):
    """One row at least in every table that belongs to a proposal."""
    actions.submit(draft, by=draft.created_by, now=NOW)
    letter = Attachment.objects.create(
        proposal=draft, name="a.pdf", size=1, content_type="application/pdf", sha256="0" * 64, uploaded_by=draft.created_by,
        uploaded_at=NOW,
    )  # fmt: skip
    Endorsement.objects.create(proposal=draft, agency="Agency", letter=letter)
    MissionSheet.objects.create(proposal=draft)
    draft.participations.create(organisation=make_organisation())
    question = draft.phase.questions.create(label="Why?")
    Answer.objects.create(proposal=draft, question=question, value="Because")
    draft.sections.create(key="summary", saved_at=NOW, saved_by=draft.created_by)
    Clarification.objects.create(
        proposal=draft, asked_in="submitted", question="?", asked_by=make_staff(), asked_at=NOW, due_at=NOW
    )
    Note.objects.create(proposal=draft, text="Between us", by=make_staff(), at=NOW)
    return draft


def counts(*names):
    return {name: apps.get_model("proposals", name).objects.count() for name in names}


def test_row_security_shows_a_rival_nothing(filled):
    rival = make_user()
    make_proposal(by=rival, status=Status.SUBMITTED)
    with eyes_of(rival):
        found = counts(*TABLES, "Note")
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM proposals_proposal_aims")
            aims = cursor.fetchone()[0]
    own = {"Proposal": 1, "TeamMember": 1, "Access": 1, "Move": 1}
    assert found == dict.fromkeys([*TABLES, "Note"], 0) | own
    assert aims == 0


def test_row_security_shows_a_stranger_nothing(filled):
    with eyes_of(make_user()):
        assert counts(*TABLES, "Note") == dict.fromkeys([*TABLES, "Note"], 0)


def test_row_security_shows_the_team_its_own_and_never_the_notes(filled):
    with eyes_of(filled.created_by):
        found = counts(*TABLES)
        assert counts("Note") == {"Note": 0}
    assert {name for name, count in found.items() if not count} == set()


def test_a_bar_hides_a_proposal_even_from_its_author(filled):
    Access.objects.create(proposal=filled, user=filled.created_by, grant=False, why="conflict")
    with eyes_of(filled.created_by):
        assert counts("Proposal", "Version", "Attachment") == {"Proposal": 0, "Version": 0, "Attachment": 0}
    assert list(Proposal.objects.visible_to(filled.created_by)) == []


def test_rival_changes_and_adds_nothing(filled):
    rival = make_user()
    with eyes_of(rival):
        assert Proposal.objects.filter(pk=filled.pk).update(title="Mine") == 0
        assert Attachment.objects.filter(proposal=filled).delete()[0] == 0
    for add in (
        lambda: filled.team.create(full_name="Rival", role="co_i"),
        lambda: Attachment.objects.create(
            proposal=filled, name="x", size=1, content_type="x", sha256="0" * 64, uploaded_by=rival, uploaded_at=NOW
        ),
    ):
        with eyes_of(rival), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            add()
    filled.refresh_from_db()
    assert filled.title != "Mine"


def test_staff_see_all_of_it(filled):
    with eyes_of(make_staff(), "lp_staff"):
        assert min(counts(*TABLES, "Note").values()) > 0


@pytest.mark.parametrize("inactive", [True, False])
def test_visible_to_is_for_active_people(filled, inactive):
    author = filled.created_by
    author.is_active = not inactive
    assert Proposal.objects.visible_to(author).exists() is not inactive


def test_staff_see_no_drafts_but_those_they_file():
    staff, draft, filed = make_staff(), make_proposal(), make_proposal(filed_by_staff=True)
    assert list(Proposal.objects.visible_to(staff)) == [filed]
    assert draft not in Proposal.objects.visible_to(staff)
