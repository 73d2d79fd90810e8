"""The pages of a full proposal: the same proposal under its reference, with what its phase asks beyond the letter of intent."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from proposals.calls.states import PhaseKind
from proposals.intake import actions
from proposals.intake.models import Proposal
from proposals.intake.states import Status
from tests.factories import make_call, make_organisation, make_proposal, make_staff, make_user
from tests.intake.conftest import fill

pytestmark = pytest.mark.django_db


@pytest.fixture
def call():
    """The letters of intent are closed, the full proposals open."""
    now = timezone.now()
    call = make_call(closes_at=now + timedelta(days=1))
    phase = call.phases.create(
        kind=PhaseKind.FULL,
        position=2,
        title="Full proposal",
        opens_at=now - timedelta(days=1),
        closes_at=now + timedelta(days=60),
    )
    for name in ("abstract", "cost_amount", "cost_currency"):
        phase.asked.create(field=name, required=True)
    return call


@pytest.fixture
def full(call):
    """A letter of intent that was received and invited."""
    proposal = fill(make_proposal(call=call, by=make_user(full_name="Maria Principal"), title="Lunar seismometer"))
    now = timezone.now()
    actions.submit(proposal, by=proposal.created_by, now=now)
    for step in (Status.UNDER_REVIEW, Status.DECIDED, Status.PRELIMINARY):
        proposal.move(step, by=None, now=now)
    proposal.move(Status.DRAFT, by=make_staff(), now=now, also={"phase": call.phases.get(position=2)})
    call.phases.filter(position=1).update(closes_at=now - timedelta(minutes=1))
    return Proposal.objects.select_related("phase").get(pk=proposal.pk)


@pytest.fixture
def signed_in(client, full):
    client.force_login(full.created_by)
    return client


def look(client, name, *args):
    response = client.get(reverse(f"portal:{name}", args=args))
    assert response.status_code == 200
    return response.content.decode()


def test_it_is_a_draft_of_its_phase_under_its_reference(signed_in, full):
    for page in (look(signed_in, "dashboard"), look(signed_in, "task_list", full.pk), look(signed_in, "proposal", full.pk)):
        assert "Full proposal: draft" in page
        assert full.reference in page


def test_the_list_says_what_is_new(signed_in, full):
    page = look(signed_in, "task_list", full.pk)
    assert "You are invited to this phase: Full proposal." in page
    assert page.count("New in this phase") == 1
    assert "Discard this draft" not in page


def test_it_is_withdrawn_not_discarded(signed_in, full):
    assert signed_in.get(reverse("portal:discard", args=[full.pk])).url == reverse("portal:proposal", args=[full.pk])
    assert "Why do you withdraw it?" in look(signed_in, "withdraw", full.pk)
    assert "Read what withdrawing means" in look(signed_in, "proposal", full.pk)


def test_its_lead_is_shown_and_cannot_be_changed(signed_in, full):
    other = make_organisation()
    full.created_by.memberships.create(organisation=other)
    url = reverse("portal:section", args=[full.pk, "organisations"])
    response = signed_in.get(url)
    assert "The organisation that was invited leads in this phase too" in response.content.decode()
    assert list(response.context["lead"].known) == [full.lead_id]
    assert signed_in.post(url, {"lead": str(other.pk), "revision": "0"}).status_code == 400
    assert Proposal.objects.get(pk=full.pk).lead == full.lead


def test_its_first_version_is_compared_with_the_letter(signed_in, full):
    now = timezone.now()
    values = {"cost_amount": "2000000.00", "cost_currency": "EUR"}
    actions.save_section(full, key="cost", values=values, revision=0, by=full.created_by, now=now)
    answer = signed_in.post(reverse("portal:submit", args=[full.pk]), {"consent": "on"})
    assert answer.url == reverse("portal:receipt", args=[full.pk, 2])
    receipt = look(signed_in, "receipt", full.pk, 2)
    assert '<dt>Phase</dt><dd dir="auto">Full proposal</dd>' in receipt
    assert '<dt>Phase</dt><dd dir="auto">Letter of intent</dd>' in look(signed_in, "receipt", full.pk, 1)
    page = look(signed_in, "changes", full.pk, 2)
    heads = ['Version 1 <span class="lp-muted">Letter of intent</span>', 'Version 2 <span class="lp-muted">Full proposal</span>']
    assert [head for head in heads if head not in page] == []
    assert "2000000" in page.replace(",", "").replace("\u202f", "").replace("\xa0", "")
    assert "Invited to the next phase: Full proposal" in look(signed_in, "proposal", full.pk)


def test_check_does_not_take_it_for_a_correction(signed_in, full):
    values = {"cost_amount": "2000000.00", "cost_currency": "EUR"}
    actions.save_section(full, key="cost", values=values, revision=0, by=full.created_by, now=timezone.now())
    page = look(signed_in, "check", full.pk)
    assert "Submit full proposal" in page
    assert "This is a correction" not in page


def test_a_new_proposal_is_not_begun_in_a_later_phase(signed_in, full, call):
    page = look(signed_in, "start", call.slug)
    assert "By invitation only" in page
    assert "Begin the draft" not in page
    url = reverse("portal:start", args=[call.slug])
    assert signed_in.post(url, {"level": "unit", "title": "Another"}).status_code == 200
    assert Proposal.objects.count() == 1
    assert f'href="{url}"' not in look(signed_in, "call", call.slug)


def test_a_call_in_its_first_phase_offers_the_start(client):
    call = make_call()
    assert f'href="{reverse("portal:start", args=[call.slug])}"' in look(client, "call", call.slug)
