"""The invitation to the next phase: the same proposal becomes a draft there, with its deadline in the mail."""

from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from proposals.audit.models import Event
from proposals.decisions.actions.inviting import invite
from proposals.decisions.queries.inviting import invitable
from proposals.intake.actions import save_organisations
from proposals.intake.models import Access, MoveNotAllowed
from proposals.intake.states import Status
from proposals.outbox.models import Message
from proposals.partners.states import StaffRole
from tests.factories import make_call, make_next_phase, make_organisation, make_proposal, make_staff

pytestmark = pytest.mark.django_db


def now():
    return datetime.now(UTC)


@pytest.fixture
def call():
    call = make_call()
    make_next_phase(call)
    return call


def test_an_invited_proposal_is_a_draft_of_the_next_phase(call):
    proposal = make_proposal(call=call, status=Status.PRELIMINARY, abstract="A seismometer.", is_late=True)
    reference, lead, following = proposal.reference, proposal.lead, call.phases.get(position=2)
    (move,) = invite([proposal], by=make_staff(), now=now())
    proposal.refresh_from_db()
    assert (proposal.status, proposal.phase, move.phase_id) == (Status.DRAFT, following, following.pk)
    assert (proposal.reference, proposal.lead, proposal.abstract, proposal.is_late) == (reference, lead, "A seismometer.", False)
    assert Event.objects.filter(verb="proposal.invited", subject_id=str(proposal.pk)).count() == 1


def test_the_mail_says_by_when_and_brings_the_calendar(call):
    proposal = make_proposal(call=call, status=Status.PRELIMINARY)
    invite([proposal], by=make_staff(), now=now())
    mail = Message.objects.get(template="invited_next")
    following = call.phases.get(position=2)
    assert f"Invited: {following.title}" in mail.subject
    (entry,) = icalendar.Calendar.from_ical(mail.calendar).walk("VEVENT")
    assert entry["DTSTART"].dt == following.closes_at.replace(microsecond=0)


def test_all_are_invited_or_none(call):
    ready, not_ready = (make_proposal(call=call, status=status) for status in (Status.PRELIMINARY, Status.PANEL))
    with pytest.raises(MoveNotAllowed):
        invite([ready, not_ready], by=make_staff(), now=now())
    ready.refresh_from_db()
    assert (ready.status, Message.objects.count()) == (Status.PRELIMINARY, 0)


def test_a_second_click_invites_nobody(call):
    proposal = make_proposal(call=call, status=Status.PRELIMINARY)
    stale = type(proposal).objects.get(pk=proposal.pk)
    invite([proposal], by=make_staff(), now=now())
    with pytest.raises((MoveNotAllowed, ValidationError)):
        invite([stale], by=make_staff(), now=now())
    assert Message.objects.filter(template="invited_next").count() == 1


def test_without_an_open_next_phase_there_is_nothing_to_invite_to(call):
    alone = make_proposal(status=Status.PRELIMINARY)
    proposal = make_proposal(call=call, status=Status.PRELIMINARY)
    first = call.phases.get(position=1)
    call.phases.filter(position=2).update(closes_at=now() - timedelta(days=1), opens_at=first.opens_at)
    for chosen in ([alone], [proposal], []):
        with pytest.raises(ValidationError):
            invite(chosen, by=make_staff(), now=now())


def test_only_the_secretariat_invites_and_only_what_it_may_know_of(call):
    proposal = make_proposal(call=call, status=Status.PRELIMINARY)
    for role in (StaffRole.CHAIR, StaffRole.BOARD, StaffRole.OBSERVER, StaffRole.REVIEWER):
        with pytest.raises(PermissionDenied):
            invite([proposal], by=make_staff(role=role), now=now())
    barred = make_staff()
    Access.objects.create(proposal=proposal, user=barred, grant=False, why="conflict:family")
    with pytest.raises(PermissionDenied):
        invite([proposal], by=barred, now=now())
    assert (list(invitable(barred)), list(invitable(make_staff()))) == ([], [proposal])


def test_a_full_proposal_keeps_the_lead_of_its_letter(call):
    proposal = make_proposal(call=call, status=Status.PRELIMINARY)
    invite([proposal], by=make_staff(), now=now())
    arguments = {"partners": [], "revision": 0, "by": proposal.created_by, "now": now()}
    with pytest.raises(ValidationError):
        save_organisations(proposal, lead=make_organisation(), **arguments)
    proposal.refresh_from_db()
    save_organisations(proposal, lead=proposal.lead, **arguments)
