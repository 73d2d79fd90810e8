"""The provider's reports: who asks is checked, junk leaves no trace, and each report finds its mail."""

import base64
import json
from datetime import UTC, datetime

import pytest

from proposals.audit.models import Event
from proposals.outbox import actions
from proposals.outbox.gateways.provider import METADATA_KEY
from proposals.outbox.models import Attempt, Bounce, Message
from proposals.outbox.states import Delivery
from tests.factories import make_message

pytestmark = pytest.mark.django_db
REPORTS = "/api/mail/reports/"
SECRET = "provider:correct-horse-battery-staple"
T0 = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def provider(settings):
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}


@pytest.fixture
def sent():
    return make_message(to="pi@example.org", delivery=Delivery.SENT, sent_at=T0)


def shown(secret=SECRET):
    return {"authorization": "Basic " + base64.b64encode(secret.encode()).decode()}


def bounce(message, **fields):
    return {
        "RecordType": "Bounce",
        "Type": "HardBounce",
        "ID": 42,
        "Email": message.address,
        "BouncedAt": "2026-03-01T12:00:00Z",
        "Description": "The server was unable to deliver your message.",
        "Details": "550 5.1.1 no such user",
        "MessageID": "theirs-1",
        "Metadata": {METADATA_KEY: message.message_id},
        **fields,
    }


def delivery(message, **fields):
    return {
        "RecordType": "Delivery",
        "Recipient": message.address,
        "DeliveredAt": "2026-03-01T13:00:00Z",
        "Details": "250 ok",
        "MessageID": "theirs-1",
        "Metadata": {METADATA_KEY: message.message_id},
        **fields,
    }


def report(client, body, *, headers=None):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(REPORTS, data, content_type="application/json", headers=shown() if headers is None else headers)


def trace():
    return (Bounce.objects.count(), Attempt.objects.count(), Event.objects.count(), set(Message.objects.values_list("delivery")))


def test_bounce_reaches_its_mail_once(client, sent):
    assert [report(client, bounce(sent)).status_code for _ in range(3)] == [200] * 3
    found = Bounce.objects.get()
    assert (found.message, found.report, found.source, found.reply) == (sent, "bounced", "webhook", "550 5.1.1 no such user")
    assert (Message.objects.get().delivery, Attempt.objects.count()) == (Delivery.BOUNCED, 1)


def test_provider_without_metadata_is_matched_by_its_own_id(client, sent):
    Attempt.objects.create(message=sent, at=T0, phase="dot", outcome="sent", reply="theirs-1")
    report(client, bounce(sent, Metadata={}))
    assert Bounce.objects.get().message == sent


def test_reports_out_of_order_end_in_the_same_state(client, sent):
    other = make_message(to="other@example.org", delivery=Delivery.SENT, sent_at=T0)
    for body in (delivery(sent), bounce(sent), bounce(other, ID=43), delivery(other)):
        assert report(client, body).status_code == 200
    assert set(Message.objects.values_list("delivery", flat=True)) == {Delivery.SENT}
    assert list(Bounce.objects.open().values_list("address", flat=True)) == ["pi@example.org"]


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({"Type": "Transient"}, ["delayed"]),
        ({"RecordType": "SpamComplaint", "Type": "SpamComplaint"}, ["complained"]),
        ({"Type": "BadEmailAddress"}, ["bounced"]),
        ({"Type": "AutoResponder"}, []),
        ({"RecordType": "Open"}, []),
        ({"RecordType": "Novelty"}, []),
        ({"Metadata": {METADATA_KEY: "<not-ours@example.org>"}}, []),
        ({"Metadata": {METADATA_KEY: "\x00"}, "Email": "a\x00b@example.org"}, []),
        ({"Metadata": {}, "MessageID": None}, []),
    ],
)
def test_what_is_kept_of_a_report(client, sent, fields, kept):
    assert report(client, bounce(sent, **fields)).status_code == 200
    assert list(Bounce.objects.values_list("report", flat=True)) == kept


@pytest.mark.parametrize(
    "headers", [{}, shown("provider:wrong"), shown(""), {"authorization": "Basic %%%"}, {"authorization": "Bearer x"}]
)
def test_report_without_the_secret_is_refused(client, sent, headers):
    before = trace()
    assert report(client, bounce(sent), headers=headers).status_code == 401
    assert trace() == before


JUNK = [b"", b"null", b"[]", b"{", b'"x"', b"\xff\xfe", b"[" * 5000, b"7", b'{"RecordType": "Inbound"}', b'{"RecordType": []}']


@pytest.mark.parametrize("body", JUNK)
def test_junk_is_refused_without_a_trace(client, sent, body):
    before = trace()
    assert report(client, body).status_code == 400
    assert trace() == before


def test_too_long_a_report_is_refused_unread(client, sent):
    assert report(client, b" " * (2**20 + 1)).status_code == 413


def test_report_in_words_of_the_wrong_kind_breaks_nothing(client, sent):
    for key in bounce(sent):
        for wrong in (None, 7, [], {"x": []}, "x" * 5000, "\x00"):
            assert report(client, {**bounce(sent), key: wrong}).status_code in {200, 400}


@pytest.mark.parametrize("backend", ["django.core.mail.backends.smtp.EmailBackend", "anymail.backends.test.EmailBackend"])
def test_no_provider_no_door(client, settings, sent, backend):
    settings.EMAIL_BACKEND = backend
    assert (report(client, bounce(sent)).status_code, client.head(REPORTS).status_code) == (404, 404)


def test_no_secret_no_door(client, settings, sent):
    settings.ANYMAIL = {}
    assert report(client, bounce(sent), headers={}).status_code == 404


def test_providers_that_look_first_find_the_door(client):
    assert (client.head(REPORTS).status_code, client.get(REPORTS).status_code) == (200, 405)


def test_signature_of_the_provider_is_asked_too(client, settings):
    settings.EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET, "MAILGUN_WEBHOOK_SIGNING_KEY": "key"}
    signed = {"signature": {"token": "t", "timestamp": "1", "signature": "forged"}, "event-data": {"event": "failed"}}
    assert report(client, signed).status_code == 401


def test_mail_sent_by_a_provider_is_found_by_its_report(client, settings, sent):
    """Anymail's own backend for tests stands in for the provider on the way out; its id comes back in the report."""
    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"
    make_message(now=T0)
    message = make_message(to="rep@example.org", now=T0)
    actions.deliver(now=T0)
    theirs = Attempt.objects.get(message=message).reply
    assert theirs == "1"
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    report(client, bounce(message, Metadata={}, MessageID=theirs))
    assert Bounce.objects.get().message == message
