"""The answer to a question: once, by the team, and never lost."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from proposals.intake import actions
from proposals.intake.models import Clarification
from proposals.intake.states import Status
from tests.factories import make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked():
    proposal = make_proposal(status=Status.SUBMITTED)
    now = timezone.now()
    actions.ask(proposal, question="Which band?", due_at=now + timedelta(days=3), by=make_staff(), now=now)
    return proposal


def answer(client, proposal, text="S band"):
    return client.post(reverse("portal:answer", args=[proposal.pk]), {"text": text})


def test_answer_page_shows_the_question_and_takes_the_answer(client, asked):
    client.force_login(asked.created_by)
    assert "Which band?" in client.get(reverse("portal:answer", args=[asked.pk])).content.decode()
    assert answer(client, asked).url == reverse("portal:proposal", args=[asked.pk])
    asked.refresh_from_db()
    assert (asked.status, Clarification.objects.get().answer) == (Status.ELIGIBILITY, "S band")


def test_answer_needs_words_and_keeps_what_is_too_long(client, asked):
    client.force_login(asked.created_by)
    assert answer(client, asked, " ").status_code == 400
    long = answer(client, asked, "word " * 2000)
    assert long.status_code == 400
    assert "word word" in long.content.decode()


def test_answer_twice_says_it_is_there_and_another_is_given_back(client, asked):
    client.force_login(asked.created_by)
    answer(client, asked)
    assert answer(client, asked).url == reverse("portal:proposal", args=[asked.pk])
    other = answer(client, asked, "No, X band")
    assert other.status_code == 403
    assert "No, X band" in other.content.decode()
    assert Clarification.objects.get().answer == "S band"


def test_answer_signed_out_is_given_back(client, asked):
    gone = answer(client, asked, "A long answer")
    assert gone.status_code == 403
    assert "A long answer" in gone.content.decode()
    assert client.get(reverse("portal:answer", args=[asked.pk])).url.startswith("/account/login/?next=/proposals/")


def test_answer_is_the_teams_own(client, asked):
    client.force_login(make_user())
    assert answer(client, asked).status_code == 404
    client.force_login(make_staff())
    assert answer(client, asked).status_code == 403
    asked.refresh_from_db()
    assert asked.status == Status.CLARIFICATION


def test_answer_with_control_characters_is_kept_without_them(client, asked):
    client.force_login(asked.created_by)
    answer(client, asked, "S\x00 band\x07")
    assert Clarification.objects.get().answer == "S band"
