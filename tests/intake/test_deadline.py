"""An extension tells everyone with a live proposal once, in their own language and zone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied

from proposals.calls.actions import DeadlineNotMovable
from proposals.calls.models import DependentDate
from proposals.intake.actions import tell
from proposals.intake.actions.deadline import extend_deadline
from proposals.intake.models import TeamMember, Telling
from proposals.intake.queries.deadlines import concerned_by
from proposals.intake.states import Status, TeamRole
from proposals.outbox.models import Message
from proposals.outbox.states import Kind
from proposals.partners.states import StaffRole
from tests.factories import make_call, make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
CLOSES = datetime(2027, 3, 31, 15, 59, tzinfo=UTC)
NEW = CLOSES + timedelta(days=30)


@pytest.fixture
def phase():
    return make_call(code="CE9", opens_at=NOW - timedelta(days=30), closes_at=CLOSES).phases.get()


def test_extension_tells_each_accepted_person_once(phase):
    both = make_user(time_zone="America/Lima")
    make_proposal(call=phase.call, by=both)
    make_proposal(call=phase.call, by=both, status=Status.SUBMITTED)
    joint = make_proposal(call=phase.call, status=Status.RETURNED)
    listed = TeamMember.objects.create(proposal=joint, full_name="Only listed", email="listed@example.org", role=TeamRole.CO_I)
    gone = make_proposal(call=phase.call, status=Status.WITHDRAWN)
    elsewhere = make_proposal()
    DependentDate.objects.create(phase=phase, label="Preliminary selection", on=date(2027, 4, 30))

    told = extend_deadline(phase, closes_at=NEW, by=make_staff(), now=NOW)

    assert (told, Message.objects.count()) == (2, 0)
    tell(now=NOW)
    messages = Message.objects.filter(template="deadline_extended")
    assert sorted(message.address for message in messages) == sorted([both.email, joint.created_by.email])
    assert {listed.email, gone.created_by.email, elsewhere.created_by.email}.isdisjoint(m.address for m in messages)
    mail = messages.get(recipient=both)
    assert (mail.kind, mail.subject) == (Kind.DEADLINE, "[CE9] Deadline extended: Letter of intent")
    assert "New deadline: 30 April 2027, 23:59 Beijing (UTC+8) = 10:59 your time (Lima, UTC-5)" in mail.text
    assert "It was: 31 March 2027, 23:59 Beijing (UTC+8)" in mail.text
    assert "- Preliminary selection: 2027-05-30" in mail.text
    assert "30 April 2027, 23:59 Beijing" in mail.html
    assert mail.link == f"/calls/{phase.call.slug}/"


def test_each_extension_tells_again(phase):
    make_proposal(call=phase.call)
    staff = make_staff()
    for days in (0, 1):
        extend_deadline(phase, closes_at=NEW + timedelta(days=days), by=staff, now=NOW)
        tell(now=NOW)
        tell(now=NOW)
    assert Message.objects.filter(template="deadline_extended").count() == 2


def test_extension_overtaken_before_anyone_was_told_is_not_told(phase):
    make_proposal(call=phase.call)
    staff = make_staff()
    extend_deadline(phase, closes_at=NEW, by=staff, now=NOW)
    extend_deadline(phase, closes_at=NEW + timedelta(days=1), by=staff, now=NOW)
    tell(now=NOW)
    assert "New deadline: 1 May 2027, 23:59 Beijing (UTC+8)" in Message.objects.get().text
    assert Telling.objects.open().count() == 0


def test_extension_is_told_by_the_workers_at_once(phase, django_capture_on_commit_callbacks, monkeypatch):
    rung = []
    monkeypatch.setattr("proposals.outbox.gateways.bell.bell.ring", rung.append)
    with django_capture_on_commit_callbacks(execute=True):
        extend_deadline(phase, closes_at=NEW, by=make_staff(), now=NOW)
    assert rung == ["intake.tell"]


def test_refused_extension_tells_nobody(phase):
    make_proposal(call=phase.call)
    with pytest.raises(DeadlineNotMovable):
        extend_deadline(phase, closes_at=CLOSES, by=make_staff(), now=NOW)
    with pytest.raises(PermissionDenied):
        extend_deadline(phase, closes_at=NEW, by=make_staff(role=StaffRole.OBSERVER), now=NOW)
    assert (Message.objects.count(), Telling.objects.count()) == (0, 0)


def test_concerned_by_counts_people_not_proposals(phase, django_assert_num_queries):
    person = make_user()
    for _ in range(3):
        make_proposal(call=phase.call, by=person)
    make_proposal(call=phase.call, by=make_user(is_active=False))
    with django_assert_num_queries(1):
        assert list(concerned_by(phase)) == [person]
