"""The team reads its agreement: counterpart, checklist, dates, conditions; and nobody else does."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from proposals.decisions.actions import after, agreements
from proposals.decisions.models import Agreement, AgreementItem
from proposals.intake.states import Status
from proposals.partners.models import User
from tests.decisions.test_conditions import conditional
from tests.factories import NOW, make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> User:
    return make_staff(full_name="Desk Person")


@pytest.fixture
def agreement(desk: User) -> Agreement:
    proposal = make_proposal(status=Status.SELECTED)
    return agreements.open_agreement(
        proposal, counterpart="Institute of Synthetic Rocks", contact="Dr Li", planned_on=date(2027, 5, 4), by=desk, now=NOW
    )


def page_of(agreement: Agreement) -> str:
    return reverse("portal:agreement", args=[agreement.proposal_id])


def test_the_team_reads_counterpart_dates_and_checklist_but_no_name_of_staff(
    agreement: Agreement, desk: User, client: Client
) -> None:
    agreements.tick(agreement, items=[agreement.items.all()[0]], by=desk, now=NOW)
    client.force_login(agreement.proposal.created_by)
    page = client.get(page_of(agreement)).content.decode()
    for said in ("Institute of Synthetic Rocks", "Dr Li", "2027-05-04", "1 of 8 are done", "Liability and registration settled"):
        assert said in page
    assert "Desk Person" not in page


def test_the_shipped_checklist_is_read_in_ones_own_language_and_an_edited_line_as_written(
    agreement: Agreement, desk: User, client: Client
) -> None:
    new = AgreementItem(text="A line of our own", position=9)
    agreements.save(agreement, rows=[new], by=desk, now=NOW)
    reader = agreement.proposal.created_by
    client.force_login(reader)
    assert "A line of our own" in client.get(page_of(agreement)).content.decode()


def test_a_rival_finds_nothing_and_a_stranger_signs_in(agreement: Agreement, client: Client) -> None:
    assert client.get(page_of(agreement)).status_code == 302
    client.force_login(make_user())
    assert client.get(page_of(agreement)).status_code == 404


def test_the_proposals_page_leads_to_it_and_says_why_it_ended(agreement: Agreement, desk: User, client: Client) -> None:
    client.force_login(agreement.proposal.created_by)
    whole = reverse("portal:proposal", args=[agreement.proposal_id])
    assert page_of(agreement) in client.get(whole).content.decode()
    after.cancel(agreement.proposal, reason="The partner's funding ended", by=desk, now=NOW)
    page = client.get(whole).content.decode()
    assert "The project was cancelled" in page
    assert "The partner&#x27;s funding ended" in page


def test_the_team_of_a_conditional_selection_reads_its_conditions(client: Client) -> None:
    proposal = conditional("Reduce the mass to 9 kg")
    client.force_login(proposal.created_by)
    page = client.get(reverse("portal:agreement", args=[proposal.pk])).content.decode()
    assert "Reduce the mass to 9 kg" in page
    assert "No agreement is in preparation yet" in page
