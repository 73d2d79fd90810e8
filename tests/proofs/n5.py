"""N5: a few mails kill the process that sends them; they end as dead letters and hold up nobody.

5 poison mails among 5,000 (quick: among 500): when the sink hears one named, or its content announced, the process
that holds that connection is killed by kill -9, every time. Goal: each is given up after at most five tries, with five
pieces of evidence; all others arrive once, at 90 % or more of the speed of as many without poison, half sent
before and half after. Quick has ten times the poison a mail, so there the speed is only printed; its lease is 2 s,
and the bell rings on. At the end the poison is taken away and staff retry the dead letters: they arrive.
"""

import os
import random
import signal
import threading
import time

from django.utils import timezone

from proposals.outbox.actions import retry
from proposals.outbox.gateways import knock
from proposals.outbox.models import Attempt, Message
from proposals.outbox.states import Delivery, Result
from proposals.partners.models import User
from tests.proofs.letters import write
from tests.proofs.sink import Fault
from tests.proofs.stage import Group, Stage, wait_until
from tests.proofs.tally import drain, tally, waiting
from tests.proofs.verdict import Verdict

MAILS, POISON, TRIES = 5_000, 5, 5
SPEED = 0.9
PATIENCE_S = 900  # a machine that others use is slow, not wrong: speed is judged against its own of the same minute


def prove(stage: Stage, *, full: bool, chance: random.Random) -> Verdict:
    """Play the row."""
    mails = MAILS if full else MAILS // 10
    lease = {} if full else {"EMAIL_TIMEOUT": "1", "OUTBOX_LEASE_S": "2"}
    stage.beat()
    killer = Killer(stage.worker(**lease))
    write(0, 60, prefix="warm")
    drain(stage, seconds=PATIENCE_S)

    before = _send(stage, "before", mails // 2)
    stage.sink.script(*[Fault(chance.choice(["rcpt", "data"]), killer.strike, to=_poison(n)) for n in range(POISON)])
    with_poison = _send(stage, "among", mails, poison=chance.sample(range(mails), POISON))
    given_up = _give_up(hurry=not full)
    dead = set(Message.objects.filter(delivery=Delivery.DEAD).values_list("address", flat=True))
    tries = _tries(stage)
    stage.sink.script()
    after = _send(stage, "after", mails - mails // 2)
    speed = (before + after) / with_poison

    verdict = Verdict()
    verdict.require(dead == {_poison(n) for n in range(POISON)}, f"dead letters are {sorted(dead)}")
    verdict.require(max(tries) <= TRIES, f"a poison mail was tried {max(tries)} times")
    verdict.require(min(tries) > 0, "a poison mail was never tried")
    crashes = Attempt.objects.filter(outcome=Result.CRASHED, message__address__startswith="poison").count()
    verdict.require(crashes == killer.killed == sum(tries), f"{sum(tries)} tries, {killer.killed} deaths, {crashes} in evidence")
    if full:
        verdict.require(speed >= SPEED, f"the others went at {speed:.2f} of the normal speed")
    _retry(stage)
    found = tally(stage.sink.mails)
    verdict.require(not found.lost, f"{found.lost} mails were lost")
    verdict.require(not found.strange, f"{found.strange} mails came with a Message-ID that was not theirs")
    verdict.require(not found.duplicates, f"{found.duplicates} mails came twice")
    verdict.figures |= {
        "mails": mails, "poison": POISON, "tries_most": max(tries), "killed_processes": killer.killed, "dead": len(dead),
        "normal_per_s": round(mails / (before + after)), "others_per_s": round(mails / with_poison), "speed": speed,
        "given_up_s": round(given_up), "retried_and_delivered": POISON - found.lost,
    }  # fmt: skip
    return verdict


class Killer:
    """Ends the worker process that holds a connection, as a mail that crashes the interpreter would."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.killed = 0
        self.lock = threading.Lock()

    def strike(self, port: int) -> None:
        """Kill -9 the one process of our group that talks from this port."""
        pid = self.group.holder(port)
        if pid is not None and pid != self.group.pid:
            os.kill(pid, signal.SIGKILL)
            with self.lock:
                self.killed += 1


def _poison(number: int) -> str:
    return f"poison-{number}@partner.example"


def _send(stage: Stage, prefix: str, count: int, poison: list[int] | None = None) -> float:
    """Write so many mails, with poison at the places given; seconds until all but the poison have come."""
    base = len(stage.sink.mails)
    places = sorted(poison or [])
    done = 0
    for number, place in enumerate(places):
        write(done, place - done, prefix=prefix)
        write(number, 1, prefix="poison")
        done = place
    began = time.monotonic()
    write(done, count - done, prefix=prefix)
    knock()  # a ring for each process of the group
    knock()
    wait_until(lambda: len(stage.sink.mails) >= base + count, seconds=PATIENCE_S, what=f"{count} mails came", every_s=0.002)
    return time.monotonic() - began


def _give_up(*, hurry: bool) -> float:
    """Wait until nothing waits; seconds. In a hurry the bell is rung, as any further mail would, not only by the sweep."""

    def done() -> bool:
        if hurry:
            knock()
        return not waiting()

    return wait_until(done, seconds=PATIENCE_S, what="the poison is given up", every_s=0.5)


def _tries(stage: Stage) -> list[int]:
    """How often each poison mail was named to the sink."""
    named = [command for talk in stage.sink.talks for command in talk.commands if command.startswith("rcpt")]
    return [sum(_poison(number) in command for command in named) for number in range(POISON)]


def _retry(stage: Stage) -> None:
    """The dead letters again, by one of the secretariat."""
    desk = User.objects.create(email="desk@lunar.example", full_name="Desk", staff_role="secretariat")
    for message in Message.objects.filter(delivery=Delivery.DEAD):
        retry(message, by=desk, now=timezone.now())
    drain(stage, seconds=PATIENCE_S)
