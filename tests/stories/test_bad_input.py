"""Bad input that no other test names: each meets a clear message or a 404, nothing is lost, nothing breaks.

Files, figures, units, control characters and closed calls on the pages of the form are tested in `tests/portal`,
another's draft by URL in `tests/test_matrix.py`, used and forged invitations in `tests/portal/test_invitations.py`.
"""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from proposals.intake.models import Proposal, Version
from proposals.intake.states import Status
from proposals.outbox import tasks
from proposals.outbox.gateways.bell import Bell
from proposals.outbox.models import Message
from proposals.outbox.states import Delivery
from proposals.partners.models import Organisation
from tests.factories import make_organisation, make_proposal, make_staff, make_user
from tests.intake.conftest import fill
from tests.proofs.sink import Sink
from tests.stories.person import Person, text_of

TEN_MEGABYTES = "x" * 10_000_000
NOWHERE = "redis://127.0.0.1:1/0"


def ready(**fields: Any) -> tuple[Client, Proposal]:
    """A complete draft, and its author signed in."""
    proposal = fill(make_proposal(by=make_user(full_name="Maria Principal"), **fields))
    client = Client()
    client.force_login(proposal.created_by)
    return client, proposal


def submit(client: Client, proposal: Proposal) -> Any:
    return client.post(reverse("portal:submit", args=[proposal.pk]), {"consent": "on"})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "field", "status"),
    [
        ("answer", "text", Status.CLARIFICATION),
        ("withdraw", "reason", Status.SUBMITTED),
        ("upload", "title", Status.DRAFT),
    ],
)
def test_ten_megabytes_of_text_about_a_proposal_are_refused_in_words(name: str, field: str, status: Status) -> None:
    proposal = make_proposal(status=status)
    client = Client()
    client.force_login(proposal.created_by)
    answer = client.post(reverse(f"portal:{name}", args=[proposal.pk]), {field: TEN_MEGABYTES})
    assert answer.status_code == 400
    assert "This is too much text for one form" in text_of(answer)
    assert Proposal.objects.get(pk=proposal.pk).status == status


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/account/signup/", "/account/login/", "/verify/", "/organisations/new/", "/preferences/"])
def test_ten_megabytes_of_text_anywhere_are_refused_in_words(address: str) -> None:
    client = Client()
    if address in {"/organisations/new/", "/preferences/"}:
        client.force_login(make_user())
    answer = client.post(address, {"email": TEN_MEGABYTES, "name": TEN_MEGABYTES})
    assert answer.status_code == 400
    assert "This is too much text for one form" in text_of(answer)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("act", "field"), [("return", "reason"), ("ask", "question"), ("note", "text"), ("ineligible", "reason")]
)
def test_nul_in_words_of_the_secretariat_is_told_and_moves_nothing(act: str, field: str) -> None:
    proposal = make_proposal(status=Status.SUBMITTED)
    client = Client()
    client.force_login(make_staff())
    given = {field: "Please\x00correct", "correct_by": "2999-01-01T00:00", "due_at": "2999-01-01T00:00"}
    answer = client.post(reverse("admin:proposals_proposal_act", args=[proposal.pk, act]), given)
    assert answer.status_code == 200
    assert "Null characters are not allowed." in text_of(answer)
    assert Proposal.objects.get(pk=proposal.pk).status == Status.SUBMITTED


@pytest.mark.django_db
def test_control_characters_in_a_withdrawal_never_reach_the_database() -> None:
    proposal = make_proposal(status=Status.SUBMITTED)
    client = Client()
    client.force_login(proposal.created_by)
    client.post(reverse("portal:withdraw", args=[proposal.pk]), {"reason": "No\x00 funds\x1b[31m\x07\nany more"})
    assert proposal.moves.get(now=Status.WITHDRAWN).note == "No funds[31m\nany more"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["Talweg\x00Institute", "\x00", "Tal\x07weg"])
def test_control_characters_in_the_name_of_an_organisation_are_told_or_dropped(name: str) -> None:
    client = Client()
    client.force_login(make_user())
    answer = client.post("/organisations/new/", {"name": name, "kind": "institute", "country": "PE"})
    assert answer.status_code in {302, 400}
    assert [one for one in Organisation.objects.values_list("name", flat=True) if not one.isprintable()] == []


@pytest.mark.django_db
def test_control_characters_in_the_name_of_a_tab_are_dropped() -> None:
    staff, client = make_staff(), Client()
    client.force_login(staff)
    answer = client.post(reverse("admin:proposals_proposal_changelist") + "?view=all", {"name": "Late\x00\x1b ones"})
    assert answer.status_code == 302
    assert [name.isprintable() for name in staff.saved_views.values_list("name", flat=True)] == [True]


@pytest.mark.django_db
@pytest.mark.parametrize("word", ["\x00", "%00", "' OR 1=1 --", "\ud800".encode("utf-8", "surrogatepass"), "x" * 5000])
def test_any_word_can_be_searched_for(word: Any) -> None:
    make_organisation(in_directory=True)
    partner, staff = Client(), Client()
    partner.force_login(make_user())
    staff.force_login(make_staff())
    for client, address in (
        (partner, "/organisations/"),
        (staff, "/staff/proposals/proposal/"),
        (staff, "/staff/proposals/user/"),
    ):
        assert client.get(address, {"q": word}).status_code in {200, 302, 400}


@pytest.mark.django_db
def test_an_expired_link_to_confirm_an_address_says_so_and_signs_nobody_in(mailbox: Any) -> None:
    person = Person()
    person.open("/account/signup/")
    given = {"Full name": "Amaru Talweg", "E-mail address": "amaru@example.org", "Password": "a radar under the regolith 8"}
    person.press("Create the account", given)
    words = str(mailbox("amaru@example.org")[0].get_body(("plain",)).get_content())
    link = next(word for word in words.split() if "/confirm-email/" in word)
    with time_machine.travel(timezone.now() + timedelta(days=30)):
        person.open(link)
        assert person.reads("This link has run out, was used already or is not complete.")
        assert person.client.get("/dashboard/").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_submit_with_a_dead_broker_answers_at_once_and_the_receipt_comes_by_the_sweep(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    from celery import current_app

    send = current_app.send_task
    dead = current_app.connection_for_write(NOWHERE)
    bell = Bell()
    monkeypatch.setattr("proposals.outbox.gateways.bell.bell", bell)
    monkeypatch.setattr(current_app, "send_task", lambda name, **options: send(name, connection=dead, **options))
    client, proposal = ready()

    began = time.monotonic()
    answer = submit(client, proposal)
    took_s = time.monotonic() - began

    assert (answer.status_code, answer["Location"]) == (302, reverse("portal:receipt", args=[proposal.pk, 1]))
    assert took_s < 2
    assert bell.quiet_until > began  # it was rung, and nobody answered
    receipt = Message.objects.get(about_id=str(proposal.pk))
    assert (receipt.delivery, sink.mails) == (Delivery.QUEUED, [])

    tasks.sweep()

    receipt.refresh_from_db()
    assert receipt.delivery == Delivery.SENT
    assert [mail.mail["Message-ID"] for mail in sink.to(proposal.created_by.email)] == [receipt.message_id]


@pytest.mark.django_db(transaction=True)
def test_submit_without_any_worker_is_kept_until_one_comes(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    monkeypatch.setattr("proposals.outbox.gateways.bell.bell", Bell())
    monkeypatch.setattr(
        "celery.current_app.send_task", lambda name, **_: rung.append(name)
    )  # a broker that takes, and nobody reads
    client, proposal = ready()
    assert submit(client, proposal).status_code == 302
    page = client.get(reverse("portal:receipt", args=[proposal.pk, 1]))
    assert page.status_code == 200
    assert rung == ["outbox.deliver"]
    assert [message.delivery for message in Message.objects.all()] == [Delivery.QUEUED]
    with time_machine.travel(timezone.now() + timedelta(hours=5)):  # the task has expired in the broker; beat asks what is due
        tasks.sweep()
    assert len(sink.to(proposal.created_by.email)) == 1


@pytest.mark.django_db(transaction=True)
def test_submit_by_two_clicks_at_once_is_one_submission(sink: Sink) -> None:
    _client, proposal = ready()
    clients = [Client() for _click in range(4)]
    for client in clients:
        client.force_login(proposal.created_by)
    barrier = threading.Barrier(len(clients))
    answers: list[Any] = []

    def click(client: Client) -> None:
        try:
            barrier.wait(10)
            answers.append(submit(client, proposal))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=click, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    receipt = reverse("portal:receipt", args=[proposal.pk, 1])
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(302, receipt)] * len(clients)
    assert (Version.objects.count(), Message.objects.count()) == (1, 1)
    tasks.deliver()
    assert len(sink.mails) == 1
