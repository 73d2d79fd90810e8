"""What was written to the outbox against what the sink received: each mail once, with its own Message-ID."""

import time
from collections import Counter, defaultdict
from dataclasses import dataclass

from proposals.outbox.models import Message
from proposals.outbox.states import FINAL
from tests.proofs.sink import Received
from tests.proofs.stage import Stage, wait_until


@dataclass
class Tally:
    """Counts over mails whose addresses are each used once, so that a second copy is known without its Message-ID."""

    queued: int
    delivered: int
    lost: int
    strange: int
    duplicates: int
    same_id: int

    def figures(self) -> dict[str, object]:
        """As a row prints them."""
        return {
            "queued": self.queued,
            "delivered": self.delivered,
            "duplicates": self.duplicates,
            "same_id": self.same_id,
        }


def tally(mails: list[Received], *, only: str = "") -> Tally:
    """Compare all that the sink took with all that was written, to addresses that begin with `only`."""
    expected = dict(Message.objects.filter(address__startswith=only).values_list("address", "message_id"))
    came: dict[str, list[str]] = defaultdict(list)
    for mail in mails:
        for address in mail.to:
            if address.startswith(only):
                came[address].append(mail.message_id)
    right = {address for address, ids in came.items() if expected.get(address) in ids}
    return Tally(
        queued=len(expected),
        delivered=len(right),
        lost=len(expected.keys() - right),
        strange=sum(1 for address, ids in came.items() for each in ids if expected.get(address) != each),
        duplicates=sum(len(ids) - 1 for ids in came.values()),
        same_id=sum(ids.count(ids[0]) - 1 for ids in came.values()),
    )


def waiting() -> int:
    """Messages that are not sent, refused or given up yet."""
    return Message.objects.exclude(delivery__in=sorted(FINAL)).count()


def drain(stage: Stage, *, seconds: float) -> float:
    """Wait until no message waits; the seconds waited. Raises Late."""
    began = time.monotonic()
    wait_until(lambda: not waiting(), seconds=seconds, what="the outbox is empty", every_s=0.1)
    return time.monotonic() - began


def copies(mails: list[Received]) -> set[str]:
    """The addresses that received more than one mail."""
    counted = Counter(address for mail in mails for address in mail.to)
    return {address for address, times in counted.items() if times > 1}
