"""Conditions of a selection: confirmed one by one, and with the last one the project is selected."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from proposals.audit.models import Event
from proposals.decisions.actions.conditions import confirm
from proposals.decisions.models import Condition, Decision, Release
from proposals.decisions.queries.agreements import conditions_for, conditions_of
from proposals.decisions.states import Outcome
from proposals.intake.models import Access, MoveNotAllowed, Proposal
from proposals.intake.states import Status
from proposals.outbox.models import Message
from proposals.partners.models import User
from proposals.partners.states import StaffRole
from tests.factories import NOW, make_proposal, make_staff

pytestmark = pytest.mark.django_db


def conditional(*texts: str, released: bool = True, status: Status = Status.CONDITIONAL) -> Proposal:
    """A conditionally selected project with these conditions."""
    proposal = make_proposal(status=status)
    drafter, second = make_staff(), make_staff(role=StaffRole.BOARD)
    release = Release.objects.create(
        phase=proposal.phase,
        title="R",
        release_at=NOW,
        prepared_by=drafter,
        prepared_at=NOW,
        approved_by=second,
        approved_at=NOW,
    )
    decision = Decision.objects.create(
        proposal=proposal,
        phase=proposal.phase,
        outcome=Outcome.CONDITIONAL,
        drafted_by=drafter,
        drafted_at=NOW,
        release=release,
        released_by=second if released else None,
        released_at=NOW if released else None,
    )
    for number, text in enumerate(texts):
        Condition.objects.create(decision=decision, position=number, text=text)
    return proposal


@pytest.fixture
def desk() -> User:
    return make_staff()


def test_the_last_condition_selects_and_tells(desk: User) -> None:
    proposal = conditional("Reduce the mass", "Confirm the funding")
    first, last = conditions_of(proposal)
    assert confirm(first, note=" New budget of 2027-02-20 ", by=desk, now=NOW) is False
    assert Proposal.objects.get().status == Status.CONDITIONAL
    assert Message.objects.count() == 0
    assert confirm(last, note="Letter of the ministry", by=desk, now=NOW + timedelta(days=1)) is True
    assert Proposal.objects.get().status == Status.SELECTED
    assert [(c.note, c.met_by) for c in conditions_of(proposal)] == [
        ("New budget of 2027-02-20", desk),
        ("Letter of the ministry", desk),
    ]
    mail = Message.objects.get()
    assert (mail.template, mail.recipient) == ("conditions_met", proposal.created_by)
    assert "selected" not in mail.text.lower()
    assert "ministry" not in mail.text
    verbs = list(Event.objects.order_by("id").values_list("verb", flat=True))
    assert verbs == ["condition.met", "condition.met", "proposal.selected"]


def test_a_condition_is_met_once_and_with_a_note(desk: User) -> None:
    first, _second = conditions_of(conditional("Reduce the mass", "Confirm the funding"))
    with pytest.raises(ValidationError, match="few words"):
        confirm(first, note="  ", by=desk, now=NOW)
    confirm(first, note="Done", by=desk, now=NOW)
    with pytest.raises(ValidationError, match="before you"):
        confirm(first, note="Again", by=make_staff(), now=NOW)
    assert Condition.objects.get(pk=first.pk).note == "Done"


@pytest.mark.parametrize("role", [StaffRole.OBSERVER, StaffRole.CHAIR, StaffRole.BOARD])
def test_only_the_secretariat_confirms(role: StaffRole) -> None:
    (only,) = conditions_of(conditional("Reduce the mass"))
    with pytest.raises(PermissionDenied):
        confirm(only, note="Done", by=make_staff(role=role), now=NOW)


@pytest.mark.parametrize(("released", "status"), [(False, Status.DECIDED), (True, Status.NOT_SELECTED)])
def test_nothing_is_confirmed_before_the_release_or_after_the_end(released: bool, status: Status, desk: User) -> None:  # noqa: FBT001
    conditional("Reduce the mass", released=released, status=status)
    with pytest.raises(MoveNotAllowed):
        confirm(Condition.objects.get(), note="Done", by=desk, now=NOW)
    assert Condition.objects.get().met_at is None


def test_conditions_are_listed_once_released_and_to_nobody_barred(desk: User) -> None:
    held = conditional("Secret", released=False, status=Status.DECIDED)
    assert (list(conditions_for(desk)), conditions_of(held)) == ([], [])
    proposal = conditional("Reduce the mass")
    assert [one.text for one in conditions_for(desk)] == ["Reduce the mass"]
    Access.objects.create(proposal=proposal, user=desk, grant=False, why="conflict:family")
    assert list(conditions_for(desk)) == []


def test_the_last_condition_waits_for_a_decision_that_waits(desk: User) -> None:
    proposal = conditional("Reduce the mass")
    (only,) = conditions_of(proposal)
    waiting = Decision.objects.create(
        proposal=proposal, phase=proposal.phase, outcome=Outcome.NOT_SELECTED, drafted_by=desk, drafted_at=NOW
    )
    with pytest.raises(ValidationError, match="Another decision"):
        confirm(only, note="Shown.", by=desk, now=NOW)
    waiting.delete()
    assert confirm(only, note="Shown.", by=desk, now=NOW) is True
