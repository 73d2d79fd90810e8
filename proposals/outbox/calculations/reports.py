"""What is heard of a mail after a server has taken it, in one form for every way it comes by."""

from dataclasses import dataclass
from datetime import datetime

from proposals.outbox.states import Report, ReportSource

WORDS_LENGTH = 1000


def printable(words: object) -> str:
    """A stranger's words on one line, at most 1,000 characters: control characters could forge a line of a log."""
    text = words if isinstance(words, str) else ""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:WORDS_LENGTH]


@dataclass(frozen=True)
class Heard:
    """One report about one of our mails; `report` is None where it says that the mail was delivered.

    Which mail is meant is told by one of three: our number of it, our Message-ID, or the provider's own id
    beside the address.
    """

    event_id: str
    report: Report | None
    source: ReportSource
    at: datetime
    reply: str = ""
    number: int | None = None
    message_id: str = ""
    provider_id: str = ""
    address: str = ""
