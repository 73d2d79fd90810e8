"""Reviewers are reminded of what is due: each once a threshold, whatever happens to beat."""

import random
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connections

from proposals.intake.models import Access
from proposals.intake.states import Status
from proposals.outbox.actions import prefer
from proposals.outbox.models import Message
from proposals.outbox.states import Delivery, Kind, Priority, Way
from proposals.review.actions import reminders
from proposals.review.actions.assignments import extend
from proposals.review.actions.reminders import remind
from proposals.review.queries.reminders import QUESTION, REVIEW, chases
from proposals.review.states import Answer
from proposals.review.tasks import remind as task
from tests.factories import make_assessment, make_assignment, make_expert, make_proposal, make_staff

pytestmark = pytest.mark.django_db
DUE = datetime(2027, 5, 31, 15, 59, tzinfo=UTC)
PROMISED = DUE - timedelta(days=30)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
AT = {each.name: DUE - each.before for each in REVIEW.thresholds}
REVIEWERS, STAFFS = "review_reminder", "review_overdue"


@pytest.fixture
def proposal():
    return make_proposal(status=Status.UNDER_REVIEW)


@pytest.fixture
def assignment(proposal):
    return promised(proposal)


def promised(proposal, **fields):
    fields = {"due_at": DUE, "answered_at": PROMISED, **fields}
    return make_assignment(proposal, **fields)


def asked(proposal, at=PROMISED, **fields):
    made = make_assignment(proposal, answer=Answer.ASKED, due_at=DUE, **fields)
    made.at = at
    made.save()
    return made


def count(template=REVIEWERS):
    return Message.objects.filter(template=template).count()


def test_review_is_reminded_of_at_each_threshold_once(assignment):
    counts = []
    for at in AT.values():
        for moment in (at - SECOND, at, at + MINUTE, at + timedelta(hours=5)):
            remind(now=moment)
            counts.append(count())
    assert [str(name) for name in AT] == ["7d", "3d", "1d", "1d-late", "3d-late", "7d-late"]
    assert counts == [n for done in range(6) for n in (done, done + 1, done + 1, done + 1)]
    assert {(m.recipient, m.kind, m.priority) for m in Message.objects.filter(template=REVIEWERS)} == {
        (assignment.user, Kind.REMINDER, Priority.REMINDER)
    }
    left = [m.subject.partition("] ")[2] for m in Message.objects.filter(template=REVIEWERS).order_by("pk")]
    soon = [f"Your review is due: {each} left" for each in ("1 week", "3 days", "1 day")]
    assert [each.replace("\xa0", " ") for each in left] == [*soon, *["Your review is overdue"] * 3]


def test_secretariat_is_told_once_at_seven_days(assignment, settings):
    for at in AT.values():
        remind(now=at)
        assert count(STAFFS) == (at == AT["7d-late"])
    remind(now=AT["7d-late"] + MINUTE)
    mail = Message.objects.get(template=STAFFS)
    assert (mail.address, mail.kind, mail.about_id) == (settings.SECRETARIAT_EMAIL, Kind.NOTICE, str(assignment.proposal_id))
    assert str(assignment.user) not in mail.text


def test_mails_hold_reference_and_day_alone(assignment, proposal):
    remind(now=AT["3d"])
    mail = Message.objects.get()
    assert proposal.reference in mail.subject
    assert "31 May 2027, 23:59 Beijing" in mail.text
    assert not any(proposal.title in part for part in (mail.subject, mail.text, mail.html))


def test_beat_that_was_away_makes_up_the_nearest_and_no_more(assignment):
    remind(now=AT["1d"] + timedelta(minutes=30))
    assert [m.key for m in Message.objects.all()] == [f"review-due:{assignment.pk}:{DUE.isoformat()}:1d"]
    remind(now=DUE + timedelta(days=22))
    assert count() == 1


def test_any_order_of_beats_tells_each_once(proposal):
    draw = random.Random(7)
    for _ in range(3):
        promised(proposal)
    moments = [DUE - timedelta(days=8) + timedelta(hours=draw.randint(0, 24 * 16)) for _ in range(60)]
    for at in sorted(moments):
        remind(now=at)
        remind(now=at - MINUTE * draw.randint(0, 3))
    keys = list(Message.objects.filter(template=REVIEWERS).values_list("key", flat=True))
    assert len(keys) == len(set(keys)) == 3 * 6


@pytest.mark.django_db(transaction=True)
def test_beats_side_by_side_tell_each_once():
    proposal = make_proposal(status=Status.UNDER_REVIEW)
    for _ in range(5):
        promised(proposal)

    def beat():
        try:
            remind(now=AT["1d"])
        finally:
            connections.close_all()

    threads = [threading.Thread(target=beat) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count() == 5


def test_what_is_promised_late_is_not_reminded_of_the_past(proposal):
    promised(proposal, answered_at=AT["3d"] + MINUTE)
    remind(now=AT["3d"] + 2 * MINUTE)
    assert count() == 0
    remind(now=AT["1d"])
    assert count() == 1


def test_whoever_has_nothing_to_do_is_not_reminded(proposal):
    make_assessment(promised(proposal))
    for answer in (Answer.DECLINED, Answer.REMOVED):
        make_assignment(proposal, answer=answer, due_at=DUE, answered_at=PROMISED)
    asked(proposal, at=AT["1d"])
    promised(proposal, due_at=None)
    barred = promised(proposal)
    Access.objects.create(proposal=proposal, user=barred.user, grant=False, why="conflict:family")
    promised(proposal, user=make_expert(user=make_staff(role="reviewer", is_active=False)).user)
    for status in (Status.WITHDRAWN, Status.PANEL, Status.DECIDED):
        promised(make_proposal(status=status))
    remind(now=AT["1d"])
    assert Message.objects.count() == 0


def test_question_to_the_team_does_not_stop_the_clock():
    promised(make_proposal(status=Status.UNDER_REVIEW))
    in_question = make_proposal(status=Status.UNDER_REVIEW)
    promised(in_question)
    in_question.move(Status.CLARIFICATION, by=make_staff(), now=PROMISED)
    remind(now=AT["1d"])
    assert count() == 2


def test_moved_day_is_reminded_of_anew(assignment):
    remind(now=AT["1d"])
    later = DUE + timedelta(days=10)
    with time_machine.travel(AT["1d"], tick=False):
        extend(assignment, due_at=later, by=make_staff(), now=AT["1d"] + MINUTE)
    remind(now=DUE + timedelta(days=1))
    assert count() == 1
    remind(now=later - timedelta(days=7))
    assert count() == 2


def test_submitted_this_moment_is_not_reminded(assignment, monkeypatch):
    found = chases(AT["1d"])
    make_assessment(assignment)
    monkeypatch.setattr(reminders, "chases", lambda now: found)
    assert remind(now=AT["1d"]) == 0
    assert Message.objects.count() == 0


def test_moved_this_moment_is_not_reminded(assignment, monkeypatch):
    found = chases(AT["3d"])
    assignment.due_at = DUE - MINUTE
    assignment.save()
    monkeypatch.setattr(reminders, "chases", lambda now: found)
    assert remind(now=AT["3d"]) == 0


def test_one_that_cannot_be_told_keeps_nobody_waiting(proposal, monkeypatch):
    first, second = promised(proposal), promised(proposal)
    tell = reminders.emails.due

    def broken(assignment, **given):
        if assignment.pk == first.pk:
            raise ValueError("a letter that cannot be written")
        tell(assignment, **given)

    monkeypatch.setattr(reminders.emails, "due", broken)
    assert remind(now=AT["1d"]) == 1
    monkeypatch.undo()
    assert remind(now=AT["1d"] + MINUTE) == 1
    assert sorted(Message.objects.values_list("recipient", flat=True)) == sorted([first.user_id, second.user_id])


def test_unanswered_question_is_chased_once_after_three_days(proposal):
    waiting = asked(proposal)
    (threshold,) = QUESTION.thresholds
    at = PROMISED - threshold.before
    assert at == PROMISED + timedelta(days=3)
    counts = []
    for moment in (at - SECOND, at, at + MINUTE, at + timedelta(days=5)):
        remind(now=moment)
        counts.append(count("review_unanswered"))
    assert counts == [0, 1, 1, 1]
    mail = Message.objects.get()
    assert (mail.recipient, mail.kind, mail.key) == (waiting.user, Kind.REMINDER, f"review-unanswered:{waiting.pk}")


def test_question_of_weeks_ago_is_not_chased(proposal):
    asked(proposal)
    remind(now=PROMISED + timedelta(days=15))
    assert Message.objects.count() == 0


def test_reminders_can_be_turned_down(assignment):
    prefer(assignment.user, kind=Kind.REMINDER, way=Way.SITE, by=assignment.user, now=PROMISED)
    remind(now=AT["1d"])
    remind(now=AT["1d"] + MINUTE)
    assert [m.delivery for m in Message.objects.all()] == [Delivery.SITE]


def test_task_asks_the_clock(assignment):
    with time_machine.travel(AT["1d"], tick=False):
        task()
        task()
    assert count() == 1
