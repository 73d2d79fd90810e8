"""Saving while typing: what is sound is kept, what is not is named, conflicts and lost sessions are told in JSON."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from proposals.intake import actions
from proposals.intake.models import Access, Proposal, Section
from proposals.intake.states import Status
from tests.factories import make_module, make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return make_user()


@pytest.fixture
def signed_in(client, user):
    client.force_login(user)
    return client


def url(proposal, key="summary"):
    return reverse("portal:autosave", args=[proposal.pk, key])


def send(client, proposal, key="summary", **fields):
    return client.post(url(proposal, key), {"revision": "0", **fields}, headers={"X-Autosave": "1"})


def test_a_save_answers_with_the_new_revision_and_the_next_one_goes_through(signed_in, user):
    proposal = make_proposal(by=user)
    first = send(signed_in, proposal, title="One")
    section = Section.objects.get()
    assert (first.status_code, first.json()) == (200, {"revision": 1, "saved_at": section.saved_at.isoformat(), "fields": {}})
    assert send(signed_in, proposal, title="Two", revision="1").json()["revision"] == 2
    assert Proposal.objects.get().title == "Two"


def test_what_is_sound_is_kept_and_what_is_not_is_named(signed_in, user):
    proposal = make_proposal(by=user)
    module = make_module(proposal, "1")
    good, bad = f"module-{module.pk}-power_average_w", f"module-{module.pk}-power_peak_w"
    answer = send(signed_in, proposal, "power", **{good: "12", bad: "12 W"})
    assert answer.status_code == 422
    assert answer.json()["errors"] == {bad: ["“12 W” is not a number. Type the figure alone, without its unit."]}
    assert answer.json()["revision"] == 1
    module.refresh_from_db()
    assert (module.power_average_w, module.power_peak_w) == (12, None)


def test_where_nothing_is_sound_nothing_is_saved(signed_in, user):
    proposal = make_proposal(by=user)
    answer = send(signed_in, proposal, title="x" * 300)
    assert (answer.status_code, list(answer.json())) == (422, ["errors"])
    assert Section.objects.count() == 0


def test_a_field_that_was_not_on_the_page_is_left_alone(signed_in, user):
    proposal = make_proposal(by=user, abstract="Kept")
    send(signed_in, proposal, title="New")
    assert Proposal.objects.get().abstract == "Kept"


def test_a_page_saved_meanwhile_is_told_and_not_overwritten(signed_in, user):
    proposal, other = make_proposal(by=user), make_user(full_name="Synthetic Okafor")
    Access.objects.create(proposal=proposal, user=other, why="team")
    actions.save_section(proposal, key="summary", values={"title": "Theirs"}, revision=0, by=other, now=timezone.now())
    answer = send(signed_in, proposal, title="Mine")
    assert answer.status_code == 409
    assert answer.json()["message"].startswith("Synthetic Okafor saved this page meanwhile.")
    assert Proposal.objects.get().title == "Theirs"


def test_a_save_whose_answer_was_lost_is_known_when_it_comes_again(signed_in, user):
    proposal = make_proposal(by=user)
    answers = [send(signed_in, proposal, title="Same") for _time in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer.json()["revision"] for answer in answers] == [1, 1]


def test_signed_out_is_401_in_json(client):
    answer = send(client, make_proposal(), title="Lost")
    assert (answer.status_code, answer.json()) == (401, {"message": "You are signed out."})


def test_another_teams_draft_does_not_exist(signed_in):
    theirs = make_proposal(title="Secret")
    assert send(signed_in, theirs, title="Taken").status_code == 404
    assert Proposal.objects.get().title == "Secret"


@pytest.mark.parametrize("key", ["organisations", "team", "endorsement", "files", "nothing", "cost", "mass"])
def test_pages_that_are_not_asked_or_not_saved_while_typing_do_not_exist(signed_in, user, key):
    proposal = make_proposal(by=user, level="mission", forms=["surface"])
    assert send(signed_in, proposal, key).status_code == 404


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.WITHDRAWN])
def test_a_proposal_that_can_no_longer_be_changed_is_403_in_json(signed_in, user, status):
    proposal = make_proposal(by=user, status=status)
    answer = send(signed_in, proposal, title="Late")
    assert (answer.status_code, answer.json()) == (403, {"message": "This proposal can no longer be changed."})


def test_staff_who_see_a_proposal_do_not_write_it(client):
    proposal = make_proposal(status=Status.SUBMITTED)
    client.force_login(make_staff())
    assert send(client, proposal, title="Staff's").status_code == 403


def test_a_forged_or_stale_key_is_403_in_json(user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    answer = send(client, make_proposal(by=user), title="Forged")
    assert (answer.status_code, list(answer.json())) == (403, ["message"])
    by_hand = client.post(url(make_proposal(by=user)), {"title": "Typed"})
    assert (by_hand.status_code, "Typed" in by_hand.content.decode()) == (403, True)


def test_reading_the_address_is_not_saving(signed_in, user):
    assert signed_in.get(url(make_proposal(by=user))).status_code == 405
