import socket
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.core import mail as django_mail

from proposals.outbox.gateways import Mail, Relay
from proposals.outbox.gateways.relay import stuffed, written
from proposals.outbox.states import Result, SmtpPhase
from tests.proofs.sink import PASSWORD, USER, Fault, Sink, self_signed

T0 = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


def letter(**fields):
    given = {"to": "pi@example.org", "subject": "News", "text": "What is new.\n", "html": "<p>What is new.</p>", "language": "en"}
    return Mail(**{**given, "message_id": "<a@lunar-partners.example>", "thread_id": "", "written_at": T0, "number": 7, **fields})


def send(end_at=None, **fields):
    with Relay() as relay:
        return relay.send(letter(**fields), end_at=end_at or time.monotonic() + 10)


@pytest.fixture
def encrypted(settings, tmp_path, monkeypatch):
    """A sink with STARTTLS and a login; the settings ask for both. The sink's certificate lies in `certificate`."""
    context, certificate = self_signed(tmp_path)
    with Sink(tls=context, login=True) as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", running.port, 1
        settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = True, USER, PASSWORD
        running.certificate = certificate
        yield running


@pytest.fixture
def trusted(encrypted, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(encrypted.certificate))
    return encrypted


def test_relay_sends_encrypted_and_signed_in(trusted):
    assert send() == send()
    assert [each.encrypted for each in trusted.mails] == [True, True]
    assert [command.split(" ")[0] for command in trusted.talks[0].commands] == [
        "hello",
        "tls",
        "hello",
        "login",
        "mail",
        "rcpt",
        "data",
    ]


def test_relay_says_nothing_to_a_server_it_cannot_trust(encrypted):
    outcome = send()
    assert (outcome.result, outcome.phase, outcome.code) == (Result.TRANSIENT, SmtpPhase.TLS, None)
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.reply
    assert [command.split(" ")[0] for talk in encrypted.talks for command in talk.commands] == ["hello", "tls"]


@pytest.mark.parametrize("what", ["454", "501", "554", "drop", "hang", "garbage"])
def test_relay_never_goes_on_in_clear_text(trusted, what):
    trusted.script(Fault("tls", what))
    outcome = send()
    assert (outcome.result, outcome.phase) == (Result.TRANSIENT, SmtpPhase.TLS)
    assert trusted.mails == []
    assert [command.split(" ")[0] for command in trusted.talks[0].commands] == ["hello", "tls"]


def test_relay_without_starttls_gets_nothing(relay, settings):
    settings.EMAIL_USE_TLS = True
    assert send().result == Result.TRANSIENT
    assert [command.split(" ")[0] for command in relay.talks[0].commands] == ["hello"]


def test_relay_with_a_wrong_password_puts_off(trusted, settings):
    settings.EMAIL_HOST_PASSWORD = "wrong"
    outcome = send()
    assert (outcome.result, outcome.phase, outcome.code) == (Result.TRANSIENT, SmtpPhase.LOGIN, 535)
    assert "wrong" not in outcome.reply


@pytest.mark.parametrize("what", ["421", "454", "535", "drop", "hang", "garbage"])
def test_relay_failing_at_login_puts_off(trusted, what):
    trusted.script(Fault("login", what))
    assert (send().result, trusted.mails) == (Result.TRANSIENT, [])


def test_relay_that_is_not_there_puts_off(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with Relay() as gone:
        outcome = gone.send(letter(), end_at=time.monotonic() + 10)
        assert (outcome.result, outcome.phase, outcome.code) == (Result.TRANSIENT, SmtpPhase.CONNECT, None)
        assert gone.usable is False


def test_relay_begins_nothing_after_the_lease(relay):
    outcome = send(end_at=time.monotonic() - 1)
    assert (outcome.result, outcome.phase) == (Result.TRANSIENT, SmtpPhase.CONNECT)
    assert relay.mails == []


@contextmanager
def slow_server(**waits):
    """A server for one conversation that waits so many seconds before it answers a command; for the content it never does."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with listener.accept()[0] as peer, peer.makefile("rwb", buffering=0) as wire:
            wire.write(b"220 here\r\n")
            for line in iter(wire.readline, b""):
                command = line[:4].strip().lower().decode()
                time.sleep(waits.get(command, 0))
                wire.write(b"354 go on\r\n" if command == "data" else b"250 fine\r\n")
                if command == "data":
                    wire.read()  # until the client hangs up

    threading.Thread(target=serve, daemon=True).start()
    with listener:
        yield listener.getsockname()[1]


def test_relay_is_done_before_the_lease_ends(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_TIMEOUT = "127.0.0.1", 3
    with slow_server(data=2.5) as settings.EMAIL_PORT:
        began = time.monotonic()
        outcome = send(end_at=began + 4)
    assert (outcome.result, outcome.phase) == (Result.UNCERTAIN, SmtpPhase.DOT)
    assert 3.9 < time.monotonic() - began < 5.2  # 5.5 with three seconds for each answer


def test_relay_begins_no_content_that_the_lease_would_not_outlast(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_TIMEOUT = "127.0.0.1", 1
    with slow_server(rcpt=0.9) as settings.EMAIL_PORT:
        outcome = send(end_at=time.monotonic() + 1.8)
    assert (outcome.result, outcome.phase) == (Result.TRANSIENT, SmtpPhase.DATA)


def test_relay_keeps_control_characters_out_of_the_evidence(relay):
    relay.script(Fault("rcpt", "550 \x1b[31mforged\x07 line"))
    assert send().reply == "[31mforged line"


def test_relay_goes_on_after_a_refusal_over_the_same_connection(relay):
    relay.script(Fault("data", "554 5.6.0 Not this one", times=1))
    with Relay() as connected:
        results = [connected.send(letter(), end_at=time.monotonic() + 10).result for _ in range(2)]
    assert results == [Result.PERMANENT, Result.SENT]
    assert len(relay.talks) == 1


def test_relay_by_any_other_backend_of_django(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send(thread_id="<first@lunar-partners.example>").result == Result.SENT
    [sent] = django_mail.outbox
    assert sent.extra_headers["References"] == "<first@lunar-partners.example>"
    assert sent.to == ["pi@example.org"]


def test_relay_by_a_provider_takes_a_refused_recipient_as_final(settings):
    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"
    from anymail.exceptions import AnymailRecipientsRefused

    with Relay() as provider:
        provider.connection.parse_recipient_status = _raise(AnymailRecipientsRefused("refused"))
        assert provider.send(letter(), end_at=0).result == Result.PERMANENT
        provider.connection.parse_recipient_status = _raise(ConnectionError("no route"))
        assert provider.send(letter(), end_at=0).result == Result.TRANSIENT
        assert provider.usable is True


def _raise(error):
    def fail(*_, **__):
        raise error

    return fail


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"html": ""},
        {"subject": "月球 " * 30, "text": "é" * 3000 + "\n.\n", "calendar": "BEGIN:VCALENDAR\r\n"},
        {"subject": "x" * 300, "thread_id": "<first@lunar-partners.example>", "stop_url": "https://partners.example/" + "y" * 90},
    ],
)
def test_written_is_what_the_library_writes(fields):
    message = letter(**fields).build(None).message()
    ours = written(message, "<a@lunar-partners.example>")
    assert ours == message.as_bytes(linesep="\r\n")


def test_written_is_the_same_at_every_attempt_and_differs_by_mail():
    twice = [written(letter().build(None).message(), "<a@x>") for _ in range(2)]
    assert twice[0] == twice[1]
    assert twice[0] != written(letter().build(None).message(), "<b@x>")


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"a\r\nb\r\n", b"a\r\nb\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b".a\n..b\n.\nMAIL FROM:<x>\n", b"..a\r\n...b\r\n..\r\nMAIL FROM:<x>\r\n.\r\n"),
        (b"a\r.\rb", b"a\r\n..\r\nb\r\n.\r\n"),
    ],
)
def test_stuffed_leaves_only_one_final_dot(content, wanted):
    assert stuffed(content) == wanted
