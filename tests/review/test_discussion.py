"""The discussion of a proposal: who follows, who speaks, under which name; and what its reviewers say together."""

import uuid

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from proposals.audit.models import Event
from proposals.intake.calculations.reference import draw
from proposals.intake.models import Access
from proposals.intake.states import Status
from proposals.partners.states import StaffRole
from proposals.review.actions.discussion import ConcludedMeanwhile, conclude, say
from proposals.review.models import Consensus, Post
from proposals.review.queries.discussion import consensus_of, thread
from proposals.review.states import ReviewKind
from tests.factories import (
    NOW,
    make_assessment,
    make_assignment,
    make_criteria,
    make_expert,
    make_plan,
    make_proposal,
    make_staff,
    make_user,
)
from tests.intake.conftest import eyes_of

pytestmark = pytest.mark.django_db
SILENT = [StaffRole.OBSERVER]
SPEAKING = [StaffRole.SECRETARIAT, StaffRole.CHAIR, StaffRole.BOARD]


@pytest.fixture
def proposal():
    found = make_proposal(status=Status.UNDER_REVIEW)
    make_criteria(found.phase)
    return found


def seat(proposal, *, kind=ReviewKind.SCIENCE, is_in=True, **fields):
    """A person who judges the proposal, their review submitted unless told otherwise."""
    assignment = make_assignment(proposal, kind=kind, **fields)
    if is_in:
        make_assessment(assignment, "8", "8")
    return assignment.user


def speak(proposal, by, text="I wonder.", **fields):
    fields.setdefault("request_key", uuid.uuid4())
    say(proposal, text=text, by=by, now=NOW, **fields)


def heard(proposal, reader):
    return [(said.who, said.post.text) for said in thread(proposal, reader=reader)]


def agree(proposal, by, *, to_panel="Fund it.", feedback="A sound design.", revision=0):
    return conclude(proposal, to_panel=to_panel, feedback=feedback, revision=revision, by=by, now=NOW)


def test_reviewers_are_letters_to_each_other_and_names_to_staff(proposal):
    one, two, staff = seat(proposal), seat(proposal), make_staff(full_name="Sec Retary")
    with eyes_of(one, "lp_reviewer"):
        speak(proposal, one, "First")
    speak(proposal, staff, "Noted")
    with eyes_of(two, "lp_reviewer"):
        assert heard(proposal, two) == [("Reviewer A", "First"), ("Sec Retary (secretariat)", "Noted")]
    assert heard(proposal, one)[0] == (f"{one} (Reviewer A)", "First")
    assert heard(proposal, staff) == [(f"{one} (Reviewer A)", "First"), ("Sec Retary (secretariat)", "Noted")]


def test_a_second_click_says_it_once(proposal):
    one, key = seat(proposal), uuid.uuid4()
    for _ in range(2):
        speak(proposal, one, request_key=key)
    speak(proposal, seat(proposal), request_key=key)
    assert (Post.objects.count(), Event.objects.filter(verb="discussion.said").count()) == (2, 2)


def test_an_answer_names_whose_contribution_it_answers(proposal):
    one, two = seat(proposal), seat(proposal)
    speak(proposal, one)
    first = Post.objects.get()
    speak(proposal, two, "Because", answers=first.pk)
    assert [(said.who, said.answered) for said in thread(proposal, reader=two)] == [
        ("Reviewer A", ""),
        (f"{two} (Reviewer B)", "Reviewer A"),
    ]
    with pytest.raises(ValidationError):
        speak(proposal, two, answers=first.pk + 999)


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 8001])
def test_what_is_empty_or_too_long_is_not_said(proposal, text):
    with pytest.raises(ValidationError):
        speak(proposal, seat(proposal), text)
    assert not Post.objects.exists()


def test_a_reviewer_whose_review_is_not_in_neither_reads_nor_speaks(proposal):
    speak(proposal, seat(proposal))
    waiting = seat(proposal, is_in=False)
    assert heard(proposal, waiting) == []
    with pytest.raises(PermissionDenied):
        speak(proposal, waiting)
    make_plan(proposal.phase, is_blind=False)
    assert len(heard(proposal, waiting)) == 1


def test_strangers_proposers_and_the_barred_neither_read_nor_speak(proposal):
    speak(proposal, seat(proposal))
    barred = make_staff()
    Access.objects.create(proposal=proposal, user=barred, grant=False, why="conflict:family")
    for person in (make_user(), make_expert().user, proposal.created_by, barred):
        assert heard(proposal, person) == []
        with pytest.raises(PermissionDenied):
            speak(proposal, person)


@pytest.mark.parametrize("role", SPEAKING)
def test_staff_speak(proposal, role):
    speak(proposal, make_staff(role=role))
    assert Post.objects.count() == 1


def test_an_observer_reads_and_is_silent(proposal):
    speak(proposal, seat(proposal))
    observer = make_staff(role=StaffRole.OBSERVER)
    assert len(heard(proposal, observer)) == 1
    with pytest.raises(PermissionDenied):
        speak(proposal, observer)


def test_the_two_kinds_of_reviewers_hear_each_other_from_the_panel_on(proposal):
    science, technical = seat(proposal), seat(proposal, kind=ReviewKind.TECHNICAL)
    speak(proposal, science, "Deep")
    speak(proposal, technical, "Heavy")
    assert ([text for _who, text in heard(proposal, science)], [text for _who, text in heard(proposal, technical)]) == (
        ["Deep"],
        ["Heavy"],
    )
    with pytest.raises(ValidationError):
        speak(proposal, technical, answers=Post.objects.get(text="Deep").pk)
    proposal.move(Status.PANEL, by=make_staff(), now=NOW)
    assert heard(proposal, technical) == [("Reviewer A", "Deep"), (f"{technical} (Assessor A)", "Heavy")]


def test_a_discussion_ends_with_the_decision(proposal):
    one = seat(proposal)
    proposal.move(Status.DECIDED, by=make_staff(), now=NOW)
    for by in (one, make_staff()):
        with pytest.raises(PermissionDenied):
            speak(proposal, by)
    assert heard(proposal, one) == []


def test_only_the_lead_concludes_and_after_their_own_review(proposal):
    lead, other = seat(proposal, is_lead=True), seat(proposal)
    with eyes_of(lead, "lp_reviewer"):
        made = agree(proposal, lead)
    assert (made.to_panel, made.feedback, made.by, made.revision) == ("Fund it.", "A sound design.", lead, 1)
    for by in (other, make_staff(), proposal.created_by):
        with pytest.raises(PermissionDenied):
            agree(proposal, by, to_panel="Mine.")
    unfinished = make_proposal(call=proposal.call, status=Status.UNDER_REVIEW)
    eager = seat(unfinished, is_in=False, is_lead=True)
    make_plan(proposal.phase, is_blind=False)
    with pytest.raises(PermissionDenied):
        agree(unfinished, eager)


def test_a_stale_consensus_overwrites_nothing(proposal):
    lead = seat(proposal, is_lead=True)
    agree(proposal, lead)
    agree(proposal, lead, to_panel="Second.", revision=1)
    with pytest.raises(ConcludedMeanwhile):
        agree(proposal, lead, to_panel="Stale.", revision=1)
    assert agree(proposal, lead, to_panel="Second.", revision=1).revision == 2
    assert Consensus.objects.get().to_panel == "Second."


def test_feedback_names_no_other_proposal(proposal):
    lead = seat(proposal, is_lead=True)
    with pytest.raises(ValidationError) as refusal:
        agree(proposal, lead, feedback=f"Weaker than {draw(proposal.call.code)}.")
    assert list(refusal.value.message_dict) == ["feedback"]
    with pytest.raises(ValidationError):
        agree(proposal, lead, to_panel="x" * 8001)
    assert not Consensus.objects.exists()


def test_consensus_is_read_as_the_discussion_is(proposal):
    lead, science = seat(proposal, is_lead=True), seat(proposal)
    technical, waiting = seat(proposal, kind=ReviewKind.TECHNICAL), seat(proposal, is_in=False)
    made = agree(proposal, lead)
    readers = (lead, science, make_staff(), technical, waiting, proposal.created_by)
    assert [consensus_of(proposal, reader=reader) for reader in readers] == [made, made, made, None, None, None]
    proposal.move(Status.PANEL, by=make_staff(), now=NOW)
    assert consensus_of(proposal, reader=technical) == made


def test_row_security_shows_a_proposer_neither(proposal):
    lead = seat(proposal, is_lead=True)
    speak(proposal, lead)
    agree(proposal, lead)
    with eyes_of(proposal.created_by):
        assert (Post.objects.count(), Consensus.objects.count()) == (0, 0)
    with eyes_of(make_expert().user, "lp_reviewer"):
        assert (Post.objects.count(), Consensus.objects.count()) == (0, 0)


def test_a_discussion_costs_the_same_for_any_number_of_contributions(proposal, django_assert_num_queries):
    one, staff = seat(proposal), make_staff()
    speak(proposal, one)
    for _ in range(2):
        with django_assert_num_queries(6):
            thread(proposal, reader=staff)
        for _more in range(2):
            speak(proposal, one)
