"""Releases: prepared by one, approved by another, done at one instant, whole or not at all, once."""

import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction

from proposals.audit.models import Event
from proposals.decisions.actions import releases
from proposals.decisions.actions.deciding import amend, withdraw
from proposals.decisions.actions.releases import NotHeld, Obstructed, approve, prepare, release_due, stop
from proposals.decisions.models import Decision, Letter, Release
from proposals.decisions.queries.releases import counts, decisions_of, entries, obstacles, releases_for
from proposals.decisions.states import Outcome
from proposals.decisions.tasks import release as task
from proposals.intake.models import Access, Move, TeamMember
from proposals.intake.states import Status, TeamRole
from proposals.outbox.models import Message
from proposals.partners.states import StaffRole
from tests.decisions.standing import faults
from tests.factories import (
    NOW,
    make_call,
    make_decision,
    make_mailbox,
    make_next_phase,
    make_proposal,
    make_release,
    make_staff,
    make_user,
    make_wording,
)

pytestmark = pytest.mark.django_db
SAID = {"reason": "By the order of the panel."}


def make_decisions(count, *, by=None, **fields):
    call, by, wording = make_call(), by or make_staff(), make_wording()
    made = [make_proposal(call=call, status=Status.PANEL) for _ in range(count)]
    return [make_decision(one, by=by, wording=wording, **fields) for one in made]


def now():
    return datetime.now(UTC)


def state():
    """Everything that a release writes."""
    return (
        list(Decision.objects.order_by("pk").values_list("proposal__status", "released_at", "released_by")),
        list(Release.objects.values_list("released_at", flat=True)),
        (Message.objects.count(), Move.objects.count(), Access.objects.count(), TeamMember.objects.count()),
    )


def test_a_release_moves_all_and_tells_everyone():
    decisions = make_decisions(3)
    box = make_mailbox(decisions[0].proposal.lead)
    release = make_release(*decisions)
    at = now()
    assert release_due(now=at) == 1
    release.refresh_from_db()
    assert release.released_at == at
    rows = Decision.objects.values_list("proposal__status", "released_at", "released_by")
    assert set(rows) == {(Status.SELECTED, at, release.approved_by_id)}
    told = Counter(Message.objects.filter(template="decided").values_list("address", flat=True))
    assert told == {box.address: 1, **{one.proposal.created_by.email: 1 for one in decisions}}
    assert Event.objects.filter(verb="decision.released").count() == 3
    assert Event.objects.filter(verb="release.done", subject_id=str(release.pk)).count() == 1
    assert faults() == []


def test_the_mail_tells_no_outcome():
    (decision,) = make_decisions(1, feedback="A secret word.")
    make_release(decision)
    release_due(now=now())
    mail = Message.objects.get(template="decided")
    whole = f"{mail.subject} {mail.text} {mail.html}".lower()
    assert [word for word in ("selected", "secret word") if word in whole] == []


def test_nothing_is_released_before_its_instant():
    (decision,) = make_decisions(1)
    later = now() + timedelta(days=2)
    make_release(decision, at=later)
    before = state()
    assert release_due(now=later - timedelta(seconds=1)) == 0
    assert state() == before
    assert release_due(now=later) == 1


def test_an_unapproved_or_stopped_release_never_leaves():
    first, second = make_decisions(2)
    make_release(first, approved=False)
    release = make_release(second)
    stop(release, by=make_staff(), now=now())
    before = state()
    assert release_due(now=now()) == 0
    assert state() == before
    second.refresh_from_db()
    assert second.release is None


def test_the_task_does_what_is_due():
    (decision,) = make_decisions(1)
    make_release(decision)
    task()
    decision.refresh_from_db()
    assert decision.released_at is not None


@pytest.mark.parametrize("n", [1, 3, 5])
def test_a_failure_at_any_decision_leaves_nothing_behind(n, monkeypatch):
    """The n-th mail fails: what was written before it is gone, staff read that it failed, and the next beat does it all."""
    release = make_release(*make_decisions(5))
    before, told, real = state(), [], releases.emails.moved

    def failing(move, **context):
        told.append(move)
        if len(told) == n:
            raise DatabaseError("the connection was lost")
        real(move, **context)

    with monkeypatch.context() as patched:
        patched.setattr(releases.emails, "moved", failing)
        assert release_due(now=now()) == 0
    assert (len(told), state()) == (n, before)
    release.refresh_from_db()
    assert release.problem == "The release failed (DatabaseError); it is tried again."
    assert Event.objects.filter(verb="release.failed").count() == 1
    assert release_due(now=now()) == 1
    assert Message.objects.filter(template="decided").count() == 5
    release.refresh_from_db()
    assert release.problem == ""


@pytest.mark.django_db(transaction=True)
def test_any_number_of_beats_release_once():
    make_release(*make_decisions(4))
    together, done = threading.Barrier(6), []

    def beat():
        together.wait()
        try:
            done.append(release_due(now=now()))
        finally:
            connection.close()

    threads = [threading.Thread(target=beat) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [0, 0, 0, 0, 0, 1]
    assert Message.objects.filter(template="decided").count() == 4
    assert Event.objects.filter(verb="release.done").count() == 1


def test_41_teams_of_five_are_told_in_one_quick_transaction():
    decisions, people = make_decisions(41), [make_user() for _ in range(4)]
    for decision in decisions:
        for person in people:
            proposal = decision.proposal
            TeamMember.objects.create(
                proposal=proposal, full_name=str(person), role=TeamRole.CO_I, user=person, accepted_at=proposal.created_at
            )
            Access.objects.create(proposal=proposal, user=person, why="team")
    make_release(*decisions)
    begun = time.monotonic()
    assert release_due(now=now()) == 1
    took = time.monotonic() - begun
    assert Message.objects.filter(template="decided").count() == 205
    assert took < 20, f"{took:.1f} s"


def test_two_people_approve_what_others_wrote():
    drafter, editor, preparer = make_staff(), make_staff(), make_staff()
    (decision,) = make_decisions(1, by=drafter)
    amend(decision, outcome="selected", **SAID, wording=decision.wording, revision=1, by=editor, now=NOW)
    release = make_release(decision, by=preparer, approved=False)
    for person in (drafter, editor, preparer, make_staff(role=StaffRole.OBSERVER), make_staff(role=StaffRole.REVIEWER)):
        with pytest.raises(PermissionDenied):
            approve(release, release_at=None, by=person, now=now())
    barred = make_staff(role=StaffRole.BOARD)
    Access.objects.create(proposal=decision.proposal, user=barred, grant=False, why="conflict:family")
    with pytest.raises(PermissionDenied):
        approve(release, release_at=None, by=barred, now=now())
    assert list(releases_for(barred)) == []
    for role in (StaffRole.SECRETARIAT, StaffRole.CHAIR, StaffRole.BOARD):
        with transaction.atomic():
            approve(release, release_at=None, by=make_staff(role=role), now=now())
            transaction.set_rollback(True)


@pytest.mark.parametrize("column", ["drafted_by", "amended_by"])
def test_the_database_lets_nobody_release_their_own(column):
    (decision,) = make_decisions(1)
    release = make_release(decision)
    own = {column: release.approved_by, "released_by": release.approved_by, "released_at": now()}
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).update(**own)


def test_only_the_secretariat_prepares():
    (decision,) = make_decisions(1)
    for role in (StaffRole.CHAIR, StaffRole.BOARD, StaffRole.OBSERVER):
        with pytest.raises(PermissionDenied):
            prepare(decision.phase, decisions=[decision], title="Letters", by=make_staff(role=role), now=now())


def test_an_approval_is_of_what_was_read():
    decisions = make_decisions(2)
    release = make_release(decisions[0], approved=False)
    read = Release.objects.get(pk=release.pk)
    prepare(release.phase, decisions=decisions, title="More", release=release, by=make_staff(), now=now())
    with pytest.raises(NotHeld):
        approve(read, release_at=None, by=make_staff(), now=now())
    with pytest.raises(NotHeld):
        prepare(read.phase, decisions=decisions[:1], title="Fewer", release=read, by=make_staff(), now=now())
    release.refresh_from_db()
    approve(release, release_at=None, by=make_staff(), now=now())
    with pytest.raises(NotHeld):
        approve(release, release_at=None, by=make_staff(), now=now())
    stop(release, by=make_staff(), now=now())
    with pytest.raises(NotHeld):
        stop(release, by=make_staff(), now=now())


def test_an_instant_is_within_a_year():
    release = make_release(*make_decisions(1), approved=False)
    with pytest.raises(ValidationError):
        approve(release, release_at=now() + timedelta(days=400), by=make_staff(), now=now())
    approve(release, release_at=now() - timedelta(days=1), by=make_staff(), now=NOW)
    release.refresh_from_db()
    assert release.release_at == NOW


def test_a_release_takes_only_what_is_free():
    first, second = make_decisions(2)
    (elsewhere,) = make_decisions(1)
    make_release(first, approved=False)
    by = make_staff()
    for chosen in ([first, second], [second, elsewhere], []):
        with pytest.raises(ValidationError) as found:
            prepare(second.phase, decisions=chosen, title="Letters", by=by, now=now())
        assert list(found.value.message_dict) == ["decisions"]
    Access.objects.create(proposal=second.proposal, user=by, grant=False, why="conflict:family")
    with pytest.raises(ValidationError):
        prepare(second.phase, decisions=[second], title="Letters", by=by, now=now())


def whys(release):
    return [one.why for one in obstacles(decisions_of(release))]


def test_an_amended_letter_is_prepared_again():
    (decision,) = make_decisions(1)
    release = make_release(decision, approved=False)
    amend(decision, outcome="reserve", **SAID, wording=decision.wording, revision=1, by=make_staff(), now=NOW)
    stale = "The letter no longer says what the decision says: prepare the release again."
    assert whys(release) == [stale]
    with pytest.raises(Obstructed):
        approve(release, release_at=None, by=make_staff(), now=now())
    prepare(release.phase, decisions=[decision], title="Again", release=release, by=make_staff(), now=now())
    assert whys(release) == []


def test_a_withdrawn_proposal_stands_in_the_way_until_it_is_prepared_again():
    first, second = make_decisions(2)
    release = make_release(first, second)
    withdraw(first.proposal, reason="No funds.", by=first.proposal.created_by, now=now())
    before = state()
    assert release_due(now=now()) == 0
    assert state() == before
    release.refresh_from_db()
    told = f"{first.proposal.reference}: The decision was dropped: the proposal is “withdrawn” now."
    assert release.problem == told
    stop(release, by=make_staff(), now=now())
    again = make_release(second)
    assert release_due(now=now()) == 1
    assert [one.proposal for one in decisions_of(again)] == [second.proposal]


def test_what_stands_in_the_way_is_named():
    call = make_call()
    nobodys = make_decision(make_proposal(call=call, status=Status.PANEL), wording=None)
    mute = make_decision(
        make_proposal(call=call, status=Status.PANEL), wording=make_wording(body="Bye.", fr="{feedback}"), feedback="Read this."
    )
    target = make_decision(make_proposal(call=call, status=Status.PANEL), outcome=Outcome.NOT_SELECTED)
    merged = make_decision(make_proposal(call=call, status=Status.PANEL), outcome=Outcome.MERGED, merged_into=target.proposal)
    release = make_release(nobodys, mute, target, merged, approved=False)
    found = {one.decision.pk: one.why for one in obstacles(decisions_of(release))}
    assert found == {
        nobodys.pk: "No wording is chosen for its letter.",
        mute.pk: "The wording has no place for “{feedback}” in: en.",
        merged.pk: f"{target.proposal.reference}, into which it is merged, is selected neither in this release nor before.",
    }


def test_the_dry_run_counts_and_names_who_is_told():
    call = make_call()
    target = make_decision(make_proposal(call=call, status=Status.PANEL))
    parents = [make_proposal(call=call, status=Status.PANEL) for _ in range(2)]
    merged = [make_decision(one, outcome=Outcome.MERGED, merged_into=target.proposal) for one in parents]
    release = make_release(target, *merged, approved=False)
    decisions = decisions_of(release)
    assert [(str(label), n) for label, n in counts(decisions)] == [("selected", 1), ("merged into another proposal", 2)]
    told = {entry.decision.pk: {str(one) for one in entry.told} for entry in entries(decisions)}
    authors = [str(one.created_by) for one in parents]
    assert told == {
        target.pk: {str(target.proposal.created_by), *authors},
        merged[0].pk: {authors[0]},
        merged[1].pk: {authors[1]},
    }


def test_what_was_released_stays():
    (decision,) = make_decisions(1)
    make_release(decision)
    release_due(now=now())
    for change in (
        lambda: Decision.objects.filter(pk=decision.pk).update(feedback="Other."),
        lambda: Decision.objects.filter(pk=decision.pk).delete(),
        lambda: Letter.objects.filter(decision=decision).update(body="Other."),
        lambda: Letter.objects.filter(decision=decision).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_a_first_phase_releases_its_invited_ones():
    call = make_call()
    make_next_phase(call)
    decision = make_decision(make_proposal(call=call, status=Status.UNDER_REVIEW), outcome=Outcome.PRELIMINARY)
    make_release(decision)
    release_due(now=now())
    decision.proposal.refresh_from_db()
    assert decision.proposal.status == Status.PRELIMINARY
