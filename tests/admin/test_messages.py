"""Messages and the trail: read-only lists, allow-listed filters, pages by key, sign-in mail never shown, failures tried again."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from proposals.admin import messages as page
from proposals.admin.alarm import mail_alarm
from proposals.admin.keyed import PAGE
from proposals.audit.actions import record
from proposals.audit.models import Event
from proposals.intake.models import Access
from proposals.intake.states import Status
from proposals.outbox.models import Attempt, Bounce, Message
from proposals.partners.states import StaffRole
from tests.factories import make_call, make_member, make_message, make_organisation, make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db
MESSAGES, TRAIL = "/staff/proposals/message/", "/staff/proposals/event/"


@pytest.fixture
def staff(client):
    user = make_staff()
    client.force_login(user)
    return user


def told_late(client, message, act, **given):
    """Whether the page says that nothing was done, as it does to a second click."""
    answer = client.post(f"{MESSAGES}{message.pk}/do/{act}/", {"request_key": str(uuid.uuid4()), **given}, follow=True)
    return [str(said) for said in answer.context["messages"]] == ["Nothing was done: the message has moved on meanwhile."]


def buttons(client, message):
    return [str(label) for label, _url in client.get(f"{MESSAGES}{message.pk}/change/").context["buttons"]]


def bounced(address="pi@example.org", **fields):
    message = make_message(to=address, delivery="bounced", **fields)
    Bounce.objects.create(
        event_id=f"e{message.pk}", report="bounced", source="webhook", address=address, message=message, at=datetime.now(UTC)
    )
    return message


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
    for n in (1, 2):
        for _ in range(n):
            make_message(recipient=make_user())
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
    assert told_late(client, message, "retry")
    assert told_late(client, message, "readdress", address="thief@example.org")
    assert Message.objects.count() == 1


def test_message_that_failed_is_tried_again(client, staff):
    message = make_message(delivery="refused")
    assert buttons(client, message) == ["Try again"]
    response = client.post(f"{MESSAGES}{message.pk}/do/retry/")
    assert (response.status_code, Message.objects.get().delivery) == (302, "queued")


def test_message_that_was_sent_is_sent_once_more(client, staff):
    message = make_message(delivery="sent", sent_at=datetime.now(UTC))
    key = {"request_key": str(uuid.uuid4())}
    for _ in range(2):  # the second click sends nothing
        client.post(f"{MESSAGES}{message.pk}/do/resend/", key)
    assert [m.delivery for m in Message.objects.order_by("pk")] == ["sent", "queued"]


def test_message_under_way_has_no_button(client, staff):
    message = make_message()
    assert client.get(f"{MESSAGES}{message.pk}/change/").context["buttons"] == []
    assert told_late(client, message, "retry")


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


def test_messages_are_found_by_address_reference_and_subject(client, staff):
    person = make_user()
    proposal = make_proposal(status=Status.SUBMITTED)
    make_message(subject="to the person's old address", to="old@example.org", recipient=person)
    make_message(subject="to a bare address", to="bare@example.org")
    make_message(subject="about the proposal", about_type="proposal", about_id=str(proposal.pk))
    assert subjects(client, f"?q={person.email.upper()}") == ["to the person's old address"]
    assert subjects(client, "?q=Bare@example.org") == ["to a bare address"]
    assert subjects(client, "?q=are@example.org") == []
    assert subjects(client, f"?q={proposal.reference.lower()}") == ["about the proposal"]
    assert subjects(client, "?q=BARE+addr") == ["to a bare address"]
    assert subjects(client, "?q=100%25") == []


def test_words_are_looked_for_so_far_back_and_no_further(client, staff, monkeypatch):
    make_message(subject="needle old")
    make_message(subject="needle new")
    monkeypatch.setattr(page, "SEARCHED", 1)
    assert subjects(client, "?q=needle") == ["needle new"]


@pytest.mark.parametrize("state", ["queued", "sending", "sent", "uncertain", "refused", "bounced", "dead", "digest", "site"])
def test_every_state_can_be_asked_for(client, staff, state):
    make_message(subject="other", delivery="queued" if state != "queued" else "dead")
    make_message(subject="this", delivery=state, sent_at=datetime.now(UTC) if state == "sent" else None)
    assert subjects(client, f"?delivery={state}") == ["this"]


def test_message_about_a_barred_proposal_does_not_exist(client, staff):
    proposal = make_proposal(status=Status.SUBMITTED)
    message = make_message(about_type="proposal", about_id=str(proposal.pk), delivery="dead", recipient=make_user())
    assert len(subjects(client)) == 1
    Access.objects.create(proposal=proposal, user=staff, grant=False, why="conflict")
    assert (subjects(client), subjects(client, f"?q={proposal.reference}")) == ([], [])
    assert client.get(f"{MESSAGES}{message.pk}/change/").status_code == 404
    assert client.post(f"{MESSAGES}{message.pk}/do/retry/").status_code == 404
    assert Message.objects.get().delivery == "dead"


def test_message_page_shows_evidence_and_what_came_back_in_words(client, staff):
    message = bounced()
    Attempt.objects.create(
        message=message, at=message.created_at, phase="rcpt", outcome="transient", code=450, reply="4.2.2 <b>full"
    )
    text = client.get(f"{MESSAGES}{message.pk}/change/").content.decode()
    assert ("put off" in text, "recipient" in text, "450 4.2.2 &lt;b&gt;full" in text) == (True, True, True)
    assert ("came back" in text, "the mail provider&#x27;s report" in text) == (True, True)


def test_message_page_costs_the_same_for_any_evidence(client, staff):
    counts = []
    for n in (1, 3):
        message = bounced(recipient=make_user())
        for _ in range(n):
            Attempt.objects.create(message=message, at=message.created_at, phase="rcpt", outcome="transient")
        with CaptureQueriesContext(connection) as captured:
            client.get(f"{MESSAGES}{message.pk}/change/")
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 11


def test_bounced_message_goes_to_another_address(client, staff):
    person = make_user()
    message = bounced(person.email, recipient=person)
    assert buttons(client, message) == ["Try again", "Send to another address", "Set aside what came back"]
    act = f"{MESSAGES}{message.pk}/do/readdress/"
    asked = client.get(act).content.decode()
    assert ("The account keeps its address" in asked, f"It went to {person.email}." in asked) == (True, True)
    for wrong in ("", "nobody", person.email.upper(), "a@b.example\nBcc: c@d.example"):
        assert client.post(act, {"address": wrong, "request_key": str(uuid.uuid4())}).status_code == 200
    assert Message.objects.count() == 1
    given = {"address": "right@example.org", "request_key": str(uuid.uuid4())}
    assert [client.post(act, given).status_code for _ in range(2)] == [302, 302]
    assert list(Message.objects.order_by("pk").values_list("address", "delivery")) == [
        (person.email, "bounced"),
        ("right@example.org", "queued"),
    ]
    person.refresh_from_db()
    assert person.email == message.address


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"kind": "security"}, "the person asks for a new one"),
        ({}, "made for this address alone"),
    ],
)
def test_message_for_one_address_says_what_to_do_instead(client, staff, fields, says):
    message = make_message(delivery="bounced", **fields)
    assert says in client.get(f"{MESSAGES}{message.pk}/change/").content.decode()


def test_offer_says_to_invite_the_right_address(client, staff):
    message = make_message(delivery="bounced")
    Message.objects.filter(pk=message.pk).update(template="team_invitation")
    assert "invite the right address" in client.get(f"{MESSAGES}{message.pk}/change/").content.decode()


def test_what_came_back_is_set_aside_once(client, staff):
    message = bounced()
    for _ in range(2):
        assert client.post(f"{MESSAGES}{message.pk}/do/close/").status_code == 302
    assert (Bounce.objects.get().closed_by, buttons(client, message)) == (staff, ["Try again"])


def test_what_came_back_is_shown_where_staff_look(client, staff):
    person = make_user()
    organisation = make_organisation()
    make_member(person, organisation)
    proposal = make_proposal(status=Status.SUBMITTED, by=person)
    message = bounced(person.email, recipient=person, about_type="proposal", about_id=str(proposal.pk))
    pages = [
        "/staff/",
        f"/staff/proposals/proposal/{proposal.pk}/change/",
        f"/staff/proposals/user/{person.pk}/change/",
        f"/staff/proposals/organisation/{organisation.pk}/change/",
    ]
    assert ["came back" in client.get(address).content.decode() for address in pages] == [True] * 4
    client.post(f"{MESSAGES}{message.pk}/do/close/")
    assert ["mail came back" in client.get(address).content.decode() for address in pages[1:]] == [False] * 3


def test_home_leaves_out_an_address_that_its_person_has_left(client, staff):
    person = make_user()
    bounced("old@example.org", recipient=person)
    shown = bounced("bare@example.org")
    assert [bounce.message for bounce in client.get("/staff/").context["mail"]["came_back"]] == [shown]


AGAIN = MESSAGES + "again/"
TIME = {"since": "2020-01-01T00:00", "until": "2027-01-01T00:00"}


def test_all_that_failed_is_counted_then_tried_again(client, staff):
    for state in ("dead", "dead", "refused"):
        make_message(delivery=state)
    Message.objects.update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    given = {"delivery": "dead", **TIME}
    assert client.get(AGAIN).context["found"] is None
    assert client.get(AGAIN, given).context["found"] == 2
    assert Message.objects.filter(delivery="queued").count() == 0
    assert client.post(AGAIN, given).status_code == 302
    assert sorted(Message.objects.values_list("delivery", flat=True)) == ["queued", "queued", "refused"]


@pytest.mark.parametrize("wrong", [{"delivery": "sent"}, {"since": ""}, {"until": "2019-01-01T00:00"}, {"since": "soon"}])
def test_all_that_failed_needs_a_state_and_a_time(client, staff, wrong):
    message = make_message(delivery="dead")
    given = {"delivery": "dead", **TIME, **wrong}
    assert (client.get(AGAIN, given).context["found"], client.post(AGAIN, given).status_code) == (None, 200)
    message.refresh_from_db()
    assert message.delivery == "dead"


def test_all_that_failed_is_for_the_secretariat(client):
    client.force_login(make_staff(role=StaffRole.OBSERVER))
    assert (client.get(AGAIN).status_code, client.post(AGAIN, {"delivery": "dead", **TIME}).status_code) == (403, 403)


@pytest.mark.parametrize(("waited_s", "says"), [(0, False), (290, False), (310, True)])
def test_every_page_says_when_mail_stands_still(client, staff, waited_s, says):
    make_message(now=datetime.now(UTC) - timedelta(seconds=waited_s))
    mail_alarm.forget()
    for address in ("/staff/", MESSAGES, TRAIL):
        assert ("Mail stands still" in client.get(address).content.decode()) is says


def test_alarm_is_asked_once_in_a_while(client, staff):
    make_message(now=datetime.now(UTC) - timedelta(hours=1))
    mail_alarm.forget()
    costs = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            client.get(TRAIL)
        costs.append(len(captured))
    assert costs[0] - costs[1] == 2
