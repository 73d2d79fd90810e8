"""The page of a call's own questions, in their seven kinds."""

import pytest
from django.urls import reverse

from proposals.calls.models import Question
from tests.factories import make_proposal, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return make_user()


@pytest.fixture
def signed_in(client, user):
    client.force_login(user)
    return client


def url(proposal, key, name="section"):
    return reverse(f"portal:{name}", args=[proposal.pk, key])


QUESTIONS = [
    ("text", "A line", "A line"),
    ("long_text", "Two\r\nlines", "Two\nlines"),
    ("number", "1 234,50", "1234.5"),
    ("choice", "blue", "blue"),
    ("yes_no", "no", "no"),
    ("date", "2029-03-31", "2029-03-31"),
]


def test_the_calls_own_questions_are_answered_in_their_kinds(signed_in, user):
    proposal = make_proposal(by=user)
    asked = {
        kind: Question.objects.create(phase=proposal.phase, kind=kind, label=f"A {kind}?", unit="Bq", choices=["red", "blue"])
        for kind in [*(kind for kind, *_rest in QUESTIONS), "file"]
    }
    page = signed_in.get(url(proposal, "questions")).content.decode()
    assert f"?question={asked['file'].pk}" in page
    typed = {f"question-{asked[kind].pk}": value for kind, value, _kept in QUESTIONS}
    assert signed_in.post(url(proposal, "questions"), {**typed, "revision": "0"}).status_code == 302
    kept = {answer.question.kind: answer.value for answer in proposal.answers.all()}
    assert kept == {kind: value for kind, _typed, value in QUESTIONS}


@pytest.mark.parametrize(("kind", "typed"), [("number", "many"), ("choice", "green"), ("yes_no", "perhaps"), ("date", "31.3.29")])
def test_an_answer_of_the_wrong_kind_is_refused(signed_in, user, kind, typed):
    proposal = make_proposal(by=user)
    question = Question.objects.create(phase=proposal.phase, kind=kind, label="?", choices=["red"])
    page = signed_in.post(url(proposal, "questions"), {f"question-{question.pk}": typed, "revision": "0"})
    assert (page.status_code, list(page.context["form"].errors)) == (422, [f"question-{question.pk}"])
