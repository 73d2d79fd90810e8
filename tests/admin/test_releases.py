"""Staff's pages of releases: prepared, read whole, approved for an instant by a second person, and invitations after it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from proposals.admin.releases.waiting import releases_waiting
from proposals.decisions.actions.deciding import withdraw
from proposals.decisions.actions.releases import release_due
from proposals.decisions.models import Release
from proposals.decisions.states import Outcome
from proposals.intake.models import Access
from proposals.intake.states import Status
from proposals.partners.states import StaffRole
from tests.factories import (
    make_call,
    make_decision,
    make_next_phase,
    make_proposal,
    make_release,
    make_staff,
    make_user,
    make_wording,
)

pytestmark = pytest.mark.django_db


def now():
    return datetime.now(UTC)


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def page(name, *args):
    return reverse(f"admin:proposals_release_{name}", args=args)


def decisions_of_one_call(count=2, **fields):
    call, by, wording = make_call(), make_staff(), make_wording(fr="Bonjour {name} : {outcome}. {feedback} {conditions}")
    made = [make_proposal(call=call, status=Status.PANEL) for _ in range(count)]
    return [make_decision(one, by=by, wording=wording, **fields) for one in made]


def test_a_release_is_prepared_read_and_approved_by_another():
    first, second = decisions_of_one_call()
    preparer, board = signed_in(make_staff()), signed_in(make_staff(role=StaffRole.BOARD))
    chooser = preparer.get(page("add")).content.decode()
    assert f'href="?phase={first.phase_id}"' in chooser
    address = page("add") + f"?phase={first.phase_id}"
    form = preparer.get(address).content.decode()
    assert (str(first.proposal.reference) in form, str(second.proposal.reference) in form) == (True, True)
    answer = preparer.post(address, {"title": "First letters", "decisions": [first.pk, second.pk]})
    release = Release.objects.get()
    assert answer["Location"] == page("change", release.pk)
    read = preparer.get(page("change", release.pk)).content.decode()
    assert "2 letters" in " ".join(re.sub(r"<[^>]+>", " ", read).split())
    assert "2 selected" in read
    assert f"Bonjour {first.proposal.created_by}" in read
    assert "another person reads it and approves it" in read
    assert preparer.post(page("act", release.pk, "approve"), {"seen": release.revision}).status_code == 403
    act = board.get(page("act", release.pk, "approve")).content.decode()
    assert "It is now " in act
    assert board.post(page("act", release.pk, "approve"), {"seen": release.revision, "release_at": ""}).status_code == 302
    assert release_due(now=now()) == 1
    assert (
        "The letter as it was released" in board.get(reverse("admin:proposals_decision_change", args=[first.pk])).content.decode()
    )


def test_an_instant_is_typed_in_beijings_time():
    release = make_release(*decisions_of_one_call(1), approved=False)
    tomorrow = (now() + timedelta(days=1)).date()
    data = {"seen": release.revision, "release_at": f"{tomorrow}T10:00"}
    assert signed_in(make_staff()).post(page("act", release.pk, "approve"), data).status_code == 302
    release.refresh_from_db()
    assert release.release_at == datetime(tomorrow.year, tomorrow.month, tomorrow.day, 2, tzinfo=UTC)


def test_what_was_prepared_again_is_read_again():
    first, second = decisions_of_one_call()
    release = make_release(first, approved=False)
    preparer, reader = signed_in(make_staff()), signed_in(make_staff())
    seen = release.revision
    again = page("again", release.pk)
    assert preparer.post(again, {"title": "More", "decisions": [first.pk, second.pk], "seen": seen}).status_code == 302
    stale = preparer.post(again, {"title": "Fewer", "decisions": [first.pk], "seen": seen}).content.decode()
    assert "Someone was faster" in stale
    shown = reader.post(page("act", release.pk, "approve"), {"seen": seen}).content.decode()
    assert "It was prepared again after you opened this page." in shown
    release.refresh_from_db()
    assert (release.approved_at, release.decisions.count()) == (None, 2)


def test_what_stands_in_the_way_is_read_and_cannot_be_approved():
    (decision,) = decisions_of_one_call(1)
    release = make_release(decision, approved=False)
    withdraw(decision.proposal, reason="No funds.", by=decision.proposal.created_by, now=now())
    client = signed_in(make_staff())
    shown = client.get(page("change", release.pk)).content.decode()
    assert "What stands in the way" in shown
    assert page("act", release.pk, "approve") not in shown
    answer = client.post(page("act", release.pk, "approve"), {"seen": release.revision}).content.decode()
    assert "The decision was dropped" in answer


def test_a_failed_release_is_an_alarm_on_the_home_page():
    (decision,) = decisions_of_one_call(1)
    client = signed_in(make_staff())
    release = make_release(decision, approved=False)
    assert "release waits for a second person" in client.get(reverse("admin:index")).content.decode()
    client.post(page("act", release.pk, "approve"), {"seen": release.revision})
    withdraw(decision.proposal, reason="No funds.", by=decision.proposal.created_by, now=now())
    assert release_due(now=now()) == 0
    assert "release could not be done" in client.get(reverse("admin:index")).content.decode()
    assert "Its instant has come, and nothing was released" in client.get(page("change", release.pk)).content.decode()


def test_a_reviewer_hears_of_no_release():
    (decision,) = decisions_of_one_call(1)
    make_release(decision, approved=False)
    reviewer = make_staff(role=StaffRole.REVIEWER)
    Access.objects.create(proposal=decision.proposal, user=reviewer, why="assignment:1")
    assert (releases_waiting(reviewer), len(releases_waiting(make_staff()))) == ([], 1)


def test_any_of_those_who_release_stops_it():
    for role in (StaffRole.SECRETARIAT, StaffRole.CHAIR, StaffRole.BOARD):
        release = make_release(*decisions_of_one_call(1), at=now() + timedelta(days=1))
        client = signed_in(make_staff(role=role))
        assert client.post(page("act", release.pk, "stop")).status_code == 302
        assert client.post(page("act", release.pk, "stop")).status_code == 403
        assert client.get(page("change", release.pk)).status_code == 200


def test_observers_read_and_do_nothing_and_others_reach_nothing():
    release = make_release(*decisions_of_one_call(1), approved=False)
    observer = signed_in(make_staff(role=StaffRole.OBSERVER))
    assert observer.get(page("changelist")).status_code == observer.get(page("change", release.pk)).status_code == 200
    for address in (page("add"), page("again", release.pk), page("invite"), page("act", release.pk, "approve")):
        assert observer.get(address).status_code == observer.post(address).status_code == 403
    for user in (make_user(), make_staff(role=StaffRole.ASSESSOR)):
        client = signed_in(user)
        for name, *arguments in (("changelist",), ("change", release.pk), ("add",), ("invite",), ("again", release.pk)):
            assert client.get(page(name, *arguments)).status_code in {302, 403, 404}


def test_whom_a_conflict_bars_finds_no_release_with_it():
    first, second = decisions_of_one_call()
    release = make_release(first, second, approved=False)
    barred = make_staff()
    Access.objects.create(proposal=first.proposal, user=barred, grant=False, why="conflict:family")
    client = signed_in(barred)
    assert "Synthetic release" not in client.get(page("changelist")).content.decode()
    assert client.get(page("change", release.pk)).status_code == 404
    assert client.get(page("again", release.pk)).status_code == 404
    assert client.get(page("act", release.pk, "stop")).status_code == 404
    assert "second person" not in client.get(reverse("admin:index")).content.decode()


def test_the_preliminarily_selected_are_invited():
    call = make_call()
    make_next_phase(call)
    proposal = make_proposal(call=call, status=Status.PRELIMINARY)
    client = signed_in(make_staff())
    assert str(proposal.reference) in client.get(page("invite")).content.decode()
    assert client.post(page("invite"), {"proposals": [str(proposal.pk)]}).status_code == 302
    proposal.refresh_from_db()
    assert (proposal.status, proposal.phase.position) == (Status.DRAFT, 2)
    assert "No proposal waits for an invitation." in client.get(page("invite")).content.decode()
    assert client.post(page("invite"), {"proposals": [str(proposal.pk)]}).status_code == 200


def test_without_a_next_phase_the_page_says_so():
    make_proposal(status=Status.PRELIMINARY)
    assert "is the last phase of its call" in signed_in(make_staff()).get(page("invite")).content.decode()


def test_pages_cost_the_same_for_one_and_for_three():
    client, counts = signed_in(make_staff()), []
    for n in (1, 3):
        release = make_release(*decisions_of_one_call(n, outcome=Outcome.RESERVE), approved=False)
        with CaptureQueriesContext(connection) as counted:
            assert client.get(page("changelist")).status_code == 200
            assert client.get(page("change", release.pk)).status_code == 200
            assert client.get(page("again", release.pk)).status_code == 200
        counts.append(len(counted))
    assert counts[0] == counts[1]
