"""The demonstration's data: complete, in every state, and the same when seeded twice."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from proposals.calls.models import AnnouncedProject, Call
from proposals.demo.actions import seed
from proposals.demo.bulk import seed_bulk
from proposals.demo.people import seed_organisations, seed_staff
from proposals.demo.reference import load, seed_calls
from proposals.intake.models import Circular, Proposal
from proposals.intake.queries.reconciliation import untold
from proposals.intake.states import Status
from proposals.outbox.models import Message
from proposals.partners.models import Organisation, User
from proposals.partners.states import StaffRole
from proposals.review.models import Expert

pytestmark = pytest.mark.django_db
# What comes after the review is the story's to show.
FIRST_STATES = {
    *("draft", "submitted", "late", "eligibility", "returned", "clarification", "under_review", "ineligible", "withdrawn"),
}


def test_seed_files_41_proposals_in_every_first_state_and_twice_adds_nothing() -> None:
    now = timezone.now()
    seed(now)
    rows = {
        "proposals": Proposal.objects.count(),
        "messages": Message.objects.count(),
        "people": User.objects.count(),
        "organisations": Organisation.objects.count(),
        "circulars": Circular.objects.held().count(),
    }
    wanted = Counter(entry["status"] for entry in load("synthetic_proposals"))
    assert Counter(Proposal.objects.values_list("status", flat=True)) == wanted
    assert set(wanted) == FIRST_STATES
    assert rows["proposals"] == 41
    assert list(Call.objects.open(now).values_list("code", flat=True)) == ["CE8D"]
    assert AnnouncedProject.objects.filter(call__code="CE8").count() == 10
    assert Call.objects.filter(is_synthetic=False).count() == 3
    assert {user.staff_role for user in User.objects.exclude(staff_role="")} == set(StaffRole.values) - {""}
    assert set(Expert.objects.values_list("user__staff_role", flat=True)) == {StaffRole.REVIEWER, StaffRole.ASSESSOR}
    assert untold(since=now - timedelta(days=1000)) == []
    assert seed(now) == {"organisations in the directory": 0, "calls": 0, "proposals": 0, "wordings": 0}
    assert rows["messages"] == Message.objects.count()
    assert rows["people"] == User.objects.count()
    assert rows["organisations"] == Organisation.objects.count()
    assert rows["circulars"] == Circular.objects.held().count() == 1


def test_bulk_adds_rows_in_legal_states() -> None:
    now = timezone.now()
    desk = seed_staff()[0]
    seed_calls(now)
    seed_organisations(now, desk)
    seed_bulk(40, now)
    seed_bulk(20, now)
    assert Proposal.objects.filter(reference__startswith="CE8D-B").count() == 60
    assert Proposal.objects.filter(reference__startswith="CE8D-B", status=Status.LATE, is_late=True).count() == 3
