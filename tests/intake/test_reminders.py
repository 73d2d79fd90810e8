"""Reminders are computed from what is due: each person once a threshold, whatever happens to beat."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connections
from django.utils import timezone

from proposals.audit.models import Event
from proposals.calls.actions import publish
from proposals.calls.models import DependentDate
from proposals.calls.states import DayKind
from proposals.intake import actions, tasks
from proposals.intake.actions import reminders
from proposals.intake.calculations.reminders import CLARIFICATION, DRAFT, ENDORSEMENT
from proposals.intake.models import Clarification, TeamMember, Telling
from proposals.intake.queries.due import due_now
from proposals.intake.states import Fact, Status, TeamRole
from proposals.outbox.models import Message
from proposals.outbox.states import Kind, Priority
from proposals.partners.models import Mailbox
from proposals.partners.states import StaffRole
from tests.factories import make_call, make_proposal, make_staff, make_user
from tests.intake.conftest import fill

pytestmark = pytest.mark.django_db
CLOSES = datetime(2027, 3, 31, 15, 59, tzinfo=UTC)  # 23:59 in Beijing
OPENED = CLOSES - timedelta(days=60)
BEFORE = {each.name: CLOSES - each.before for each in DRAFT.thresholds}
SECOND = timedelta(seconds=1)


@pytest.fixture
def phase():
    return make_call(code="CE9", opens_at=OPENED, closes_at=CLOSES).phases.get()


def beat(now):
    """What one beat has done at an instant; how many messages there are then."""
    actions.remind(now=now)
    assert actions.tell(now=now) is False
    return Message.objects.count()


def sent():
    return sorted(Message.objects.values_list("address", "subject"))


def test_draft_is_reminded_of_at_each_threshold_once(phase):
    draft = make_proposal(call=phase.call, at=OPENED, by=make_user(email="pi@example.org"))
    counts = []
    for at in BEFORE.values():
        counts += [beat(at - SECOND), beat(at), beat(at + timedelta(minutes=1)), beat(at + timedelta(hours=5))]
    assert counts == [0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4]
    assert beat(CLOSES) == beat(CLOSES + timedelta(days=1)) == 4
    left = ["1 day", "2 weeks", "3 days", "6 hours"]
    assert sent() == [("pi@example.org", f"[CE9] Not submitted yet: Letter of intent, {each} left") for each in left]
    assert {(m.kind, m.priority, m.link) for m in Message.objects.all()} == {
        (Kind.REMINDER, Priority.REMINDER, f"/proposals/{draft.pk}/edit/")
    }


def test_draft_mail_says_until_when_in_both_zones_and_what_is_missing(phase):
    make_proposal(call=phase.call, at=OPENED, by=make_user(time_zone="America/Lima"), title="Seismometer https://x.example")
    for name in ("abstract", "keywords", "trl"):
        phase.asked.create(field=name, required=True)
    beat(BEFORE["3d"] + timedelta(minutes=20))
    mail = Message.objects.get()
    assert "“Seismometer https : x[.]example”" in mail.text
    assert "Submit it by: 31 March 2027, 23:59 Beijing (UTC+8) = 10:59 your time (Lima, UTC-5)" in mail.text
    assert "Time left: 3\xa0days\n" in mail.text
    pages = [
        "Title and abstract: 2 entries",
        "Team and contacts: 1 entry",
        "Modules and mass: 1 entry",
        "Maturity and heritage: 1 entry",
    ]
    assert "on these pages of the form:\n" + "".join(f"- {page}\n" for page in pages) + "\n" in mail.text
    assert "This was written on 29 March 2027, 00:19 Beijing (UTC+8)" in mail.text
    assert "After the deadline nothing can be submitted any more." in mail.text
    for part in ("Title and abstract", "31 March 2027, 23:59 Beijing", "3 days"):
        assert part in mail.html.replace("\xa0", " ")


def test_complete_draft_is_told_that_nothing_is_missing(phase):
    fill(make_proposal(call=phase.call, at=OPENED))
    beat(BEFORE["1d"])
    assert "Nothing that must be filled in is missing: you can submit it now." in Message.objects.get().text


def test_each_accepted_member_of_the_team_is_reminded(phase):
    draft = make_proposal(call=phase.call, at=OPENED, by=make_user(email="pi@example.org"))
    for number, active in ((1, True), (2, False)):
        person = make_user(email=f"co{number}@example.org", is_active=active)
        TeamMember.objects.create(
            proposal=draft, full_name="Co", email=person.email, role=TeamRole.CO_I, user=person, accepted_at=OPENED
        )
    TeamMember.objects.create(proposal=draft, full_name="Listed", email="listed@example.org", role=TeamRole.CO_I)
    assert beat(BEFORE["3d"]) == 2
    assert [address for address, _subject in sent()] == ["co1@example.org", "pi@example.org"]


def test_mail_is_in_each_readers_language(phase):
    draft = make_proposal(call=phase.call, at=OPENED, by=make_user(language="fr"))
    person = make_user(language="ar")
    TeamMember.objects.create(proposal=draft, full_name="Co", role=TeamRole.CO_I, user=person, accepted_at=OPENED)
    beat(BEFORE["3d"])
    assert sorted(Message.objects.values_list("language", flat=True)) == ["ar", "fr"]
    assert "3 jours" in Message.objects.get(language="fr").text.replace("\xa0", " ")
    assert 'dir="rtl"' in Message.objects.get(language="ar").html


def test_what_a_sleeping_beat_missed_is_not_made_up_for(phase):
    make_proposal(call=phase.call, at=OPENED)
    assert beat(BEFORE["6h"] + timedelta(minutes=40)) == 1
    assert sent()[0][1] == "[CE9] Not submitted yet: Letter of intent, 5 hours left"


def test_draft_begun_after_a_threshold_waits_for_the_next(phase):
    make_proposal(call=phase.call, at=BEFORE["3d"] + timedelta(days=1))
    assert [beat(BEFORE["3d"] + timedelta(days=1, hours=1)), beat(BEFORE["1d"] - SECOND), beat(BEFORE["1d"])] == [0, 0, 1]


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.LATE, Status.RETURNED, Status.WITHDRAWN, Status.UNDER_REVIEW])
def test_only_drafts_are_reminded_of(phase, status):
    make_proposal(call=phase.call, at=OPENED, status=status)
    assert beat(BEFORE["3d"]) == 0


def test_draft_submitted_after_the_telling_began_is_left_out(phase):
    one = make_proposal(call=phase.call, at=OPENED)
    actions.remind(now=BEFORE["3d"])
    one.move(Status.SUBMITTED, by=one.created_by, now=BEFORE["3d"], also={"reference": "CE9-T0001", "submitted_at": BEFORE["3d"]})
    actions.tell(now=BEFORE["3d"] + SECOND)
    assert Message.objects.count() == 0


def test_draft_is_looked_at_again_with_its_row_held(phase, monkeypatch):
    one = make_proposal(call=phase.call, at=OPENED)
    actions.remind(now=BEFORE["3d"])
    listed = reminders._next

    def then_submitted(telling, whom):
        found = listed(telling, whom)
        one.move(Status.WITHDRAWN, by=one.created_by, now=BEFORE["3d"])
        return found

    monkeypatch.setattr(reminders, "_next", then_submitted)
    actions.tell(now=BEFORE["3d"] + SECOND)
    assert Message.objects.count() == 0


def test_closed_phase_reminds_nobody_though_the_telling_had_begun(phase):
    make_proposal(call=phase.call, at=OPENED)
    actions.remind(now=BEFORE["6h"])
    actions.tell(now=CLOSES + SECOND)
    assert (Message.objects.count(), Telling.objects.open().count()) == (0, 0)


def test_call_that_is_not_public_reminds_nobody(phase):
    make_proposal(call=phase.call, at=OPENED)
    type(phase.call).objects.filter(pk=phase.call_id).update(is_published=False)
    assert beat(BEFORE["3d"]) == 0


def test_moved_deadline_is_reminded_of_anew(phase):
    make_proposal(call=phase.call, at=OPENED)
    staff = make_staff()
    assert beat(BEFORE["1d"]) == 1
    later = CLOSES + timedelta(days=30)
    actions.extend_deadline(phase, closes_at=later, by=staff, now=BEFORE["1d"] + timedelta(hours=1))
    assert beat(BEFORE["1d"] + timedelta(hours=2)) == 2  # the extension itself
    assert [beat(later - timedelta(days=14)), beat(later - timedelta(days=3))] == [3, 4]


def test_extension_is_not_followed_by_a_reminder_it_overtook(phase):
    """Two days before the close it moves by four: within the 14 days of the new deadline, but nobody slept over those."""
    make_proposal(call=phase.call, at=OPENED)
    now = CLOSES - timedelta(days=2)
    actions.extend_deadline(phase, closes_at=CLOSES + timedelta(days=4), by=make_staff(), now=now)
    assert beat(now + SECOND) == 1
    assert Message.objects.get().template == "deadline_extended"
    assert beat(CLOSES + timedelta(days=1)) == 2


def test_deadline_that_moves_while_a_telling_is_open_ends_it(phase):
    make_proposal(call=phase.call, at=OPENED)
    actions.remind(now=BEFORE["3d"])
    actions.extend_deadline(phase, closes_at=CLOSES + timedelta(days=30), by=make_staff(), now=BEFORE["3d"] + SECOND)
    actions.tell(now=BEFORE["3d"] + SECOND)
    assert [message.template for message in Message.objects.all()] == ["deadline_extended"]


def test_nearer_threshold_overtakes_a_telling_that_was_never_worked_off(phase):
    make_proposal(call=phase.call, at=OPENED)
    actions.remind(now=BEFORE["3d"])
    assert beat(BEFORE["1d"]) == 1
    assert Telling.objects.get(threshold="3d").told == 0


def test_dst_night_moves_no_threshold():
    """Rome's clocks go forward in the night before: by the wall the sixth hour before would be an hour off."""
    rome = ZoneInfo("Europe/Rome")
    closes = datetime(2027, 3, 28, 7, 0, tzinfo=rome).astimezone(UTC)
    phase = make_call(code="CE9", opens_at=OPENED, closes_at=closes).phases.get()
    make_proposal(call=phase.call, at=OPENED, by=make_user(time_zone="Europe/Rome"))
    six_before = datetime(2027, 3, 28, 0, 0, tzinfo=rome)  # 00:00 to 07:00 by the wall, six hours by any watch
    assert [beat(six_before - timedelta(hours=1)), beat(six_before)] == [1, 2]
    assert "Submit it by: 28 March 2027, 13:00 Beijing (UTC+8) = 07:00 your time (Rome, UTC+2)" in Message.objects.last().text


@pytest.fixture
def endorsed_later(phase):
    """Letters may follow until 30 April, Beijing's day."""
    type(phase).objects.filter(pk=phase.pk).update(needs_endorsement=True)
    DependentDate.objects.create(phase=phase, label="Letters of endorsement", on=date(2027, 4, 30), kind=DayKind.ENDORSEMENT)
    return phase


LETTERS_DUE = datetime(2027, 4, 30, 15, 59, 59, tzinfo=UTC)


def test_missing_letter_is_reminded_of_at_each_threshold_once(endorsed_later):
    make_proposal(call=endorsed_later.call, at=OPENED, status=Status.SUBMITTED, endorsement_later=True)
    counts = []
    for each in ENDORSEMENT.thresholds:
        at = LETTERS_DUE - each.before
        counts += [beat(at - SECOND), beat(at), beat(at + timedelta(hours=5))]
    assert counts == [0, 1, 1, 1, 2, 2, 2, 3, 3]
    assert beat(LETTERS_DUE) == beat(LETTERS_DUE + timedelta(days=1)) == 3
    mail = Message.objects.last()
    assert mail.subject.endswith("Letter of endorsement missing: 1 day left")
    assert "The letter can follow until: 30 April 2027, 23:59 Beijing (UTC+8)" in mail.text


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (Status.SUBMITTED, {"has_endorsement": True}),
        (Status.DRAFT, {}),
        (Status.WITHDRAWN, {}),
        (Status.INELIGIBLE, {}),
    ],
)
def test_letter_that_is_there_or_of_no_use_is_not_asked_for(endorsed_later, status, fields):
    make_proposal(call=endorsed_later.call, at=OPENED, status=status, **fields)
    assert beat(LETTERS_DUE - timedelta(days=3)) == 0


def test_letter_is_not_asked_for_where_the_phase_wants_none_or_names_no_day(endorsed_later):
    make_proposal(call=endorsed_later.call, at=OPENED, status=Status.SUBMITTED)
    endorsed_later.dates.update(kind=DayKind.PLAIN)
    assert beat(LETTERS_DUE - timedelta(days=3)) == 0
    endorsed_later.dates.update(kind=DayKind.ENDORSEMENT)
    type(endorsed_later).objects.update(needs_endorsement=False)
    assert beat(LETTERS_DUE - timedelta(days=3)) == 0


def test_role_mailbox_of_the_lead_hears_of_no_reminder(endorsed_later):
    draft = make_proposal(call=endorsed_later.call, at=OPENED)
    one = make_proposal(call=endorsed_later.call, at=OPENED, status=Status.SUBMITTED, lead=draft.lead)
    Mailbox.objects.create(
        organisation=one.lead, address="registry@example.org", added_by=one.created_by, added_at=OPENED, confirmed_at=OPENED
    )
    assert beat(BEFORE["3d"]) == 1
    assert beat(LETTERS_DUE - timedelta(days=3)) == 2
    assert not Message.objects.filter(address="registry@example.org").exists()


@pytest.fixture
def question(phase):
    """Asked ten days before its answer is due."""
    proposal = make_proposal(call=phase.call, at=OPENED, status=Status.CLARIFICATION, by=make_user(email="pi@example.org"))
    return Clarification.objects.create(
        proposal=proposal,
        asked_in=Status.ELIGIBILITY,
        question="Which bus voltage?",
        asked_by=make_staff(),
        asked_at=CLOSES,
        due_at=CLOSES + timedelta(days=10),
    )


def test_question_is_reminded_of_twice_before_and_once_after(question):
    due_at, counts = question.due_at, []
    for each in CLARIFICATION.thresholds:
        at = due_at - each.before
        counts += [beat(at - SECOND), beat(at), beat(at + timedelta(hours=5))]
    assert counts == [0, 1, 1, 1, 2, 2, 2, 3, 3]
    assert beat(due_at + timedelta(days=300)) == 3
    reference = question.proposal.reference
    assert [subject for _address, subject in sent()] == [
        f"[{reference}] Your answer is due: 1 day left",
        f"[{reference}] Your answer is due: 3 days left",
        f"[{reference}] Your answer is overdue",
    ]
    assert {m.link for m in Message.objects.all()} == {f"/proposals/{question.proposal_id}/answer/"}
    assert all("bus voltage" not in m.text + m.html for m in Message.objects.all())


def test_question_asked_two_days_before_is_reminded_of_once_before(question):
    Clarification.objects.update(asked_at=question.due_at - timedelta(days=2))
    assert [beat(question.due_at - timedelta(days=1, hours=12)), beat(question.due_at - timedelta(days=1))] == [0, 1]


def test_answered_question_is_not_reminded_of(question):
    actions.remind(now=question.due_at)
    Clarification.objects.update(answered_at=question.due_at, answered_by=question.asked_by)
    actions.tell(now=question.due_at)
    assert Message.objects.count() == 0


def test_question_overdue_for_weeks_is_not_begun_to_be_chased(question):
    assert beat(question.due_at + timedelta(days=14)) == 0


def test_opening_is_told_to_every_partner_with_a_known_address_once(phase):
    make_user(email="partner@example.org")
    make_user(email="gone@example.org", is_active=False)
    make_user(email="unverified@example.org", verified=False)
    make_staff(email="desk@example.org", role=StaffRole.OBSERVER)
    assert [beat(OPENED - SECOND), beat(OPENED), beat(OPENED + timedelta(hours=1))] == [0, 1, 1]
    mail = Message.objects.get()
    assert (mail.address, mail.kind, mail.priority) == ("partner@example.org", Kind.CALL, Priority.REMINDER)
    assert mail.subject == f"[CE9] Open for proposals: {phase.call.title}"
    assert mail.link == f"/calls/{phase.call.slug}/"
    assert "Deadline: 31 March 2027, 23:59 Beijing (UTC+8)" in mail.text


def test_opening_is_told_once_though_the_deadline_moves(phase):
    make_user()
    beat(OPENED)
    actions.extend_deadline(phase, closes_at=CLOSES + timedelta(days=9), by=make_staff(), now=OPENED + SECOND)
    assert beat(OPENED + timedelta(hours=1)) == 1


def test_opening_long_ago_is_no_news_unless_the_call_was_published_since(phase):
    make_user()
    assert beat(OPENED + timedelta(days=14, seconds=1)) == 0
    type(phase.call).objects.filter(pk=phase.call_id).update(is_published=False)
    with time_machine.travel(OPENED + timedelta(days=20), tick=False):
        publish(phase.call, by=make_staff(), now=timezone.now())
    assert beat(OPENED + timedelta(days=20, minutes=1)) == 1


def test_later_phase_opens_by_invitation(phase):
    make_user()
    type(phase).objects.create(call=phase.call, position=2, title="Full", opens_at=CLOSES, closes_at=CLOSES + timedelta(days=9))
    assert beat(CLOSES + timedelta(days=1)) == 0


def test_many_are_told_a_few_at_a_time(phase, monkeypatch):
    monkeypatch.setattr(reminders, "EACH", 2)
    for _ in range(5):
        make_user()
    actions.remind(now=OPENED)
    reached = []
    while actions.tell(now=OPENED, seconds=-1):
        reached.append(Message.objects.count())
    assert (reached, Message.objects.count()) == ([2, 4, 5], 5)
    telling = Telling.objects.get()
    assert (telling.told, telling.ended_at) == (5, OPENED)
    assert Event.objects.get(verb="people.told").data == {"fact": "opened", "key": telling.key, "messages": 5, "failed": 0}


def test_no_transaction_goes_on_for_long(phase, monkeypatch):
    monkeypatch.setattr(reminders, "HELD_FOR_S", -1)
    for _ in range(3):
        make_user()
    actions.remind(now=OPENED)
    reached = []
    while actions.tell(now=OPENED, seconds=-1) and len(reached) < 9:
        reached.append(Message.objects.count())
    assert reached == [1, 2, 3, 3]
    assert Telling.objects.open().count() == 0


def test_few_are_not_kept_waiting_behind_many(phase, monkeypatch):
    monkeypatch.setattr(reminders, "EACH", 1)
    make_user()
    make_user()
    Telling.objects.create(
        key="opened", fact=Fact.OPENED, phase=phase, deadline_at=CLOSES, begun_at=BEFORE["3d"] - timedelta(hours=1)
    )
    actions.tell(now=BEFORE["3d"], seconds=-1)
    make_proposal(call=phase.call, at=OPENED)
    actions.remind(now=BEFORE["3d"])
    actions.tell(now=BEFORE["3d"], seconds=-1)
    assert [m.template for m in Message.objects.order_by("pk")] == ["call_opened", "reminder_draft"]


@pytest.fixture
def broken(phase, monkeypatch):
    """The second of three drafts, whose team cannot be told; mended by emptying the list."""
    drafts = [make_proposal(call=phase.call, at=OPENED) for _ in range(3)]
    poison = [sorted(drafts, key=lambda each: each.pk)[1].pk]
    real = reminders.emails.remind

    def fails_for_one(telling, proposal, *, now):
        told = real(telling, proposal, now=now)
        if proposal.pk in poison:
            raise ValueError("poison")
        return told

    monkeypatch.setattr(reminders.emails, "remind", fails_for_one)
    return poison


def test_one_that_cannot_be_told_keeps_nobody_else_waiting_and_is_told_once_it_can(broken):
    at = BEFORE["3d"]
    assert [beat(at), beat(at + timedelta(seconds=59)), beat(at + timedelta(minutes=1))] == [2, 2, 2]
    broken.clear()
    assert [beat(at + timedelta(minutes=minutes)) for minutes in (1, 2, 3)] == [2, 3, 3]
    assert [(each.told, each.details["failed"], each.ended_at) for each in Telling.objects.all()] == [
        (3, [], at + timedelta(minutes=2))
    ]


def test_one_that_cannot_be_told_is_given_up_when_it_is_no_longer_so(broken):
    beat(BEFORE["6h"])
    poison = [["Proposal", str(broken[0])]]
    assert beat(CLOSES) == 2
    telling = Telling.objects.get()
    assert (telling.ended_at, telling.details["failed"]) == (CLOSES, poison)
    assert Event.objects.get(verb="people.told").data["failed"] == 1


def test_second_telling_of_the_same_thing_writes_nothing(phase):
    """The second lock: were a telling lost or begun again, its messages are not."""
    make_proposal(call=phase.call, at=OPENED)
    assert beat(BEFORE["3d"]) == 1
    Telling.objects.all().delete()
    assert beat(BEFORE["3d"] + timedelta(minutes=1)) == 1


def test_beats_one_after_another_begin_and_tell_once(phase):
    make_proposal(call=phase.call, at=OPENED)
    assert [each.key for each in due_now(BEFORE["3d"])] == [f"draft:{phase.pk}:2027-03-31T15:59:00+00:00:3d"]
    assert [actions.remind(now=BEFORE["3d"]) for _ in range(3)] == [1, 0, 0]
    assert [beat(BEFORE["3d"]) for _ in range(3)] == [1, 1, 1]


@pytest.mark.django_db(transaction=True)
def test_telling_held_by_another_worker_is_left_to_it(phase):
    make_proposal(call=phase.call, at=OPENED)
    actions.remind(now=BEFORE["3d"])
    other = connections.create_connection("default")
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM proposals_telling FOR UPDATE")
        assert actions.tell(now=BEFORE["3d"]) is False
        assert Message.objects.count() == 0
        other.rollback()
    finally:
        other.close()
    actions.tell(now=BEFORE["3d"])
    assert Message.objects.count() == 1


def test_nothing_due_costs_a_handful_of_statements(phase, django_assert_num_queries):
    for _ in range(3):
        make_proposal(call=phase.call, at=OPENED)
    with django_assert_num_queries(6):
        assert due_now(CLOSES - timedelta(days=30)) == []


def test_task_reads_the_clock(phase):
    make_proposal(call=phase.call, at=OPENED)
    with time_machine.travel(BEFORE["3d"], tick=False):
        tasks.remind()
    assert Message.objects.count() == 1
