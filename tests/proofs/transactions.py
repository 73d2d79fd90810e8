"""What the sink keeps of a conversation, and the faults that can be played in one."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

_MESSAGE_ID = re.compile(rb"(?im)^message-id:\s*(<[^>]+>)")
PHASES = ("connect", "hello", "tls", "login", "mail", "rcpt", "data", "dot")


@dataclass
class Fault:
    """What goes wrong at a phase.

    `what` is a reply ("450", or "450 4.2.0 Greylisted"), "drop" (hang up), "hang" (say no more), or "garbage";
    or a function that is given the client's port, after which the sink hangs up: it may end the client's process.
    `times` counts down; None never ends. `to` narrows it to one recipient, for the phases that know one.
    At "dot" a mail is kept before it is dropped, hung on or answered by garbage: the client cannot know.
    """

    phase: str
    what: str | Callable[[int], None]
    times: int | None = None
    to: str = ""

    def __post_init__(self) -> None:
        if self.phase not in PHASES:
            raise ValueError(f"{self.phase!r} is no phase; these are: {', '.join(PHASES)}")
        if self.phase == "dot" and not isinstance(self.what, str):
            raise ValueError("after the final dot the sink answers; a function may act at any phase before it")

    @property
    def told(self) -> str:
        """What it is, in a word."""
        return self.what if isinstance(self.what, str) else self.what.__name__


@dataclass
class Received:
    """A mail that the sink took: its envelope, its bytes as they came, and whether they came encrypted."""

    sender: str
    to: list[str]
    raw: bytes
    at: float
    encrypted: bool
    acknowledged: bool = True

    @property
    def message_id(self) -> str:
        """The Message-ID as it stands in the mail's head; read without parsing the rest."""
        found = _MESSAGE_ID.search(self.raw)
        return found.group(1).decode() if found else ""

    @property
    def told(self) -> str:
        """Recipient, subject, Message-ID and size, on one line."""
        return f"{', '.join(self.to)}: {self.mail['Subject']} {self.mail['Message-ID']} ({len(self.raw):,} bytes)"

    @property
    def mail(self) -> EmailMessage:
        """The bytes, parsed."""
        parsed: EmailMessage = message_from_bytes(self.raw, policy=policy.default)  # type: ignore[assignment]
        return parsed


@dataclass(eq=False)  # two connections on which nothing was said yet are still two
class Talk:
    """One connection: the commands that came, and the faults that were played."""

    commands: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def read_fault(written: str) -> Fault:
    """A fault as it is typed: `rcpt=450`, `mail=450 4.2.0 Greylisted:3`, `dot=drop:1 @someone@partner.example`.

    Raises ValueError for a phase that there is none of.
    """
    rest, _, to = written.partition(" @")
    phase, _, rest = rest.partition("=")
    what, _, times = rest.partition(":")
    return Fault(phase.strip(), what.strip(), int(times) if times.strip() else None, to.strip())
