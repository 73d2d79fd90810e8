"""The deadlines that concern a person: what is still to be done, by whom, and an identity that outlives a move."""

from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest
from django.utils import translation

from proposals.calls.models import DependentDate
from proposals.calls.states import DayKind
from proposals.intake.actions import answer, ask
from proposals.intake.actions.deadline import extend_deadline
from proposals.intake.emails.team import extended
from proposals.intake.models import Access, Proposal, TeamMember
from proposals.intake.queries.deadlines import KEPT_FOR, calendar_of, deadlines_of
from proposals.intake.states import Status, TeamRole
from proposals.outbox.models import Message
from tests.factories import make_call, make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
CLOSES = datetime(2027, 3, 31, 15, 59, tzinfo=UTC)
SECRET = "Seismometer of the unknown"


@pytest.fixture
def call():
    return make_call(code="CE9", opens_at=NOW - timedelta(days=30), closes_at=CLOSES)


def told(user, *, now=NOW):
    with translation.override("en"):
        return [(str(one.title), one.at) for one in deadlines_of(user, now=now)]


def entry(text):
    (found,) = icalendar.Calendar.from_ical(text).walk("VEVENT")
    return found


def test_deadlines_are_those_of_what_is_still_to_be_done(call):
    me, staff = make_user(), make_staff()
    draft = make_proposal(call=call, by=me)
    make_proposal(call=call, by=me)
    asked = make_proposal(call=call, by=me, status=Status.SUBMITTED)
    ask(asked, question="Why?", due_at=NOW + timedelta(days=5), by=staff, now=NOW)
    returned = make_proposal(call=call, by=me, status=Status.RETURNED, correct_by=NOW + timedelta(days=9))
    for status in (Status.SUBMITTED, Status.UNDER_REVIEW, Status.INELIGIBLE, Status.WITHDRAWN):
        make_proposal(call=call, by=me, status=status)
    make_proposal(call=call)

    assert told(me) == [
        (f"{asked.reference}: your answer to a question is due", NOW + timedelta(days=5)),
        (f"{returned.reference}: your correction is due", NOW + timedelta(days=9)),
        ("CE9: Letter of intent closes", CLOSES),
    ]
    assert draft.reference is None


def test_deadlines_of_a_letter_that_may_follow_are_the_last_such_day_by_the_phases_own_clock(call):
    me = make_user()
    phase = call.phases.get()
    phase.needs_endorsement = True
    phase.save()
    DependentDate.objects.create(phase=phase, label="Letters", on=date(2027, 4, 10), kind=DayKind.ENDORSEMENT)
    DependentDate.objects.create(phase=phase, label="Letters, extended", on=date(2027, 4, 20), kind=DayKind.ENDORSEMENT)
    DependentDate.objects.create(phase=phase, label="Selection", on=date(2027, 5, 20))
    lacking = make_proposal(call=call, by=me, status=Status.UNDER_REVIEW, submitted_at=NOW)
    make_proposal(call=call, by=me, status=Status.UNDER_REVIEW, submitted_at=NOW, has_endorsement=True)
    make_proposal(call=call, by=me, status=Status.WITHDRAWN, submitted_at=NOW)

    last_second = datetime(2027, 4, 20, 15, 59, 59, tzinfo=UTC)
    assert told(me) == [(f"{lacking.reference}: the letter of endorsement is due", last_second)]


def test_deadlines_are_one_s_own_teams_alone(call):
    proposal = make_proposal(call=call)
    listed, barred, reader = make_user(), make_user(), make_user()
    TeamMember.objects.create(proposal=proposal, full_name="L", email=listed.email, role=TeamRole.CO_I)
    for person in (barred, reader):
        Access.objects.create(proposal=proposal, user=person, why="reader")
    TeamMember.objects.create(proposal=proposal, full_name="B", role=TeamRole.CO_I, user=barred, accepted_at=NOW)
    Access.objects.create(proposal=proposal, user=barred, grant=False, why="conflict")

    assert [told(person) for person in (listed, barred, reader, make_staff())] == [[], [], [], []]
    assert len(told(proposal.created_by)) == 1


def test_deadlines_that_passed_stay_for_a_month(call):
    me = make_proposal(call=call).created_by
    assert len(told(me, now=CLOSES + KEPT_FOR)) == 1
    assert told(me, now=CLOSES + KEPT_FOR + timedelta(seconds=1)) == []


@pytest.mark.parametrize("rows", [1, 3])
def test_deadlines_take_three_statements_for_any_number(rows, call, django_assert_num_queries):
    me, staff = make_user(), make_staff()
    for _ in range(rows):
        make_proposal(call=make_call(closes_at=CLOSES), by=me)
        ask(make_proposal(call=call, by=me, status=Status.SUBMITTED), question="?", due_at=CLOSES, by=staff, now=NOW)
    with django_assert_num_queries(3):
        assert len(deadlines_of(me, now=NOW)) == 2 * rows


def test_calendar_says_nothing_of_a_proposal_but_its_reference(call):
    me = make_user(full_name="Ginevra Author")
    proposal = make_proposal(call=call, by=me, title=SECRET, status=Status.SUBMITTED)
    ask(proposal, question=SECRET, due_at=CLOSES, by=make_staff(), now=NOW)
    make_proposal(call=call, by=me, title=SECRET)

    text = calendar_of(*deadlines_of(me, now=NOW), language="en").replace("\r\n ", "")

    assert proposal.reference in text
    assert {word in text for word in (SECRET, me.full_name, me.email, proposal.lead.name)} == {False}
    asked = icalendar.Calendar.from_ical(text).walk("VEVENT")[0]
    assert asked["DTSTART"].to_ical() == b"20270331T155900Z"
    assert [alarm["TRIGGER"].dt for alarm in asked.walk("VALARM")] == [timedelta(days=-1)]
    assert asked["URL"].endswith(f"/proposals/{proposal.pk}/")


def test_calendar_is_in_its_readers_language_and_stays_byte_for_byte(call):
    me = make_proposal(call=call).created_by
    first = calendar_of(*deadlines_of(me, now=NOW), language="fr")
    make_proposal(call=call)
    call.revision += 5
    call.save()
    with translation.override("ru"):
        assert calendar_of(*deadlines_of(me, now=NOW + timedelta(days=2)), language="fr") == first


def test_question_mail_carries_the_entry_of_the_feed(call):
    proposal = make_proposal(call=call, status=Status.SUBMITTED)
    ask(proposal, question="Why?", due_at=CLOSES, by=make_staff(), now=NOW)

    (due,) = deadlines_of(proposal.created_by, now=NOW)
    mail = Message.objects.get(template="clarification")
    assert mail.calendar == calendar_of(due, language="en")
    assert entry(mail.calendar)["UID"] == due.uid


def test_other_moves_carry_no_entry(call):
    proposal = make_proposal(call=call, status=Status.SUBMITTED)
    ask(proposal, question="Why?", due_at=CLOSES, by=make_staff(), now=NOW)
    answer(proposal, text="So.", by=proposal.created_by, now=NOW)
    assert Message.objects.get(template="back_with_us").calendar == ""


def test_second_question_is_an_entry_of_its_own(call):
    """Its answer may be due sooner than that of the first; a calendar would not move the same entry back."""
    proposal = make_proposal(call=call, status=Status.SUBMITTED)
    uids = []
    for days in (20, 3):
        ask(proposal, question="?", due_at=NOW + timedelta(days=days), by=make_staff(), now=NOW)
        (due,) = deadlines_of(proposal.created_by, now=NOW)
        uids.append(due.uid)
        answer(proposal, text="So.", by=proposal.created_by, now=NOW)
        proposal.refresh_from_db()
    assert len(set(uids)) == 2


def test_extension_moves_the_entry_that_a_calendar_has(call):
    me = make_proposal(call=call).created_by
    phase = call.phases.get()
    before = entry(calendar_of(*deadlines_of(me, now=NOW), language="en"))
    extend_deadline(phase, closes_at=CLOSES + timedelta(days=30), by=make_staff(), now=NOW)
    after = entry(calendar_of(*deadlines_of(me, now=NOW), language="en"))

    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert (before["DTSTAMP"].dt, after["DTSTAMP"].dt) == (phase.opens_at, NOW)
    assert after["DTSTART"].dt == CLOSES + timedelta(days=30)
    Message.objects.all().delete()
    phase.refresh_from_db()
    extended(phase, to=me, was=CLOSES, dates=[], set_at=NOW, now=NOW)
    assert entry(Message.objects.get().calendar) == after
    assert Proposal.objects.get().phase_id == phase.pk
