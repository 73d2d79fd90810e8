"""Moves after submission: asked and answered, returned, withdrawn; each told once, and only what the rules allow."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from proposals.intake import actions
from proposals.intake.models import Clarification, MoveNotAllowed, Proposal
from proposals.intake.states import CLOSED, MOVES, SHOWN_AS, Status
from proposals.outbox.models import Message
from proposals.partners.states import StaffRole
from tests.factories import NOW, make_proposal, make_staff, make_user
from tests.intake.conftest import eyes_of

pytestmark = pytest.mark.django_db
DUE = NOW + timedelta(days=5)


def ask(proposal, by=None, **more):
    return actions.ask(proposal, question="Which band?", due_at=DUE, by=by or make_staff(), now=NOW, **more)


@pytest.mark.parametrize(
    ("asked_in", "back_in"),
    [
        (Status.SUBMITTED, Status.ELIGIBILITY),
        (Status.ELIGIBILITY, Status.ELIGIBILITY),
        (Status.UNDER_REVIEW, Status.UNDER_REVIEW),
    ],
)
def test_clarification_goes_out_and_comes_back(asked_in, back_in):
    proposal = make_proposal(status=asked_in)
    question = ask(proposal)
    assert proposal.status == Status.CLARIFICATION
    answered = actions.answer(proposal, text=" S band \n", by=proposal.created_by, now=NOW)
    assert (proposal.status, answered.pk) == (back_in, question.pk)
    assert (answered.answer, answered.answered_by, answered.answered_at) == ("S band", proposal.created_by, NOW)
    templates = list(Message.objects.order_by("id").values_list("template", flat=True))
    assert templates == ["clarification", "under_review" if back_in == Status.UNDER_REVIEW else "back_with_us"]
    assert not any("band" in message.text for message in Message.objects.all())


def test_question_needs_words_a_future_and_the_secretariat():
    proposal = make_proposal(status=Status.SUBMITTED)
    for more in ({"question": "  ", "due_at": DUE}, {"question": "Which?", "due_at": NOW}):
        with pytest.raises(ValidationError):
            actions.ask(proposal, by=make_staff(), now=NOW, **more)
    for stranger in (proposal.created_by, make_user(), make_staff(role=StaffRole.OBSERVER)):
        with pytest.raises(PermissionDenied):
            ask(proposal, by=stranger)
    assert proposal.status == Status.SUBMITTED


def test_answer_is_given_once_by_the_team_with_words():
    proposal = make_proposal(status=Status.SUBMITTED)
    ask(proposal)
    with pytest.raises(ValidationError):
        actions.answer(proposal, text="\n ", by=proposal.created_by, now=NOW)
    with pytest.raises(ValidationError):
        actions.answer(proposal, text="x" * 8001, by=proposal.created_by, now=NOW)
    for stranger in (make_user(), make_staff()):
        with pytest.raises(PermissionDenied):
            actions.answer(proposal, text="S", by=stranger, now=NOW)
    stale = Proposal.objects.get(pk=proposal.pk)
    actions.answer(proposal, text="S", by=proposal.created_by, now=NOW)
    with pytest.raises(MoveNotAllowed):
        actions.answer(stale, text="X", by=proposal.created_by, now=NOW)
    assert Clarification.objects.get().answer == "S"


def test_answer_works_with_the_partners_own_eyes():
    proposal = make_proposal(status=Status.SUBMITTED)
    ask(proposal)
    with eyes_of(proposal.created_by):
        actions.answer(Proposal.objects.get(pk=proposal.pk), text="S", by=proposal.created_by, now=NOW)
    proposal.refresh_from_db()
    assert proposal.status == Status.ELIGIBILITY


def test_only_one_question_is_open_at_a_time():
    proposal = make_proposal(status=Status.SUBMITTED)
    ask(proposal)
    with pytest.raises(MoveNotAllowed):
        ask(proposal)
    with pytest.raises(IntegrityError), transaction.atomic():
        Clarification.objects.create(
            proposal=proposal, asked_in="submitted", question="?", asked_by=make_staff(), asked_at=NOW, due_at=DUE
        )


def test_withdrawal_ends_with_the_agreement():
    agreed = {Status.AGREED, Status.ANNOUNCED, Status.DESCOPED, Status.DEFERRED}
    assert {status for status in Status if Status.WITHDRAWN not in MOVES[status]} == CLOSED | agreed
    proposal = make_proposal(status=Status.AGREED)
    with pytest.raises(PermissionDenied):
        actions.withdraw(proposal, reason="No funds.", by=proposal.created_by, now=NOW)


@pytest.mark.parametrize("status", [status for status in Status if Status.WITHDRAWN in MOVES[status]])
def test_withdraw_ends_it_for_good_and_tells(status):
    proposal = make_proposal(status=status)
    if status == Status.CLARIFICATION:
        Clarification.objects.create(
            proposal=proposal, asked_in="submitted", question="?", asked_by=make_staff(), asked_at=NOW, due_at=DUE
        )
    with pytest.raises(ValidationError):
        actions.withdraw(proposal, reason=" \n", by=proposal.created_by, now=NOW)
    actions.withdraw(proposal, reason=" No funds. ", by=proposal.created_by, now=NOW)
    assert proposal.status == Status.WITHDRAWN
    assert (proposal.moves.last().note, Message.objects.get().template) == ("No funds.", "withdrawn")
    assert "No funds" not in Message.objects.get().text
    assert not proposal.clarifications.filter(answered_at=None).exists()
    with pytest.raises(PermissionDenied):
        actions.withdraw(proposal, reason="Again.", by=proposal.created_by, now=NOW)


def test_withdraw_and_discard_are_the_teams_alone():
    proposal, draft = make_proposal(status=Status.SUBMITTED), make_proposal()
    for stranger in (make_user(), make_staff()):
        with pytest.raises(PermissionDenied):
            actions.withdraw(proposal, reason="Mine now.", by=stranger, now=NOW)
        with pytest.raises(PermissionDenied):
            actions.discard(draft, by=stranger, now=NOW)
    with pytest.raises(PermissionDenied):
        actions.discard(proposal, by=proposal.created_by, now=NOW)
    actions.discard(draft, by=draft.created_by, now=NOW)
    assert draft.status == Status.WITHDRAWN


def test_return_and_refusal_need_their_reason():
    proposal = make_proposal(status=Status.SUBMITTED)
    staff = make_staff()
    with pytest.raises(ValidationError):
        actions.return_for_correction(proposal, reason=" ", correct_by=DUE, by=staff, now=NOW)
    with pytest.raises(ValidationError):
        actions.return_for_correction(proposal, reason="Because.", correct_by=NOW, by=staff, now=NOW)
    with pytest.raises(ValidationError):
        actions.declare_ineligible(proposal, reason="", by=staff, now=NOW)
    assert (proposal.status, Message.objects.count()) == (Status.SUBMITTED, 0)


def test_partner_makes_no_move_of_triage():
    proposal = make_proposal(status=Status.SUBMITTED)
    me = proposal.created_by
    for act in (
        lambda: actions.receive(proposal, by=me, now=NOW),
        lambda: actions.accept_for_review(proposal, by=me, now=NOW),
        lambda: actions.declare_ineligible(proposal, reason="x", by=me, now=NOW),
        lambda: actions.return_for_correction(proposal, reason="x", correct_by=DUE, by=me, now=NOW),
        lambda: actions.assign(proposal, to=me, by=me, now=NOW),
        lambda: actions.tag(proposal, tags=["x"], by=me, now=NOW),
        lambda: actions.add_note(proposal, text="x", by=me, now=NOW),
    ):
        with pytest.raises(PermissionDenied):
            act()


def test_move_that_shows_nothing_new_sends_nothing():
    proposal = make_proposal(status=Status.SUBMITTED)
    actions.receive(proposal, by=make_staff(), now=NOW)
    assert (proposal.status, Message.objects.count()) == (Status.ELIGIBILITY, 0)


def test_stale_page_of_staff_meets_move_not_allowed():
    proposal = make_proposal(status=Status.SUBMITTED)
    stale = Proposal.objects.get(pk=proposal.pk)
    actions.accept_for_review(proposal, by=make_staff(), now=NOW)
    with pytest.raises(MoveNotAllowed):
        actions.declare_ineligible(stale, reason="No.", by=make_staff(), now=NOW)


def test_every_status_has_its_moves_and_word():
    assert set(MOVES) == set(SHOWN_AS) == set(Status)
