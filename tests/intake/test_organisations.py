"""Merging two entries of one organisation: its proposals follow, each naming it once."""

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from proposals.intake.actions import merge_organisations
from proposals.intake.models import Participation
from proposals.intake.states import Status
from tests.factories import make_organisation, make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db


def test_merge_takes_the_proposals_along() -> None:
    ended, kept = make_organisation(country="PK"), make_organisation(country="IT")
    led = make_proposal(lead=ended, status=Status.SUBMITTED)
    joined = make_proposal()
    both = make_proposal()
    Participation.objects.create(proposal=joined, organisation=ended)
    Participation.objects.create(proposal=both, organisation=ended)
    Participation.objects.create(proposal=both, organisation=kept, position=2)
    member = led.team.get()
    member.organisation = ended
    member.save()

    merge_organisations(ended, into=kept, by=make_staff(), now=timezone.now())

    led.refresh_from_db()
    member.refresh_from_db()
    assert led.lead == kept
    assert led.countries == ["IT"]
    assert member.organisation == kept
    assert [p.organisation for p in joined.participations.all()] == [kept]
    assert [p.organisation for p in both.participations.all()] == [kept]


def test_merge_is_for_the_secretariat() -> None:
    ended, kept = make_organisation(), make_organisation()
    proposal = make_proposal(lead=ended)
    with pytest.raises(PermissionDenied):
        merge_organisations(ended, into=kept, by=make_user(), now=timezone.now())
    proposal.refresh_from_db()
    assert proposal.lead == ended
