"""Check your answers and submit: gaps first, one receipt whatever is clicked, the draft kept whatever is refused."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from proposals.intake.models import Proposal, Version
from proposals.intake.states import Status, TeamRole
from proposals.outbox.models import Message
from tests.factories import make_call, make_proposal, make_staff, make_user
from tests.intake.conftest import fill

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft():
    return fill(make_proposal(by=make_user(full_name="Maria Principal"), title="Lunar seismometer"))


@pytest.fixture
def signed_in(client, draft):
    client.force_login(draft.created_by)
    return client


def submit(client, proposal, **data):
    return client.post(reverse("portal:submit", args=[proposal.pk]), {"consent": "on"} | data)


def closes_in(proposal, *, late_days=1, **ago):
    closed = timezone.now() - timedelta(**ago)
    late = None if late_days is None else closed + timedelta(days=late_days)
    proposal.call.phases.update(opens_at=closed - timedelta(days=9), closes_at=closed, late_until=late)


def test_check_shows_everything_with_change_links(signed_in, draft):
    draft.team.create(full_name="Listed Only", role=TeamRole.CO_I)
    page = signed_in.get(reverse("portal:check", args=[draft.pk])).content.decode()
    for text in (
        "Lunar seismometer",
        "What we do.",
        "10.000",
        "100.000",
        "200.000",
        "Submit letter of intent",
        "Maria Principal",
    ):
        assert text in page
    for key in ("summary", "science", "organisations", "team", "mass", "power", "envelope", "maturity", "export"):
        assert f'href="/proposals/{draft.pk}/edit/{key}/"' in page
    assert "Listed, but not told" in page


def test_check_says_what_is_missing_first_and_offers_no_button(signed_in, draft):
    Proposal.objects.filter(pk=draft.pk).update(abstract="")
    page = signed_in.get(reverse("portal:check", args=[draft.pk])).content.decode()
    assert "One thing is still missing" in page
    assert page.index(f"/proposals/{draft.pk}/edit/summary/#id_abstract") < page.index("Your answers")
    assert "Submit letter of intent</button>" not in page


def test_check_names_the_module_above_its_limit(client):
    proposal = fill(make_proposal(), "100.001")
    client.force_login(proposal.created_by)
    page = client.get(reverse("portal:check", args=[proposal.pk])).content.decode()
    assert "Module is 100.001 kg; the call allows 100.000 kg a module." in page


def test_check_costs_the_same_for_many_rows(signed_in, draft, django_assert_max_num_queries):
    url = reverse("portal:check", args=[draft.pk])
    signed_in.get(url)
    for n in range(12):
        draft.team.create(full_name=f"Person {n}", role=TeamRole.CO_I)
    with django_assert_max_num_queries(18):
        assert signed_in.get(url).status_code == 200


def test_submit_leads_to_the_receipt(signed_in, draft):
    before = timezone.now()
    answer = submit(signed_in, draft)
    version = Version.objects.get(proposal=draft)
    assert (answer.status_code, answer.url) == (302, reverse("portal:receipt", args=[draft.pk, 1]))
    assert before <= version.frozen_at <= timezone.now()
    assert Message.objects.filter(template="received").count() == 1


def test_submit_costs_the_same_for_many_rows(signed_in, draft, django_assert_num_queries):
    for n in range(12):
        draft.team.create(full_name=f"Person {n}", role=TeamRole.CO_I)
    with django_assert_num_queries(32):
        assert submit(signed_in, draft).status_code == 302


def test_submit_twice_leads_to_the_same_receipt(signed_in, draft):
    submit(signed_in, draft)
    again = signed_in.post(reverse("portal:submit", args=[draft.pk]), {"consent": "on"}, follow=True)
    assert again.redirect_chain == [(reverse("portal:receipt", args=[draft.pk, 1]), 302)]
    assert "It was already submitted" in again.content.decode()
    assert (Version.objects.count(), Message.objects.count()) == (1, 1)


def test_submit_without_consent_says_so_and_sends_nothing(signed_in, draft):
    answer = signed_in.post(reverse("portal:submit", args=[draft.pk]))
    assert (answer.status_code, Version.objects.count()) == (400, 0)
    assert "Tick the sentence" in answer.content.decode()


def test_submit_of_an_incomplete_draft_shows_the_gaps(signed_in, draft):
    Proposal.objects.filter(pk=draft.pk).update(abstract="")
    answer = submit(signed_in, draft)
    page = answer.content.decode()
    assert (answer.status_code, Version.objects.count()) == (400, 0)
    assert "Nothing was submitted: something is still missing." in page
    assert "One thing is still missing" in page


def test_submit_after_the_last_instant_keeps_the_draft(signed_in, draft):
    closes_in(draft, hours=1, late_days=None)
    answer = submit(signed_in, draft)
    draft.refresh_from_db()
    assert (answer.status_code, draft.status, Version.objects.count()) == (400, Status.DRAFT, 0)
    assert "Your draft is kept." in answer.content.decode()
    assert "Your draft is kept." in signed_in.get(reverse("portal:check", args=[draft.pk])).content.decode()


def test_submit_late_is_warned_about_kept_and_marked(signed_in, draft):
    closes_in(draft, hours=1)
    assert "will be marked late" in signed_in.get(reverse("portal:check", args=[draft.pk])).content.decode()
    submit(signed_in, draft)
    draft.refresh_from_db()
    assert draft.status == Status.LATE
    assert "Received after the deadline" in signed_in.get(reverse("portal:receipt", args=[draft.pk, 1])).content.decode()


def test_submit_is_a_post_of_the_team(client, draft):
    url = reverse("portal:submit", args=[draft.pk])
    assert client.post(url, {"consent": "on"}).url.startswith("/account/login/")
    client.force_login(draft.created_by)
    assert client.get(url).status_code == 405
    for stranger in (make_user(), make_staff()):
        client.force_login(stranger)
        assert submit(client, draft).status_code == 404
        assert client.get(reverse("portal:check", args=[draft.pk])).status_code == 404
    assert Version.objects.count() == 0


def test_check_of_a_submitted_proposal_leads_to_its_page(signed_in, draft):
    submit(signed_in, draft)
    answer = signed_in.get(reverse("portal:check", args=[draft.pk]))
    assert answer.url == reverse("portal:proposal", args=[draft.pk])


def test_check_escapes_what_people_type(client):
    evil = "<script>alert(1)</script>"
    proposal = fill(make_proposal(title=evil, call=make_call()))
    proposal.team.create(full_name=evil, role=TeamRole.CO_I)
    client.force_login(proposal.created_by)
    assert evil not in client.get(reverse("portal:check", args=[proposal.pk])).content.decode()
