"""The proposal's page: shown words, no name of staff, no note; versions in words; an end that is asked about."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from proposals.intake import actions
from proposals.intake.models import Note
from proposals.intake.states import SHOWN_AS, Status
from tests.factories import make_proposal, make_staff, make_user
from tests.intake.conftest import fill

pytestmark = pytest.mark.django_db
SECRET = "Zhao Secretarial"


@pytest.fixture
def staff():
    return make_staff(full_name=SECRET)


def page_of(client, proposal, name="proposal", *more):
    client.force_login(proposal.created_by)
    answer = client.get(reverse(f"portal:{name}", args=[proposal.pk, *more]))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("status", list(Status))
def test_proposal_shows_each_status_in_its_word(client, status):
    assert str(SHOWN_AS[status]) in page_of(client, make_proposal(status=status))


def test_proposal_never_shows_staff_notes_tags_or_who_handles_it(client, staff):
    proposal = fill(make_proposal())
    now = timezone.now()
    actions.submit(proposal, by=proposal.created_by, now=now)
    actions.assign(proposal, to=staff, by=staff, now=now)
    actions.tag(proposal, tags=["suspicious"], by=staff, now=now)
    Note.objects.create(proposal=proposal, text="Between us", by=staff, at=now)
    actions.ask(proposal, question="Which band?", due_at=now + timedelta(days=3), by=staff, now=now)
    actions.answer(proposal, text="S band", by=proposal.created_by, now=now)
    actions.return_for_correction(proposal, reason="Say more.", correct_by=now + timedelta(days=9), by=staff, now=now)
    page = page_of(client, proposal)
    for hidden in (SECRET, staff.email, "suspicious", "Between us", "eligibility check"):
        assert hidden not in page
    for shown in ("Which band?", "S band", "Say more.", "the secretariat", "Your answer was received", "Correct the proposal"):
        assert shown in page


def test_proposal_shows_only_moves_that_change_what_is_shown(client, staff):
    proposal = make_proposal(status=Status.SUBMITTED)
    before = page_of(client, proposal).count("lp-timeline__item ")
    actions.receive(proposal, by=staff, now=timezone.now())
    assert page_of(client, proposal).count("lp-timeline__item ") == before == 2


def test_versions_differ_in_words_and_units(client, staff):
    proposal = fill(make_proposal(), "10.000")
    now = timezone.now()
    actions.submit(proposal, by=proposal.created_by, now=now)
    actions.return_for_correction(proposal, reason="Mass?", correct_by=now + timedelta(days=9), by=staff, now=now)
    module = proposal.modules.get()
    module.elements.update(cbe_kg="12.500")
    values = {"abstract": "We say more.", "title": proposal.title}
    actions.save_section(proposal, key="summary", values=values, revision=0, by=proposal.created_by, now=now)
    proposal.team.filter(full_name="Administrator").delete()
    proposal.team.create(full_name="New Administrator", role="administrative")
    actions.submit(proposal, by=proposal.created_by, now=now)
    page = page_of(client, proposal, "changes", 2)
    for text in ("What we do.", "We say more.", "12.500\u00a0kg", "10.000\u00a0kg", "New Administrator", "Title and abstract"):
        assert text in page
    for raw in ("cbe_kg", "fields", "received_at", "sha256"):
        assert raw not in page
    assert "first version" in page_of(client, proposal, "changes", 1)
    assert "12.500\u00a0kg" in page_of(client, proposal, "version", 2)
    assert "12.500\u00a0kg" not in page_of(client, proposal, "version", 1)


def test_another_agencys_proposal_is_as_one_that_does_not_exist(client):
    proposal = make_proposal(status=Status.SUBMITTED)
    client.force_login(make_user())
    missing = "00000000-0000-4000-8000-000000000000"
    for name, more in (("proposal", []), ("withdraw", []), ("answer", []), ("discard", []), ("version", [1]), ("changes", [1])):
        pages = []
        for pk in (str(proposal.pk), missing):
            answer = client.get(reverse(f"portal:{name}", args=[pk, *more]))
            page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())
            pages.append((answer.status_code, page.replace(pk, "")))
        assert pages[0] == pages[1]
        assert pages[0][0] == 404


def test_withdraw_asks_for_a_reason_and_says_who_is_told(client):
    proposal = make_proposal(status=Status.SUBMITTED)
    page = page_of(client, proposal, "withdraw")
    assert "This cannot be undone" in page
    assert proposal.created_by.full_name in page
    url = reverse("portal:withdraw", args=[proposal.pk])
    assert client.post(url, {"reason": " "}).status_code == 400
    assert client.post(url, {"reason": "No funds."}).url == reverse("portal:proposal", args=[proposal.pk])
    proposal.refresh_from_db()
    assert proposal.status == Status.WITHDRAWN
    assert "No funds." in page_of(client, proposal)
    assert client.post(url, {"reason": "Again."}).url == reverse("portal:proposal", args=[proposal.pk])


def test_get_changes_nothing(client):
    draft, sent = make_proposal(), make_proposal(status=Status.SUBMITTED)
    page_of(client, draft, "discard")
    page_of(client, sent, "withdraw")
    for proposal in (draft, sent):
        was = proposal.status
        proposal.refresh_from_db()
        assert proposal.status == was


def test_discard_ends_a_draft_only(client):
    draft, sent = make_proposal(), make_proposal(status=Status.SUBMITTED)
    client.force_login(draft.created_by)
    assert client.post(reverse("portal:discard", args=[draft.pk])).url == reverse("portal:dashboard")
    client.force_login(sent.created_by)
    client.post(reverse("portal:discard", args=[sent.pk]))
    for proposal, status in ((draft, Status.WITHDRAWN), (sent, Status.SUBMITTED)):
        proposal.refresh_from_db()
        assert proposal.status == status


def test_proposal_costs_the_same_for_many_rows(client, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    proposal = fill(make_proposal())
    actions.submit(proposal, by=proposal.created_by, now=timezone.now())
    page_of(client, proposal)
    with CaptureQueriesContext(connection) as few:
        page_of(client, proposal)
    for n in range(5):
        proposal.team.create(full_name=f"Person {n}", role="co_i")
        proposal.clarifications.create(
            asked_in="submitted", question="?", asked_by=make_staff(), asked_at=timezone.now(), due_at=timezone.now(),
            answer="!", answered_by=proposal.created_by, answered_at=timezone.now(),
        )  # fmt: skip
    with django_assert_num_queries(len(few)):
        page_of(client, proposal)
