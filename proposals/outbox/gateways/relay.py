"""The mail relay: one conversation a mail, over a connection kept open, and what exactly came of it."""

import hashlib
import re
import smtplib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email._policybase import Compat32
from email.generator import BytesGenerator
from email.utils import format_datetime
from functools import cache, partial
from io import BytesIO
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address
from django.core.validators import validate_email

from proposals.outbox.calculations import Outcome, bounce_address, classify
from proposals.outbox.gateways import provider
from proposals.outbox.states import Result, SmtpPhase

PLAIN_SMTP = "django.core.mail.backends.smtp.EmailBackend"
REPLY_LENGTH = 1000
_COMMANDS = {
    "ehlo": SmtpPhase.HELLO,
    "helo": SmtpPhase.HELLO,
    "starttls": SmtpPhase.TLS,
    "auth": SmtpPhase.LOGIN,
    "mail": SmtpPhase.MAIL,
    "rcpt": SmtpPhase.RCPT,
    "data": SmtpPhase.DATA,
}
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9_.+-]+@[A-Za-z0-9.-]+")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"(?m)^\.")


@dataclass(frozen=True)
class Mail:
    """One mail to one address, as it was fixed when it was written."""

    to: str
    subject: str
    text: str
    html: str
    language: str
    message_id: str
    thread_id: str
    written_at: datetime
    number: int
    calendar: str = ""
    stop_url: str = ""

    def build(self, connection: Any) -> EmailMultiAlternatives:
        """Django's object for it. The headers are the same at every attempt."""
        headers = {
            "Message-ID": self.message_id,
            "Date": format_datetime(self.written_at),
            "Content-Language": self.language,
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        }
        if self.thread_id and self.thread_id != self.message_id:
            headers |= {"In-Reply-To": self.thread_id, "References": self.thread_id}
        if self.stop_url:  # RFC 8058
            headers |= {"List-Unsubscribe": f"<{self.stop_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        mail = EmailMultiAlternatives(self.subject, self.text, to=[self.to], headers=headers, connection=connection)
        if self.html:
            mail.attach_alternative(self.html, "text/html")
        if self.calendar:
            mail.attach("deadlines.ics", self.calendar.encode(), "text/calendar; method=PUBLISH")
        return mail


class Relay:
    """A context in which mails are sent over one connection; `usable` is False once it is not worth another mail."""

    def __init__(self) -> None:
        plain = settings.EMAIL_BACKEND == PLAIN_SMTP
        self.connection: Any = Conversation() if plain else get_connection()
        self.usable = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if isinstance(self.connection, Conversation):
                self.connection.end_at = float("inf")  # QUIT belongs to no mail
            self.connection.close()
        except OSError:  # smtplib's own errors too: every mail has its outcome already
            return

    def send(self, mail: Mail, *, end_at: float) -> Outcome:
        """Send one mail and say what came of it; never raises for what a server or a network does.

        The conversation is over by `end_at` (on time.monotonic's clock), so that a slow server cannot hold the mail
        longer than its lease.
        """
        try:
            built = mail.build(self.connection)
            sender = bounce_address(mail.number) or _envelope(built.from_email)
            validate_email(mail.to)
            recipient = mail.to if _PLAIN_ADDRESS.fullmatch(mail.to) else sanitize_address(mail.to, "utf-8")
            content = written(built.message(), mail.message_id)
        except (ValueError, ValidationError) as error:  # a line break in a header (BadHeaderError), an impossible address
            return Outcome(Result.PERMANENT, SmtpPhase.BUILD, None, f"{type(error).__name__}: {error}"[:REPLY_LENGTH])
        if isinstance(self.connection, Conversation):
            outcome = self.connection.converse(sender, recipient, stuffed(content), end_at=end_at)
            self.usable = self.connection.reached_relay
            return outcome
        return provider.send(built, self.connection)


class Conversation(EmailBackend):
    """Django's SMTP backend, which also knows how far it came and what it was told."""

    def __init__(self) -> None:
        super().__init__(fail_silently=False)
        self.phase = SmtpPhase.CONNECT
        self.reached_relay = True
        self.end_at = float("inf")

    @property
    def connection_class(self) -> Any:
        """Smtplib's client, telling each command to `note` before it is given."""
        kind = _NotedSSL if self.use_ssl else _Noted
        return partial(kind, self._note)

    def converse(self, sender: str, recipient: str, content: bytes, *, end_at: float) -> Outcome:
        """Hand over one mail with one recipient. A connection gone stale between two mails is opened anew, once."""
        self.end_at = end_at
        reused = self.connection is not None
        outcome = self._attempt(sender, recipient, content)
        is_stale = outcome.code in (None, 421) and self.phase == SmtpPhase.MAIL
        if reused and is_stale and self.connection is None:
            outcome = self._attempt(sender, recipient, content)
        # a relay that cannot be reached, or hangs up on the sender's name, would do the same to the next mail
        self.reached_relay = self.connection is not None or self.phase in {SmtpPhase.RCPT, SmtpPhase.DATA, SmtpPhase.DOT}
        return outcome

    def _attempt(self, sender: str, recipient: str, content: bytes) -> Outcome:
        try:
            code, reply = self._hand_over(sender, recipient, content)
        except smtplib.SMTPResponseException as error:  # the greeting, EHLO, STARTTLS or AUTH was answered badly
            self._drop()
            own_words = isinstance(error.smtp_error, str)  # smtplib's 500 for an endless line is not the server's
            return self._outcome(None if own_words else error.smtp_code, error.smtp_error)
        except (OSError, ValueError) as error:  # hung up, timed out, no TLS; ValueError: smtplib on a garbled challenge
            self._drop()
            return self._outcome(None, f"{type(error).__name__}: {error}")
        outcome = self._outcome(code, reply)
        if outcome.result != Result.SENT:
            self._recover(code)
        return outcome

    def _hand_over(self, sender: str, recipient: str, content: bytes) -> tuple[int, bytes | str]:
        """The commands of one mail, up to the first answer that is not the one hoped for."""
        if self.connection is None:
            self._note("connect")
            self.open()
        client: Any = self.connection
        client.ehlo_or_helo_if_needed()
        options = ["BODY=8BITMIME"] if client.has_extn("8bitmime") else []
        options += [f"size={len(content)}"] if client.has_extn("size") else []
        code, reply = client.mail(sender, options)
        if code != 250:
            return code, reply
        code, reply = client.rcpt(recipient)
        if code not in (250, 251):
            return code, reply
        code, reply = client.docmd("data")
        if code != 354:
            return code, reply
        self._wait_no_longer(client)
        client.send(content)
        self.phase = SmtpPhase.DOT  # sent whole: from here on the server may have it
        self._wait_no_longer(client)
        answer: tuple[int, bytes] = client.getreply()
        client.sock.settimeout(self.timeout)
        return answer

    def _wait_no_longer(self, client: Any) -> None:
        """The last two steps share what is left. Raises TimeoutError when that is nothing."""
        left = self.end_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the server was too slow in all")
        client.sock.settimeout(min(self.timeout or left, left))

    def _outcome(self, code: int | None, reply: bytes | str) -> Outcome:
        said = code if code is not None and 100 <= code <= 999 else None
        # a command answered by a code that has no place there (250 to DATA, 354 to MAIL) counts as garbage
        return Outcome(classify(self.phase, said), self.phase, said, _printable(reply))

    def _recover(self, code: int) -> None:
        """Make the connection fit for the next mail, or close it."""
        if code == 421 or not 400 <= code < 600:
            self._drop()
            return
        try:
            if self.connection is not None:
                self.connection.rset()
        except OSError:
            self._drop()

    def _drop(self) -> None:
        """Hang up without another word: a server that answers nonsense will not answer QUIT."""
        for client in (self.connection, getattr(self, "_partial_connection", None)):
            if client is not None:
                client.close()
        self.connection = self._partial_connection = None

    def _note(self, command: str) -> None:
        """Each command passes here first. Raises TimeoutError when the lease would not outlast its answer."""
        self.phase = SmtpPhase.CONNECT if command == "connect" else _COMMANDS.get(command.lower(), self.phase)
        if time.monotonic() + (self.timeout or 0) > self.end_at:
            raise TimeoutError("the server was too slow in all")


class _Noted(smtplib.SMTP):
    def __init__(self, note: Callable[[str], None], *arguments: Any, **options: Any) -> None:
        self.note = note
        super().__init__(*arguments, **options)

    def putcmd(self, cmd: str, args: str = "") -> None:
        self.note(cmd)
        super().putcmd(cmd, args)


class _NotedSSL(_Noted, smtplib.SMTP_SSL):
    pass


class _Unfolded(Compat32):
    """The library's policy, which folds each header by five objects; a short plain one needs none."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        if isinstance(value, str) and value.isascii() and value.isprintable() and len(name) + len(value) < 75:
            return f"{name}: {value}{self.linesep}".encode()
        return super().fold_binary(name, value)


@cache
def _envelope(sender: str) -> str:
    """The site's own sender, parsed once."""
    return str(sanitize_address(sender, "utf-8"))


def written(message: Any, message_id: str) -> bytes:
    """A mail's bytes, the same at every attempt: its parts are bounded by words made of its Message-ID.

    The library would draw them anew and search each text for them by an expression of its own.
    """
    mark = hashlib.sha256(message_id.encode()).hexdigest()[:32]
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"={mark}{number}")
    buffer = BytesIO()
    BytesGenerator(buffer, mangle_from_=False, policy=_Unfolded()).flatten(message, linesep="\r\n")
    return buffer.getvalue()


def stuffed(content: bytes) -> bytes:
    """A mail's bytes as DATA wants them: CRLF only, leading dots doubled (RFC 5321, 4.5.2), the final dot added.

    A lone CR or LF before a dot is how a second mail is smuggled in.
    """
    lines = _LEADING_DOT.sub(b"..", _LINE_END.sub(b"\r\n", content))
    return lines + (b"" if lines.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _printable(reply: bytes | str | Exception) -> str:
    """A server's words on one line, for the evidence; control characters could forge a log line."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:REPLY_LENGTH]
