"""Role mailboxes: asked before they are told, bounded, removed from both sides, and carried by a merge only on trust."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from proposals.audit.models import Event
from proposals.outbox.models import Message
from proposals.outbox.states import Kind
from proposals.partners import actions, queries
from proposals.partners.calculations import mailbox_link_token, read_mailbox_link_token
from proposals.partners.models import Mailbox
from proposals.partners.states import Role, StaffRole
from tests.factories import NOW, make_mailbox, make_member, make_organisation, make_staff, make_user
from tests.partners.links import confirmation_token

pytestmark = pytest.mark.django_db


def run_by(user, **fields):
    thing = make_organisation(**fields)
    make_member(user, thing)
    return thing


def add(thing, by, address="registry@example.org", *, language="en", now=NOW):
    return actions.add_mailbox(thing, address=address, language=language, by=by, now=now)


def verbs():
    return list(Event.objects.order_by("pk").values_list("verb", "actor_id"))


def test_add_asks_the_mailbox_and_tells_it_nothing_but_the_organisation(settings):
    host = make_user(full_name="Ginevra Host")
    thing = run_by(host, name="Reno Institute")

    added = add(thing, host, " Registry@Example.org ", language="fr")

    assert (added.address, added.language, added.confirmed_at, added.added_at) == ("registry@example.org", "fr", None, NOW)
    mail = Message.objects.get()
    assert (mail.address, mail.recipient, mail.language, mail.kind, mail.link) == (added.address, None, "fr", Kind.SECURITY, "")
    assert "Reno Institute" in mail.subject
    assert f"{settings.SITE_URL}/mailboxes/confirm/" in mail.text
    assert {name in mail.text + mail.html for name in (host.full_name, host.email)} == {False}
    assert verbs() == [("mailbox.added", host.pk)]
    assert added.token_digest not in mail.text


@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, None])
def test_add_is_for_those_who_run_the_organisation(role):
    thing, person = make_organisation(), make_user()
    if role:
        make_member(person, thing, role=role)
    for by in (person, make_staff(role=StaffRole.OBSERVER)):
        with pytest.raises(PermissionDenied):
            add(thing, by)
    assert Mailbox.objects.count() == 0
    assert add(thing, make_staff()).organisation == thing


@pytest.mark.parametrize(("address", "language"), [("no-address", "en"), ("", "en"), ("a@example.org\r\nBcc: b@x.org", "en")])
def test_add_refuses_what_is_no_address(address, language):
    host = make_user()
    with pytest.raises(ValidationError):
        add(run_by(host), host, address, language=language)
    assert (Mailbox.objects.count(), Message.objects.count()) == (0, 0)


def test_add_refuses_a_sixth_and_one_that_is_confirmed():
    host = make_user()
    thing = run_by(host)
    for n in range(actions.MAILBOXES_AT_MOST):
        make_mailbox(thing, address=f"box{n}@example.org")
    with pytest.raises(ValidationError, match="at most 5"):
        add(thing, host)
    with pytest.raises(ValidationError, match="confirmed already"):
        add(thing, host, "box0@example.org")
    assert Message.objects.count() == 0


def test_add_again_sends_a_new_link_and_ends_the_old_one():
    host = make_user()
    thing = run_by(host)
    first = add(thing, host)
    old = confirmation_token(Message.objects.get())
    second = add(thing, host, now=NOW + timedelta(days=29))
    new = confirmation_token(Message.objects.latest("pk"))

    assert first.pk == second.pk
    with pytest.raises(actions.UnknownMailbox):
        actions.confirm_mailbox(old, now=NOW + timedelta(days=29))
    assert actions.confirm_mailbox(new, now=NOW + timedelta(days=58)).confirmed_at == NOW + timedelta(days=58)


def test_add_is_bounded_a_day_for_an_organisation_and_for_a_person():
    host, other = make_user(), make_user()
    thing, elsewhere = run_by(host), run_by(host)
    make_member(other, thing)
    now = timezone.now()  # the trail has its own clock
    for n in range(queries.MAILBOX_LINKS_A_DAY):
        add(thing, host, f"box{n % 4}@example.org", now=now)
    for by, place in ((host, thing), (other, thing), (host, elsewhere)):
        with pytest.raises(ValidationError, match="tomorrow"):
            add(place, by, "more@example.org", now=now)
    assert Message.objects.count() == queries.MAILBOX_LINKS_A_DAY
    assert add(thing, host, now=now + timedelta(days=1, minutes=1)).pk


def test_add_does_not_let_many_organisations_write_to_one_address():
    for _ in range(queries.MAILBOX_LINKS_TO_ONE):
        host = make_user()
        add(run_by(host), host)
    host = make_user()
    with pytest.raises(ValidationError, match="tomorrow"):
        add(run_by(host), host)
    assert add(run_by(host), host, now=NOW + timedelta(days=1, seconds=1)).pk


def test_confirm_counts_once_and_is_in_the_trail():
    host = make_user()
    thing = run_by(host)
    add(thing, host)
    token = confirmation_token(Message.objects.get())

    actions.confirm_mailbox(token, now=NOW)
    again = actions.confirm_mailbox(token, now=NOW + timedelta(days=400))

    assert again.confirmed_at == NOW
    assert verbs() == [("mailbox.added", host.pk), ("mailbox.confirmed", None)]


def test_confirm_refuses_a_forged_link_and_one_that_has_run_out():
    host = make_user()
    add(run_by(host), host)
    token = confirmation_token(Message.objects.get())
    for wrong, now in ((token + "x", NOW), ("", NOW), ("\ud800", NOW), (token, NOW + queries.MAILBOX_LINK_GOOD_FOR)):
        with pytest.raises(actions.UnknownMailbox):
            actions.confirm_mailbox(wrong, now=now)
    assert Mailbox.objects.confirmed().count() == 0


def test_remove_is_for_those_who_run_the_organisation():
    host = make_user()
    mailbox = make_mailbox(run_by(host))
    with pytest.raises(PermissionDenied):
        actions.remove_mailbox(mailbox, by=make_user(), now=NOW)
    actions.remove_mailbox(mailbox, by=host, now=NOW)
    assert Mailbox.objects.count() == 0
    assert verbs() == [("mailbox.removed", host.pk)]


def test_stop_is_done_once():
    mailbox = make_mailbox(make_organisation())
    actions.stop_mailbox(mailbox, now=NOW)
    actions.stop_mailbox(mailbox, now=NOW)
    assert Mailbox.objects.count() == 0
    assert verbs() == [("mailbox.stopped", None)]


@pytest.mark.parametrize("forged", ["", "7", "7.", ".", "8.{}", "7.{}x", "seven.{}", "٧.{}", "7.{}\x00"])
def test_link_of_a_mailbox_cannot_be_forged(forged):
    signature = mailbox_link_token(7).partition(".")[2]
    assert read_mailbox_link_token(mailbox_link_token(7)) == 7
    assert read_mailbox_link_token(forged.format(signature)) is None


def test_merge_carries_the_confirmed_mailboxes_of_a_trusted_entry():
    ended, kept = make_organisation(confirmed_at=NOW), make_organisation(confirmed_at=NOW)
    mine = make_mailbox(ended, address="mine@example.org")
    make_mailbox(ended, address="waiting@example.org", confirmed=False)
    make_mailbox(ended, address="both@example.org")
    theirs = make_mailbox(kept, address="both@example.org")
    surer = make_mailbox(ended, address="surer@example.org")
    make_mailbox(kept, address="surer@example.org", confirmed=False)

    actions.merge(ended, into=kept, by=make_staff(), now=NOW)

    assert set(kept.mailboxes.all()) == {mine, theirs, surer}
    assert ended.mailboxes.count() == 0


def test_merge_ends_the_mailboxes_of_an_entry_nobody_confirmed():
    ended, kept = make_organisation(), make_organisation(confirmed_at=NOW)
    make_mailbox(ended, address="rival@example.org")
    theirs = make_mailbox(kept)

    actions.merge(ended, into=kept, by=make_staff(), now=NOW)

    assert list(Mailbox.objects.all()) == [theirs]


def test_told_beside_leaves_out_who_waits_and_who_is_told_already():
    thing = make_organisation()
    person = make_user(email="pi@example.org")
    make_mailbox(thing, address="pi@example.org")
    make_mailbox(thing, address="waiting@example.org", confirmed=False)
    make_mailbox(make_organisation())
    box = make_mailbox(thing, address="box@example.org")

    assert queries.told_beside(thing.pk, [person]) == [box]
    assert queries.told_beside(None, []) == []
