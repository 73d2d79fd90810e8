"""The task list and the pages of plain fields: saved at every step, nobody overwritten, nothing typed lost."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from proposals.calls.models import Asked, Question
from proposals.calls.states import Level
from proposals.intake import actions
from proposals.intake.models import Access, MissionSheet, Module, Proposal, Section, TeamMember
from proposals.intake.states import Status, TeamRole
from tests.factories import make_call, make_module, make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return make_user(full_name="Synthetic Bianchi")


@pytest.fixture
def signed_in(client, user):
    client.force_login(user)
    return client


def url(proposal, key="", name="section"):
    return reverse(f"portal:{name}", args=[proposal.pk, *([key] if key else [])])


def colleague_of(proposal, **fields):
    other = make_user(**fields)
    Access.objects.create(proposal=proposal, user=other, why="team")
    TeamMember.objects.create(
        proposal=proposal, full_name=other.full_name, role=TeamRole.CO_I, user=other, accepted_at=timezone.now()
    )
    return other


SUMMARY = {"title": "Moonquakes", "acronym": "MQ", "abstract": "We listen.", "keywords": "", "revision": "0"}


def test_task_list_says_how_far_each_page_is_what_is_missing_and_who_saved_it(signed_in, user):
    proposal = make_proposal(by=user, title="")
    actions.save_section(proposal, key="summary", values={"abstract": "Text"}, revision=0, by=user, now=timezone.now())

    page = signed_in.get(url(proposal, name="task_list"))

    assert page.status_code == 200
    assert [row.section.key for row in page.context["rows"]][:2] == ["summary", "science"]
    content = page.content.decode()
    assert f'href="{url(proposal, "summary")}#div_id_title"' in content
    assert "“title” is missing." in content
    assert "Last saved by Synthetic Bianchi" in content


def test_a_page_is_saved_and_leads_to_the_next_or_to_the_list(signed_in, user):
    proposal = make_proposal(by=user, title="")
    first = signed_in.post(url(proposal, "summary"), {**SUMMARY, "then": "next"})
    assert first.url == url(proposal, "science") + "?saved=summary"
    second = signed_in.post(url(proposal, "summary"), {**SUMMARY, "revision": "1", "title": "Moonquakes II", "then": "list"})
    assert second.url == url(proposal, name="task_list") + "?saved=summary"
    proposal.refresh_from_db()
    assert (proposal.title, proposal.acronym, proposal.abstract) == ("Moonquakes II", "MQ", "We listen.")


def test_an_incomplete_page_is_saved(signed_in, user):
    proposal = make_proposal(by=user, title="")
    assert signed_in.post(url(proposal, "summary"), {"title": "", "abstract": "", "revision": "0"}).status_code == 302
    assert Section.objects.get(proposal=proposal).revision == 1


def test_the_page_asks_only_what_the_phase_asks(signed_in, user):
    call = make_call()
    Asked.objects.create(phase=call.phases.get(), field="acronym", required=False)
    proposal = make_proposal(by=user, call=call)
    form = signed_in.get(url(proposal, "summary")).context["form"]
    assert list(form.fields) == ["title", "acronym"]
    assert (form.fields["title"].required, form.fields["acronym"].required) == (True, False)
    assert signed_in.get(url(proposal, "cost")).status_code == 404
