"""Role mailboxes through the portal's door: named by those who run the organisation, confirmed and stopped by link."""

import pytest
from django.test import Client
from django.urls import reverse

from proposals.outbox.models import Message
from proposals.partners.calculations import mailbox_link_token
from proposals.partners.models import Mailbox
from proposals.partners.states import Role
from tests.factories import make_mailbox, make_member, make_organisation, make_user
from tests.partners.links import confirmation_token

pytestmark = pytest.mark.django_db


def url(name, *args):
    return reverse(f"portal:{name}", args=args)


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def host():
    return make_user()


@pytest.fixture
def thing(host):
    made = make_organisation(name="Reno Institute")
    make_member(host, made)
    return made


def test_mailbox_is_named_confirmed_by_link_and_removed(host, thing):
    client, reader = signed_in(host), Client(enforce_csrf_checks=True)
    form = {"address": "Registry@Example.org", "language": "ar"}

    added = client.post(url("mailbox_new", thing.pk), form, follow=True)
    assert "waits to be confirmed there" in added.content.decode()
    path = url("mailbox_confirm", confirmation_token(Message.objects.get()))
    page = reader.get(path)
    assert "Reno Institute" in page.content.decode()
    assert Mailbox.objects.confirmed().count() == 0  # a mail scanner that follows links changes nothing
    done = reader.post(path, {"answer": "yes", "csrfmiddlewaretoken": page.cookies["csrftoken"].value})
    assert "This mailbox is confirmed" in done.content.decode()
    mailbox = Mailbox.objects.confirmed().get()
    assert (mailbox.address, mailbox.language) == ("registry@example.org", "ar")

    removed = client.post(url("mailbox_remove", mailbox.pk), follow=True)
    assert "Nothing goes to registry@example.org any more" in removed.content.decode()
    assert Mailbox.objects.count() == 0
    assert reader.get(path).status_code == 404


def test_mailbox_declines_by_the_same_link(host, thing):
    signed_in(host).post(url("mailbox_new", thing.pk), {"address": "x@example.org", "language": "en"})
    path = url("mailbox_confirm", confirmation_token(Message.objects.get()))
    page = Client().post(path, {"answer": "no"})
    assert "Nothing more is sent there" in page.content.decode()
    assert Mailbox.objects.count() == 0


@pytest.mark.parametrize(
    ("field", "value"), [("address", "no"), ("address", ""), ("address", "a\x00@example.org"), ("language", "tlh")]
)
def test_mailbox_refuses_what_is_wrong_and_keeps_the_rest(field, value, host, thing):
    typed = {"address": "x@example.org", "language": "fr", field: value}
    page = signed_in(host).post(url("mailbox_new", thing.pk), typed)
    assert page.status_code == 400
    assert list(page.context["form"].errors) == [field]
    assert (Mailbox.objects.count(), Message.objects.count()) == (0, 0)


def test_mailbox_refused_by_the_action_is_a_form_error(host, thing):
    make_mailbox(thing, address="x@example.org")
    page = signed_in(host).post(url("mailbox_new", thing.pk), {"address": "X@example.org", "language": "en"})
    assert page.status_code == 400
    assert "confirmed already" in page.content.decode()


def test_mailboxes_are_nobody_elses_business(host, thing):
    mailbox = make_mailbox(thing, address="quiet@example.org")
    contributor, stranger = make_user(), make_user()
    make_member(contributor, thing, role=Role.CONTRIBUTOR)
    asked = [(contributor, 403), (stranger, 404)]
    for person, status in asked:
        client = signed_in(person)
        assert client.get(url("mailbox_new", thing.pk)).status_code == status
        assert client.post(url("mailbox_new", thing.pk), {"address": "x@example.org", "language": "en"}).status_code == status
        assert client.post(url("mailbox_remove", mailbox.pk)).status_code == 404
        assert client.post(url("mailbox_remove", mailbox.pk + 1000)).status_code == 404
    assert "quiet@example.org" not in signed_in(contributor).get(url("organisation", thing.pk)).content.decode()
    assert "quiet@example.org" in signed_in(host).get(url("organisation", thing.pk)).content.decode()
    assert list(Mailbox.objects.all()) == [mailbox]


def test_mailbox_pages_ask_strangers_to_sign_in(thing):
    for path in (url("mailbox_new", thing.pk), url("mailbox_remove", make_mailbox(thing).pk)):
        assert Client().post(path)["Location"].startswith(reverse("account_login"))
    assert Mailbox.objects.count() == 1


def test_mailbox_stops_by_the_link_of_its_mails_without_cookies(thing):
    mailbox = make_mailbox(thing)
    path, program = url("mailbox_stop", mailbox_link_token(mailbox.pk)), Client(enforce_csrf_checks=True)

    page = program.get(path)
    assert "Reno Institute" in page.content.decode()
    assert mailbox.address not in page.content.decode()
    assert Mailbox.objects.count() == 1
    for _ in range(2):
        done = program.post(path)
        assert (done.status_code, "Nothing more is sent there" in done.content.decode()) == (200, True)
    assert Mailbox.objects.count() == 0


def test_mailbox_stop_with_a_forged_link_does_not_exist(thing):
    mailbox = make_mailbox(thing)
    forged = mailbox_link_token(mailbox.pk + 1).replace(str(mailbox.pk + 1), str(mailbox.pk), 1)
    for method in ("get", "post"):
        assert getattr(Client(), method)(url("mailbox_stop", forged)).status_code == 404
        assert getattr(Client(), method)(url("mailbox_confirm", "x")).status_code == 404
    assert Mailbox.objects.count() == 1
