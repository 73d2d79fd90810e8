"""The inbox through the portal's door: one's own messages, in pages, read when their reader says so."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from proposals.outbox.models import Message
from proposals.outbox.states import Kind
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def make_message(user, n=0, **fields):
    fields = {"kind": Kind.STATUS, "subject": f"News {n}", "text": f"Text {n}\n\nSecond <b>part</b>", **fields}
    return Message.objects.create(
        key=f"{user.pk}:{n}:{fields['kind']}",
        recipient=user,
        address=user.email,
        language="en",
        template="status",
        html="<p>x</p>",
        message_id=f"<{user.pk}.{n}.{fields['kind']}@example.org>",
        due_at=timezone.now(),
        **fields,
    )


def test_inbox_lists_ones_own_but_not_security_mail(client):
    me, other = make_user(), make_user()
    make_message(me, 1)
    make_message(me, 2, kind=Kind.SECURITY, subject="A secret link")
    make_message(other, 3, subject="For another")
    client.force_login(me)

    page = client.get(reverse("portal:inbox"))

    assert [letter.subject for letter in page.context["shown"]] == ["News 1"]
    assert "A secret link" not in page.content.decode()
    assert "For another" not in page.content.decode()


def test_inbox_pages_by_key(client):
    me = make_user()
    for n in range(30):
        make_message(me, n)
    client.force_login(me)

    first = client.get(reverse("portal:inbox"))
    second = client.get(reverse("portal:inbox") + first.context["older_url"])

    assert [letter.subject for letter in first.context["shown"]] == [f"News {n}" for n in range(29, 4, -1)]
    assert [letter.subject for letter in second.context["shown"]] == [f"News {n}" for n in range(4, -1, -1)]
    assert (first.context["newer_url"], second.context["newer_url"], second.context["older_url"]) == (
        "",
        reverse("portal:inbox"),
        "",
    )


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "1;DROP", "٣", ""])
def test_inbox_takes_any_page_key(client, before):
    me = make_user()
    client.force_login(me)

    assert client.get(reverse("portal:inbox"), {"before": before}).status_code == 200


@pytest.mark.parametrize("rows", [1, 3])
def test_inbox_asks_the_same_number_of_queries_for_any_number_of_rows(client, rows):
    me = make_user()
    for n in range(rows):
        make_message(me, n)
    client.force_login(me)

    with CaptureQueriesContext(connection) as seen:
        client.get(reverse("portal:inbox"))

    assert len(seen) == 6


def test_empty_inbox_says_what_will_be_here(client):
    client.force_login(make_user())

    assert "Nothing here yet" in client.get(reverse("portal:inbox")).content.decode()


def test_message_is_shown_as_text_and_stays_unread_until_its_reader_says_so(client):
    me = make_user()
    letter = make_message(me, 1, link="/preferences/")
    client.force_login(me)

    page = client.get(reverse("portal:message", args=[letter.pk])).content.decode()
    letter.refresh_from_db()
    assert letter.read_at is None
    assert "Second &lt;b&gt;part&lt;/b&gt;" in page
    assert 'href="/preferences/"' in page
    assert client.get(reverse("portal:message_read", args=[letter.pk])).status_code == 405
    back = client.post(reverse("portal:message_read", args=[letter.pk]))

    letter.refresh_from_db()
    assert back["Location"] == reverse("portal:inbox")
    assert letter.read_at is not None


def test_message_is_marked_by_the_pages_script_without_a_page_back(client):
    me = make_user()
    letter = make_message(me)
    client.force_login(me)

    answer = client.post(reverse("portal:message_read", args=[letter.pk]), headers={"x-requested-with": "fetch"})

    assert (answer.status_code, answer.content) == (204, b"")


def test_marking_twice_keeps_the_first_moment(client):
    me = make_user()
    letter = make_message(me)
    client.force_login(me)

    client.post(reverse("portal:message_read", args=[letter.pk]))
    first = Message.objects.get().read_at
    client.post(reverse("portal:message_read", args=[letter.pk]))

    assert Message.objects.get().read_at == first


@pytest.mark.parametrize("kind", [Kind.STATUS, Kind.SECURITY])
def test_message_of_another_or_of_security_is_as_one_that_does_not_exist(client, kind):
    me = make_user()
    theirs = make_message(me if kind == Kind.SECURITY else make_user(), kind=kind)
    client.force_login(me)

    assert client.get(reverse("portal:message", args=[theirs.pk])).status_code == 404
    assert client.post(reverse("portal:message_read", args=[theirs.pk])).status_code == 404
    assert Message.objects.get().read_at is None
