"""What may become of a project after its selection: each with a reason that its team reads, and a mark in public."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from proposals.audit.models import Event
from proposals.calls.models import AnnouncedProject
from proposals.decisions.actions import after
from proposals.decisions.actions.announcing import announce
from proposals.decisions.queries.announcing import entry_of
from proposals.intake.models import MoveNotAllowed, Proposal
from proposals.intake.queries.timeline import timeline
from proposals.intake.states import Status
from proposals.outbox.models import Message
from proposals.partners.models import User
from proposals.partners.states import StaffRole
from tests.factories import NOW, make_proposal, make_staff

pytestmark = pytest.mark.django_db
Verb = Callable[..., None]
VERBS: list[tuple[Verb, Status, dict[str, str]]] = [
    (after.descope, Status.DESCOPED, {}),
    (after.defer, Status.DEFERRED, {}),
    (after.transfer, Status.TRANSFERRED, {"mission": "Synthetic Mission 9"}),
    (after.cancel, Status.CANCELLED, {}),
]


@pytest.fixture
def desk() -> User:
    return make_staff()


@pytest.mark.parametrize(("verb", "to", "more"), VERBS)
@pytest.mark.parametrize("was", [Status.AGREED, Status.ANNOUNCED])
def test_each_change_moves_tells_and_gives_its_reason(
    verb: Verb, to: Status, more: dict[str, str], was: Status, desk: User
) -> None:
    proposal = make_proposal(status=was)
    verb(proposal, reason=" The lander carries less ", by=desk, now=NOW, **more)
    assert Proposal.objects.get().status == to
    last = timeline(proposal)[-1]
    note = "Synthetic Mission 9: The lander carries less" if more else "The lander carries less"
    assert (last.note, last.by) == (note, "the secretariat")
    mail = Message.objects.get()
    assert (mail.template, mail.recipient) == ("changed_after", proposal.created_by)
    assert "carries less" not in mail.text + mail.subject
    assert list(Event.objects.values_list("verb", flat=True)) == [f"proposal.{to}"]


@pytest.mark.parametrize(("verb", "to", "more"), VERBS)
def test_each_needs_a_reason_the_secretariat_and_its_state(verb: Verb, to: Status, more: dict[str, str], desk: User) -> None:
    proposal = make_proposal(status=Status.ANNOUNCED)
    with pytest.raises(ValidationError, match="Say why"):
        verb(proposal, reason="  ", by=desk, now=NOW, **more)
    for role in (StaffRole.OBSERVER, StaffRole.CHAIR, StaffRole.BOARD):
        with pytest.raises(PermissionDenied):
            verb(proposal, reason="Why", by=make_staff(role=role), now=NOW, **more)
    for status in (Status.UNDER_REVIEW, Status.RESERVE, to):
        with pytest.raises(MoveNotAllowed):
            verb(make_proposal(status=status), reason="Why", by=desk, now=NOW, **more)
    assert Message.objects.count() == 0


def test_a_transfer_names_the_mission(desk: User) -> None:
    with pytest.raises(ValidationError, match="Name the mission"):
        after.transfer(make_proposal(status=Status.AGREED), mission=" ", reason="Why", by=desk, now=NOW)


@pytest.mark.parametrize("status", [Status.SELECTED, Status.AGREEMENT])
def test_a_project_can_be_cancelled_before_it_is_agreed(status: Status, desk: User) -> None:
    proposal = make_proposal(status=status)
    after.cancel(proposal, reason="No funding", by=desk, now=NOW)
    assert Proposal.objects.get().status == Status.CANCELLED


@pytest.mark.parametrize(("verb", "to", "more"), VERBS)
def test_the_public_entry_stays_with_a_mark_and_without_the_reason(
    verb: Verb, to: Status, more: dict[str, str], client: Client, desk: User
) -> None:
    proposal = make_proposal(status=Status.AGREED, title="Public rover")
    announce([entry_of(proposal)], by=desk, now=NOW)
    verb(proposal, reason="A reason in confidence", by=desk, now=NOW, **more)
    line = AnnouncedProject.objects.get()
    assert (line.title, line.change, line.changed_on) == ("Public rover", to.value, date(2027, 3, 1))
    page = client.get(reverse("portal:call", args=[proposal.call.slug])).content.decode()
    assert line.get_change_display() in page
    assert "in confidence" not in page
    assert "Synthetic Mission 9" not in page


def test_what_was_never_announced_stays_unknown(desk: User) -> None:
    after.cancel(make_proposal(status=Status.AGREED), reason="Why", by=desk, now=NOW)
    assert AnnouncedProject.objects.count() == 0


def test_a_deferred_project_goes_on_and_its_mark_stays_until_it_is_announced_anew(desk: User) -> None:
    proposal = make_proposal(status=Status.AGREED)
    announce([entry_of(proposal)], by=desk, now=NOW)
    after.defer(proposal, reason="The launch slips", by=desk, now=NOW)
    after.resume(proposal, reason="A new date is set", by=desk, now=NOW)
    assert Proposal.objects.get().status == Status.AGREED
    assert timeline(proposal)[-1].note == "A new date is set"
    assert AnnouncedProject.objects.get().change == "deferred"
    announce([entry_of(proposal)], by=desk, now=NOW)
    assert AnnouncedProject.objects.get().change == ""
    told: list[Any] = list(Message.objects.order_by("id").values_list("template", flat=True))
    assert told == ["announced", "changed_after", "changed_after", "announced"]


def test_only_a_deferred_project_is_resumed_and_with_a_reason(desk: User) -> None:
    with pytest.raises(MoveNotAllowed):
        after.resume(make_proposal(status=Status.AGREEMENT), reason="Why", by=desk, now=NOW)
    deferred = make_proposal(status=Status.DEFERRED)
    with pytest.raises(ValidationError, match="Say why"):
        after.resume(deferred, reason="", by=desk, now=NOW)
    with pytest.raises(PermissionDenied):
        after.resume(deferred, reason="Why", by=make_staff(role=StaffRole.BOARD), now=NOW)
