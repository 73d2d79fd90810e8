"""Every move that shows something new has its messages, or it is named."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from proposals.audit.models import Event
from proposals.intake import actions
from proposals.intake.models import TeamMember
from proposals.intake.queries.reconciliation import untold
from proposals.intake.states import Status
from proposals.outbox.models import Message
from proposals.partners.actions import deactivate, reactivate
from tests.factories import make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def gaps():
    return [(gap.now, gap.email) for gap in untold(since=LONG_AGO)]


def joined(proposal, *, at, **fields):
    person = make_user()
    TeamMember.objects.create(
        proposal=proposal,
        full_name=person.full_name,
        email=person.email,
        role="co_i",
        **{"user": person, "accepted_at": at, **fields},
    )
    return person


def test_what_the_actions_move_has_its_messages():
    proposal = make_proposal(status=Status.SUBMITTED, at=timezone.now() - timedelta(days=2))
    now = timezone.now()
    joined(proposal, at=now - timedelta(days=1))
    actions.withdraw(proposal, reason="No launch.", by=proposal.created_by, now=now)
    assert Message.objects.filter(key__startswith="move:").count() == 2
    assert [now for now, _email in gaps()] == ["submitted"]  # the factory's own move tells nobody


def test_move_without_its_message_is_named_per_person():
    proposal = make_proposal()
    now = timezone.now()
    person = joined(proposal, at=now - timedelta(days=1))
    move = proposal.move(Status.WITHDRAWN, by=proposal.created_by, now=now)
    assert sorted(gaps()) == sorted([("withdrawn", proposal.created_by.email), ("withdrawn", person.email)])
    first = untold(since=LONG_AGO)[0]
    assert (first.move_id, str(first.proposal_id), first.at) == (move.pk, str(proposal.pk), now)


def test_move_that_shows_nothing_new_needs_no_message():
    proposal = make_proposal(status=Status.SUBMITTED)
    shown = gaps()
    proposal.move(Status.ELIGIBILITY, by=make_staff(), now=timezone.now())
    assert gaps() == shown


def test_only_who_had_accepted_then_and_had_an_account_is_missed():
    now = timezone.now()
    proposal = make_proposal(by=make_user(is_active=False))
    joined(proposal, at=now + timedelta(seconds=1))
    joined(proposal, at=None, user=None, accepted_at=None)
    proposal.move(Status.WITHDRAWN, by=None, now=now)
    assert gaps() == []


def test_who_was_closed_out_at_that_time_is_not_missed():
    proposal, staff = make_proposal(), make_staff()
    person = proposal.created_by
    deactivate(person, by=staff, now=timezone.now())
    proposal.move(Status.WITHDRAWN, by=staff, now=timezone.now())
    person.refresh_from_db()
    reactivate(person, by=staff, now=timezone.now())
    assert list(Event.objects.values_list("verb", flat=True)) == ["person.deactivated", "person.reactivated"]
    assert gaps() == []
    again = make_proposal(by=person)
    again.move(Status.WITHDRAWN, by=staff, now=timezone.now())
    assert gaps() == [("withdrawn", person.email)]


def test_moves_before_the_window_are_left_out():
    now = timezone.now()
    proposal = make_proposal(at=now - timedelta(days=9))
    proposal.move(Status.WITHDRAWN, by=None, now=now - timedelta(days=2))
    assert (len(untold(since=now - timedelta(days=1))), len(untold(since=now - timedelta(days=3)))) == (0, 1)


def test_command_prints_each_gap_and_fails():
    proposal = make_proposal()
    said = io.StringIO()
    call_command("reconcile_mail", stdout=said)
    assert said.getvalue() == "Every move that partners are shown has its messages: checked back to the first.\n"
    move = proposal.move(Status.WITHDRAWN, by=None, now=timezone.now())
    said = io.StringIO()
    with pytest.raises(CommandError) as refusal:
        call_command("reconcile_mail", days=7, stdout=said)
    assert refusal.value.returncode == 1
    assert f"move {move.pk} " in said.getvalue()
    assert proposal.created_by.email not in said.getvalue()
