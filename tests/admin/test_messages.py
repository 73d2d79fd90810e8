"""Messages and the trail: read-only lists, allow-listed filters, pages by key, sign-in mail never shown, failures tried again."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from proposals.admin.keyed import PAGE
from proposals.audit.actions import record
from proposals.audit.models import Event
from proposals.outbox.models import Message
from proposals.partners.states import StaffRole
from tests.factories import make_call, make_message, make_staff, make_user

pytestmark = pytest.mark.django_db
MESSAGES, TRAIL = "/staff/proposals/message/", "/staff/proposals/event/"


@pytest.fixture
def staff(client):
    user = make_staff()
    client.force_login(user)
    return user


def subjects(client, query=""):
    return [message.subject for message in client.get(MESSAGES + query).context["rows"]]


@pytest.mark.parametrize("address", [MESSAGES, TRAIL])
def test_lists_are_for_staff_and_read_only(client, address):
    client.force_login(make_user())
    assert client.get(address).status_code == 302
    client.force_login(make_staff())
    assert client.get(address).status_code == 200
    assert client.post(address, {"action": "delete_selected"}).status_code == 403
    assert client.get(address + "add/").status_code == 403


def test_messages_are_narrowed_by_state_and_kind(client, staff):
    make_message(subject="waits")
    make_message(subject="refused", delivery="refused")
    make_message(subject="team", kind="team")
    assert subjects(client) == ["team", "refused", "waits"]
    assert subjects(client, "?delivery=refused") == ["refused"]
    assert subjects(client, "?kind=team&delivery=queued") == ["team"]


@pytest.mark.parametrize(
    "query",
    ["recipient__password=x", "delivery=lost", "kind=%00", "before=x", "after=-1", "before=99999999999999999999", "before=٣"],
)
def test_unknown_filter_is_said_and_left_out(client, staff, query):
    make_message(subject="waits")
    response = client.get(f"{MESSAGES}?{query}")
    assert (len(response.context["problems"]), len(response.context["rows"])) == (1, 1)


def test_messages_page_by_key_and_back(client, staff):
    for number in range(PAGE + 2):
        make_message(subject=f"{number:03d}")
    first = client.get(MESSAGES)
    second = client.get(MESSAGES + first.context["older_url"])
    assert [m.subject for m in second.context["rows"]] == ["001", "000"]
    assert (first.context["newer_url"], second.context["older_url"]) == (None, None)
    back = client.get(MESSAGES + second.context["newer_url"])
    assert [m.pk for m in back.context["rows"]] == [m.pk for m in first.context["rows"]]


@pytest.mark.parametrize("address", [MESSAGES, TRAIL])
def test_lists_cost_the_same_for_any_number_of_rows(client, staff, address):
    call, counts = make_call(), []
    for _ in range(2):
        make_message()
        record("call.saved", by=staff, about=call)
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 6


def test_message_shows_its_text_as_text(client, staff):
    message = make_message(text="Hello <script>alert(1)</script>")
    response = client.get(f"{MESSAGES}{message.pk}/change/")
    assert b"Hello &lt;script&gt;alert(1)&lt;/script&gt;" in response.content


def test_sign_in_mail_is_shown_nowhere_and_not_sent_again(client, staff):
    message = make_message(kind="security", text="secret-key", html="secret-key", delivery="refused")
    page = client.get(f"{MESSAGES}{message.pk}/change/")
    assert (b"secret-key" in page.content, b"secret-key" in client.get(MESSAGES).content) == (False, False)
    assert page.context["buttons"] == []
    assert client.post(f"{MESSAGES}{message.pk}/do/retry/").status_code == 403


def test_message_that_failed_is_tried_again(client, staff):
    message = make_message(delivery="refused")
    assert [str(label) for label, _url in client.get(f"{MESSAGES}{message.pk}/change/").context["buttons"]] == ["Try again"]
    response = client.post(f"{MESSAGES}{message.pk}/do/retry/")
    assert (response.status_code, Message.objects.get().delivery) == (302, "queued")


def test_message_that_was_sent_is_sent_once_more(client, staff):
    message = make_message(delivery="sent", sent_at=datetime.now(UTC))
    client.post(f"{MESSAGES}{message.pk}/do/resend/")
    assert [m.delivery for m in Message.objects.order_by("pk")] == ["sent", "queued"]


def test_message_under_way_has_no_button(client, staff):
    message = make_message()
    assert client.get(f"{MESSAGES}{message.pk}/change/").context["buttons"] == []
    assert client.post(f"{MESSAGES}{message.pk}/do/retry/").status_code == 403


def test_observer_reads_messages_and_cannot_repeat(client):
    client.force_login(make_staff(role=StaffRole.OBSERVER))
    message = make_message(delivery="refused")
    assert client.get(f"{MESSAGES}{message.pk}/change/").context["buttons"] == []
    assert client.post(f"{MESSAGES}{message.pk}/do/retry/").status_code == 403
    assert Message.objects.get().delivery == "refused"


@pytest.mark.parametrize("pk", ["999999", "nonsense", "1_00", "99999999999999999999"])
def test_message_that_is_not_there_is_404(client, staff, pk):
    assert client.get(f"{MESSAGES}{pk}/change/").status_code == 404


def test_trail_is_narrowed_to_one_thing(client, staff):
    one, other = make_call(), make_call()
    record("call.saved", by=staff, about=one)
    record("call.published", by=staff, about=other, code="<b>X</b>")
    rows = client.get(f"{TRAIL}?type=call&id={one.pk}").context["rows"]
    assert [event.verb for event in rows] == ["call.saved"]
    assert b"&lt;b&gt;X&lt;/b&gt;" in client.get(TRAIL).content


def test_event_cannot_be_opened_for_editing(client, staff):
    event = record("call.saved", by=staff, about=make_call())
    assert client.get(f"{TRAIL}{event.pk}/change/").status_code == 404
    assert client.post(f"{TRAIL}{event.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Event.objects.count() == 1
