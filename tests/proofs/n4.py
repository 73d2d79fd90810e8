"""N4: the relay fails in every way at every phase of the conversation; a mail is delivered once, or staff see that it is not.

{421, 450, 451, 452, another 4yz, a 5yz, drop, hang, garbage} x {connect, EHLO, TLS, AUTH, MAIL, RCPT, DATA, final dot},
then a relay that offers no STARTTLS and one whose certificate nobody vouches for: 74 cells of two mails (quick: one
way a phase, and the certificate, of one mail). In each cell the fault lasts until every mail was tried (before MAIL:
until one was), then the relay is well, and what waits is made due: the wait itself is the retry table's, which has
tests of its own.
Goal: transient faults, and those before MAIL, which say nothing against a mail: delivered once; cut after the dot: twice
at most, with the same Message-ID; 5yz from MAIL on: refused, never delivered, and on the staff's page of messages
within 60 s. Over STARTTLS with a password: not one byte of a mail, a password or a sender in clear text.
"""

import logging
import os
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from django.utils import timezone

from proposals.demo.people import seed_staff
from proposals.outbox.gateways import knock
from proposals.outbox.models import Attempt, Message
from proposals.outbox.states import FINAL, Delivery
from tests.benchmarks import desk
from tests.benchmarks.client import Browser
from tests.proofs.letters import write
from tests.proofs.sink import PASSWORD, PHASES, USER, Fault, Sink, Talk, self_signed
from tests.proofs.stage import Stage, wait_until
from tests.proofs.verdict import Verdict

KINDS = ("421", "450", "451", "452", "4yz", "5yz", "drop", "hang", "garbage")
OTHERS = {"4yz": ("454", "471", "499"), "5yz": ("500", "535", "550", "554")}
BAD_TLS = ("no STARTTLS", "untrusted certificate")
OF_THE_MAIL = ("mail", "rcpt", "data", "dot")  # the phases whose reply is about one mail, not about the connection
KEPT_UNHEARD = {"drop", "hang", "garbage"}  # after the dot: the relay has the mail, and we do not know
SEEN_WITHIN_S = 60
PATIENCE_S = 60
FAILED = "/staff/proposals/message/?delivery=refused"


@dataclass
class Cell:
    """One fault at one phase, and the mails that met it."""

    number: int
    phase: str
    what: str
    mails: int

    @property
    def prefix(self) -> str:
        """How the addresses begin."""
        return f"cell{self.number}"

    @property
    def is_final(self) -> bool:
        """Whether the reply is against the mail, so that it is not tried again."""
        return self.what.startswith("5") and self.phase in OF_THE_MAIL

    @property
    def most_copies(self) -> int:
        """How often a mail may arrive."""
        return 0 if self.is_final else 2 if self.phase == "dot" and self.what in KEPT_UNHEARD else 1

    def rows(self) -> list[Message]:
        """Its messages as they stand."""
        return list(Message.objects.filter(address__startswith=f"{self.prefix}-"))

    def tried(self) -> bool:
        """Whether the fault has met every mail, or one where it concerns the connection."""
        met = Attempt.objects.filter(message__address__startswith=f"{self.prefix}-").values("message").distinct().count()
        return met >= (self.mails if self.phase in OF_THE_MAIL else 1)


def cells(chance: random.Random, *, full: bool) -> list[Cell]:
    """All of them; or a kind a phase, drawn so that one is final and one cuts the mail off after its dot."""
    pairs = [(phase, kind) for phase in PHASES for kind in KINDS] + [("tls", bad) for bad in BAD_TLS]
    while not full:
        kinds = dict(zip(PHASES, chance.sample(KINDS, len(PHASES)), strict=True))
        if kinds["dot"] in KEPT_UNHEARD and "5yz" in {kinds[phase] for phase in OF_THE_MAIL}:
            pairs = [*kinds.items(), ("tls", BAD_TLS[1])]
            break
    drawn = [(phase, chance.choice(OTHERS[kind]) if kind in OTHERS else kind) for phase, kind in pairs]
    return [Cell(number, phase, what, 2 if full else 1) for number, (phase, what) in enumerate(drawn)]


def prove(stage: Stage, *, full: bool, chance: random.Random) -> Verdict:
    """Play the row."""
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # the sink's own, who is told of every refused handshake
    seed_staff()
    staff = desk.sign_in(stage.web().port)
    drawn = cells(chance, full=full)
    with tempfile.TemporaryDirectory() as folder:
        context, certificate = self_signed(Path(folder))
        with Sink(tls=context, login=True) as sink:
            play = _Play(stage, sink, staff, str(certificate))
            for cell in sorted(drawn, key=lambda each: each.what in BAD_TLS):
                play.cell(cell)
            return _judge(play, drawn)


class _Play:
    """One cell after another, on a worker that speaks to the relay as production does."""

    def __init__(self, stage: Stage, sink: Sink, staff: Browser, certificate: str) -> None:
        self.stage, self.sink, self.staff = stage, sink, staff
        self.well = {"EMAIL_URL": self._relay(sink.port), "SSL_CERT_FILE": certificate}
        self.seen_s = 0.0
        stage.beat()
        self.worker = stage.worker(**self.well)

    def cell(self, cell: Cell) -> None:
        """The fault until it has met the mails; then health, and the next try."""
        if cell.what in BAD_TLS:
            port = self.stage.sink.port if cell.what == BAD_TLS[0] else self.sink.port
            self._work_with(EMAIL_URL=self._relay(port), SSL_CERT_FILE=os.devnull)
        else:
            self.sink.script(Fault(cell.phase, cell.what))
        write(cell.number * 10, cell.mails, prefix=cell.prefix)
        knock()
        wait_until(cell.tried, seconds=PATIENCE_S, what=f"{cell.what} at {cell.phase} has met the mails", every_s=0.05)
        if cell.is_final:
            self._await_staff(cell)
        if cell.what in BAD_TLS:
            self._work_with(**self.well)
        self.sink.script()
        self._await_end(cell)

    def _await_staff(self, cell: Cell) -> None:
        """Until each of the mails is on the staff's list of what was refused."""
        wanted = [f"CE8-P{cell.number * 10 + mail:05d}".encode() for mail in range(cell.mails)]
        self.staff.connection.close()  # the server has hung up on a connection not used for so long
        began = time.monotonic()
        wait_until(
            lambda: all(each in self.staff.get(FAILED, "refused mails").body for each in wanted),
            seconds=SEEN_WITHIN_S,
            what=f"staff see that the mails of {cell.what} at {cell.phase} were refused",
            every_s=0.2,
        )
        self.seen_s = max(self.seen_s, time.monotonic() - began)

    def _await_end(self, cell: Cell) -> None:
        """What waits for its next try is due now; until every mail of the cell is sent or refused."""

        def ended() -> bool:
            late = Message.objects.filter(
                address__startswith=f"{cell.prefix}-", delivery__in=[Delivery.QUEUED, Delivery.UNCERTAIN]
            )
            if late.filter(due_at__gt=timezone.now()).update(due_at=timezone.now()):
                knock()
            return all(message.delivery in FINAL for message in cell.rows())

        wait_until(ended, seconds=PATIENCE_S, what=f"the mails of {cell.what} at {cell.phase} came to an end", every_s=0.1)

    def _work_with(self, **environment: str) -> None:
        """Another worker in place of the one that runs."""
        self.worker.stop()
        self.stage.forget(self.worker)
        self.worker = self.stage.worker(**environment)

    @staticmethod
    def _relay(port: int) -> str:
        return f"smtp+tls://{USER}:{PASSWORD}@127.0.0.1:{port}"


def _judge(play: _Play, drawn: list[Cell]) -> Verdict:
    """Each mail as often as its cell allows, with one Message-ID, and nothing unencrypted."""
    verdict = Verdict()
    came: dict[str, list[str]] = {}
    for mail in play.sink.mails:
        came.setdefault(mail.to[0], []).append(mail.message_id)
    delivered = refused = 0
    for cell in drawn:
        for message in cell.rows():
            ids = came.get(message.address, [])
            least = 0 if cell.is_final else 1
            fair = least <= len(ids) <= cell.most_copies and set(ids) <= {message.message_id}
            right = message.delivery == (Delivery.REFUSED if cell.is_final else Delivery.SENT)
            verdict.require(fair, f"{cell.what} at {cell.phase}: {len(ids)} copies with {len(set(ids))} Message-IDs")
            verdict.require(right, f"{cell.what} at {cell.phase}: the mail is {message.delivery}")
            delivered += bool(ids)
            refused += message.delivery == Delivery.REFUSED
    bare = _in_clear([*play.sink.talks, *play.stage.sink.talks])
    bare += sum(len(mail.raw) for mail in [*play.sink.mails, *play.stage.sink.mails] if not mail.encrypted)
    verdict.require(not bare, f"{bare} bytes in clear text")
    verdict.figures |= {
        "cells": len(drawn), "queued": sum(cell.mails for cell in drawn), "delivered": delivered, "refused": refused,
        "copies": sum(len(ids) - 1 for ids in came.values()), "cleartext_bytes": bare, "staff_saw_after_s": round(play.seen_s, 1),
    }  # fmt: skip
    return verdict


def _in_clear(talks: list[Talk]) -> int:
    """The bytes of passwords, senders and recipients that came before the connection was encrypted."""
    bare = 0
    for talk in talks:
        before = talk.commands[: talk.commands.index("tls")] if "tls" in talk.commands else talk.commands
        bare += sum(len(command) for command in before if not command.startswith("hello"))
    return bare
