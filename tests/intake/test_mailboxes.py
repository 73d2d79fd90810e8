"""Role mailboxes are told what the teams of the proposals they lead are told, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest

from proposals.intake import actions
from proposals.intake.actions.deadline import extend_deadline
from proposals.intake.actions.reminders import tell
from proposals.intake.models import Participation
from proposals.intake.queries.deadlines import concerned_by, mailboxes_concerned_by
from proposals.intake.queries.queue import told_of
from proposals.intake.states import Status
from proposals.outbox.models import Message
from proposals.outbox.states import Kind
from tests.factories import make_call, make_mailbox, make_organisation, make_proposal, make_staff, make_user
from tests.partners.links import stop_path

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
CLOSES = datetime(2027, 3, 31, 15, 59, tzinfo=UTC)


@pytest.fixture
def call():
    return make_call(code="CE9", opens_at=NOW - timedelta(days=30), closes_at=CLOSES)


@pytest.fixture
def lead():
    return make_organisation(name="Reno Institute")


def mails_to(*boxes):
    return Message.objects.filter(address__in=[box.address for box in boxes])


def test_mailbox_of_the_lead_hears_of_a_move_in_its_language(call, lead):
    box = make_mailbox(lead, language="fr")
    proposal = make_proposal(call=call, lead=lead, status=Status.SUBMITTED)

    actions.accept_for_review(proposal, by=make_staff(), now=NOW)

    mail = mails_to(box).get()
    move = proposal.moves.latest("pk")
    assert (mail.key, mail.kind, mail.recipient, mail.language) == (f"move:{move.pk}:mailbox:{box.pk}", Kind.STATUS, None, "fr")
    theirs = Message.objects.get(recipient=proposal.created_by)
    assert (mail.template, mail.link) == (theirs.template, theirs.link)
    assert (mail.about_type, mail.about_id) == (theirs.about_type, theirs.about_id)


def test_foot_says_to_each_why_it_came_and_how_to_stop(call, lead, settings):
    box = make_mailbox(lead)
    proposal = make_proposal(call=call, lead=lead, status=Status.SUBMITTED)

    actions.accept_for_review(proposal, by=make_staff(), now=NOW)

    mail, theirs = mails_to(box).get(), Message.objects.get(recipient=proposal.created_by)
    preferences = f"{settings.SITE_URL}/preferences/"
    assert "this mailbox was confirmed as one of Reno Institute" in mail.text
    assert settings.SITE_URL + stop_path(mail) in mail.html
    assert {preferences in mail.text, preferences in mail.html, "mailbox" in theirs.text, "mailbox" in theirs.html} == {False}
    assert preferences in theirs.text
    assert f'href="{preferences}"' in theirs.html


def test_only_confirmed_mailboxes_of_the_lead_hear_of_a_move(call, lead):
    partner = make_organisation()
    proposal = make_proposal(call=call, lead=lead, status=Status.SUBMITTED, by=make_user(email="pi@example.org"))
    Participation.objects.create(proposal=proposal, organisation=partner)
    others = [make_mailbox(lead, confirmed=False), make_mailbox(partner), make_mailbox(make_organisation())]
    make_mailbox(lead, address="pi@example.org")

    actions.accept_for_review(proposal, by=make_staff(), now=NOW)

    assert mails_to(*others).count() == 0
    assert Message.objects.filter(address="pi@example.org").count() == 1


def test_moves_that_the_partner_is_not_shown_reach_no_mailbox(call, lead):
    box = make_mailbox(lead)
    actions.receive(make_proposal(call=call, lead=lead, status=Status.SUBMITTED), by=make_staff(), now=NOW)
    assert mails_to(box).count() == 0


def test_draft_that_is_given_up_reaches_no_mailbox(call, lead):
    box = make_mailbox(lead)
    draft, submitted = (make_proposal(call=call, lead=lead, status=status) for status in (Status.DRAFT, Status.SUBMITTED))
    actions.discard(draft, by=draft.created_by, now=NOW)
    actions.withdraw(submitted, reason="No funds.", by=submitted.created_by, now=NOW)
    assert [mail.about_id for mail in mails_to(box)] == [str(submitted.pk)]
    assert Message.objects.filter(recipient=draft.created_by).count() == 1


def test_question_to_a_mailbox_carries_the_entry_for_its_calendar(call, lead):
    box = make_mailbox(lead, language="es")
    proposal = make_proposal(call=call, lead=lead, status=Status.SUBMITTED)
    actions.ask(proposal, question="Why?", due_at=CLOSES, by=make_staff(), now=NOW)
    assert "DTSTART:20270331T155900Z" in mails_to(box).get().calendar


def test_mailboxes_concerned_by_a_phase_are_those_of_leads_at_work_each_address_once(call, lead):
    phase, elsewhere = call.phases.get(), make_organisation()
    box = make_mailbox(lead)
    for status in (Status.DRAFT, Status.SUBMITTED):
        make_proposal(call=call, lead=lead, status=status)
    make_proposal(call=call, lead=elsewhere, by=make_user(email="known@example.org"))
    make_mailbox(elsewhere, address=box.address)
    make_mailbox(elsewhere, address="known@example.org")
    make_mailbox(elsewhere, confirmed=False)
    ended = make_organisation()
    make_proposal(call=call, lead=ended, status=Status.WITHDRAWN)
    make_mailbox(ended)
    make_mailbox(make_organisation())

    found = mailboxes_concerned_by(phase, concerned_by(phase))
    assert [one.address for one in found] == [box.address]


def test_extension_reaches_the_mailbox_once(call, lead):
    box = make_mailbox(lead)
    for _ in range(2):
        make_proposal(call=call, lead=lead)
    extend_deadline(call.phases.get(), closes_at=CLOSES + timedelta(days=30), by=make_staff(), now=NOW)
    tell(now=NOW)
    mail = mails_to(box).get()
    assert (mail.template, mail.kind) == ("deadline_extended", Kind.DEADLINE)
    assert "DTSTART:20270430T155900Z" in mail.calendar
    assert "Reno Institute" in mail.text


@pytest.mark.parametrize("rows", [1, 3])
def test_told_of_names_whoever_a_move_is_told_to(rows, call, lead, django_assert_num_queries):
    box = make_mailbox(lead)
    make_mailbox(lead, confirmed=False)
    make_mailbox(lead, address="pi@example.org")
    author = make_user(email="pi@example.org")
    proposals = [make_proposal(call=call, lead=lead, by=author, status=Status.SUBMITTED) for _ in range(rows)]
    other = make_proposal(call=call, status=Status.SUBMITTED)

    with django_assert_num_queries(2):
        told = told_of([*proposals, other])

    assert told == {**{one.pk: [author, box] for one in proposals}, other.pk: [other.created_by]}
    for proposal in (*proposals, other):
        actions.accept_for_review(proposal, by=make_staff(), now=NOW)
        addresses = [getattr(one, "email", None) or one.address for one in told[proposal.pk]]
        assert sorted(Message.objects.filter(about_id=str(proposal.pk)).values_list("address", flat=True)) == sorted(addresses)


def test_pages_that_cannot_be_undone_name_the_mailbox(call, lead, client):
    box = make_mailbox(lead)
    proposal = make_proposal(lead=lead, status=Status.SUBMITTED)
    client.force_login(proposal.created_by)
    assert box.address in client.get(f"/proposals/{proposal.pk}/withdraw/").content.decode()
    client.force_login(make_staff())
    assert box.address in client.get(f"/staff/proposals/proposal/{proposal.pk}/do/ask/").content.decode()
