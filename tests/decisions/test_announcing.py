"""The announcement: before it the public pages know nothing of a project; after it, its entry and nothing else."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from proposals.audit.models import Event
from proposals.calls.models import AnnouncedProject
from proposals.decisions.actions.after import descope
from proposals.decisions.actions.announcing import announce
from proposals.decisions.models import Announcement
from proposals.decisions.queries.announcing import announceable, entry_of
from proposals.intake.models import Access, MoveNotAllowed, Participation, Proposal
from proposals.intake.states import Status
from proposals.outbox.models import Message
from proposals.partners.models import User
from proposals.partners.states import StaffRole
from tests.factories import NOW, make_call, make_organisation, make_proposal, make_staff
from tests.test_matrix import stripped

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> User:
    return make_staff()


def public_pages(client: Client, slug: str) -> dict[str, bytes]:
    """What anyone reads of a call, less what differs between any two answers."""
    pages = [reverse("portal:home"), reverse("portal:call_list"), reverse("portal:call", args=[slug])]
    return {page: stripped(client.get(page).content) for page in pages}


def test_public_pages_do_not_change_before_the_announcement(client: Client, desk: User) -> None:
    closed = NOW - timedelta(days=400)  # no countdown runs on the pages of a closed call
    call = make_call(opens_at=closed - timedelta(days=30), closes_at=closed)
    before = public_pages(client, call.slug)
    for status in sorted(set(Status) - {Status.DRAFT}):
        make_proposal(call=call, status=status, title="Secret seismometer")
    assert public_pages(client, call.slug) == before
    announce([entry_of(Proposal.objects.get(status=Status.AGREED))], by=desk, now=NOW)
    after = public_pages(client, call.slug)
    changed = {page for page in before if before[page] != after[page]}
    assert changed == {reverse("portal:call", args=[call.slug])}


def test_announcing_writes_the_entry_and_tells_the_team(client: Client, desk: User) -> None:
    lead = make_organisation(name="Synthetic Institute of Lima", country="PE")
    proposal = make_proposal(status=Status.AGREED, lead=lead, title="Seismometer of two countries", mass_kg=Decimal("12.5"))
    partner = make_organisation(name="Synthetic University of Cape Town", country="ZA")
    Participation.objects.create(proposal=proposal, organisation=partner)
    Participation.objects.create(proposal=proposal, organisation=make_organisation(name="Another of Lima", country="PE"))
    Message.objects.all().delete()
    announce([entry_of(proposal)], by=desk, now=NOW)
    line = AnnouncedProject.objects.get(call=proposal.call)
    assert (line.title, line.mass_kg, line.level, line.position) == ("Seismometer of two countries", Decimal("12.500"), "unit", 1)
    assert line.organisations == "Synthetic Institute of Lima, Synthetic University of Cape Town, Another of Lima"
    assert [country.code for country in line.countries] == ["PE", "ZA"]
    assert line.source == f"{proposal.call.title}: announcement by its secretariat, 2027-03-01"
    assert Announcement.objects.get().project == line
    assert list(Message.objects.values_list("template", "recipient")) == [("announced", proposal.created_by.pk)]
    assert list(Event.objects.values_list("verb", flat=True)) == ["proposal.announced"]
    page = client.get(reverse("portal:call", args=[proposal.call.slug])).content.decode()
    assert "Seismometer of two countries" in page
    assert str(proposal.reference) not in page


def test_several_are_announced_together_or_not_at_all(desk: User) -> None:
    call = make_call()
    ready, also = (make_proposal(call=call, status=Status.AGREED) for _ in range(2))
    early = make_proposal(call=call, status=Status.AGREEMENT)
    with pytest.raises(MoveNotAllowed):
        announce([entry_of(one) for one in (ready, also, early)], by=desk, now=NOW)
    assert AnnouncedProject.objects.count() == 0
    ready, also = Proposal.objects.get(pk=ready.pk), Proposal.objects.get(pk=also.pk)
    with pytest.raises(ValidationError):
        announce([entry_of(ready), replace(entry_of(also), title=" ")], by=desk, now=NOW)
    assert Message.objects.count() == AnnouncedProject.objects.count() == 0
    ready, also = Proposal.objects.get(pk=ready.pk), Proposal.objects.get(pk=also.pk)
    announce([entry_of(also), entry_of(ready)], by=desk, now=NOW)
    by_reference = sorted((ready, also), key=lambda one: one.reference or "")
    assert list(AnnouncedProject.objects.values_list("position", "title")) == [
        (number, one.title) for number, one in enumerate(by_reference, 1)
    ]


def test_nothing_chosen_and_nobody_else_may(desk: User) -> None:
    with pytest.raises(ValidationError, match="at least one"):
        announce([], by=desk, now=NOW)
    entry = entry_of(make_proposal(status=Status.AGREED))
    for role in (StaffRole.OBSERVER, StaffRole.CHAIR, StaffRole.BOARD):
        with pytest.raises(PermissionDenied):
            announce([entry], by=make_staff(role=role), now=NOW)


def test_a_descoped_project_is_announced_anew_in_its_place(desk: User) -> None:
    call = make_call()
    first, second = (make_proposal(call=call, status=Status.AGREED) for _ in range(2))
    announce([entry_of(first), entry_of(second)], by=desk, now=NOW)
    places = dict(AnnouncedProject.objects.values_list("announcement__proposal", "position"))
    descope(first, reason="Less mass", by=desk, now=NOW)
    announce([replace(entry_of(first), title="Smaller rover", mass_kg=Decimal(4))], by=desk, now=NOW)
    line = AnnouncedProject.objects.get(announcement__proposal=first)
    assert (line.title, line.mass_kg, line.change, line.changed_on) == ("Smaller rover", Decimal(4), "", None)
    assert dict(AnnouncedProject.objects.values_list("announcement__proposal", "position")) == places


def test_what_can_be_announced_is_listed_to_nobody_barred(desk: User) -> None:
    for status in Status:
        make_proposal(status=status)
    found = list(announceable(desk))
    assert sorted(one.status for one in found) == [Status.AGREED, Status.DESCOPED]
    Access.objects.create(proposal=found[0], user=desk, grant=False, why="conflict:country")
    assert list(announceable(desk)) == found[1:]
