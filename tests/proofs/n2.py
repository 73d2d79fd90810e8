"""N2: Redis is wiped, restarted, down and frozen while people use the site; it costs nothing but latency.

Two members of staff send themselves letters all the while, each a form that writes a mail and rings the bell. Redis
meets FLUSHALL x 5, 20 restarts, 60 s down and 60 s frozen (quick: 1, 2, 6 s, 6 s). Goal: every form answered, its
slowest 3 s at most and its 95th percentile at most 1 s above that of the quiet start; every mail acknowledged
arrives, once, within 120 s after Redis is well.
"""

import random
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from statistics import quantiles
from typing import Self

from django.db import connections
from django.utils import timezone

from lunarpartners.broker import Valkey
from proposals.demo.people import seed_staff
from proposals.intake.actions import save_wording
from proposals.intake.states import Status
from proposals.outbox.models import Message, Wording
from tests.benchmarks import desk
from tests.benchmarks.client import Broken, Browser
from tests.factories import make_proposal
from tests.proofs.stage import Stage, wait_until
from tests.proofs.tally import drain
from tests.proofs.verdict import Verdict

FLUSHES, RESTARTS, LONG_S = 5, 20, 60.0
QUICK_FLUSHES, QUICK_RESTARTS, QUICK_LONG_S = 1, 2, 6.0
PEOPLE, PAUSE_S = 2, 0.1
P95_MORE_S, MOST_S = 1.0, 3.0
SENT_WITHIN_S = 120
TEXTS = {"en": {"subject": "About {reference}", "body": "Dear {name},\n\nThis is a trial."}}


def prove(stage: Stage, *, full: bool, chance: random.Random) -> Verdict:
    """Play the row."""
    flushes, restarts, long_s = (FLUSHES, RESTARTS, LONG_S) if full else (QUICK_FLUSHES, QUICK_RESTARTS, QUICK_LONG_S)
    desks = seed_staff()
    wording = Wording(name="Trial")
    save_wording(wording, texts=TEXTS, by=desks[0], now=timezone.now())
    proposal = make_proposal(status=Status.SUBMITTED)
    web = stage.web(WEB_WORKERS="2")
    stage.worker()
    stage.beat()
    broker = stage.stack.broker
    assert broker is not None
    with Desks(web.port, f"/staff/proposals/wording/{wording.pk}/preview/?proposal={proposal.reference}") as people:
        people.during("well", lambda: time.sleep(long_s / 3))
        for _ in range(flushes):
            people.during("wiped", lambda: (stage.broker().flushall(), time.sleep(chance.uniform(0.5, 1.5))))
        for _ in range(restarts):
            people.during("restarted", lambda: (_end(broker), broker.start(), time.sleep(chance.uniform(0.5, 1.5))))
        people.during("down", lambda: (_end(broker), time.sleep(long_s)))
        broker.start()
        people.during("up_again", lambda: time.sleep(2))
        people.during("frozen", lambda: _frozen(broker, long_s))
        people.during("thawed", lambda: time.sleep(2))
    drained = drain(stage, seconds=SENT_WITHIN_S)
    return _judge(stage, people, drained)


def _end(broker: Valkey) -> None:
    """As when its machine goes: what it held is gone, and nobody is told."""
    assert broker.process is not None
    broker.process.kill()
    broker.process.wait()


def _frozen(broker: Valkey, seconds: float) -> None:
    """It takes connections, and answers nothing."""
    assert broker.process is not None
    broker.process.send_signal(signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        broker.process.send_signal(signal.SIGCONT)


def _judge(stage: Stage, people: "Desks", drained: float) -> Verdict:
    verdict = Verdict()
    written = set(Message.objects.filter(key__startswith="trial:").values_list("message_id", flat=True))
    came = Counter(mail.message_id for mail in stage.sink.mails)
    lost, copies = len(written - came.keys()), sum(came[each] - 1 for each in written & came.keys())
    acknowledged = sum(len(seconds) for seconds in people.seconds.values())
    verdict.require(not people.failures, f"{len(people.failures)} forms failed: {people.failures[:3]}")
    verdict.require(acknowledged <= len(written), f"{acknowledged} forms acknowledged, {len(written)} mails written")
    verdict.require(not lost and not copies, f"{lost} mails lost, {copies} copies")
    verdict.figures |= {"acknowledged": acknowledged, "delivered": len(written) - lost, "duplicates": copies}
    allowed = _p95(people.seconds["well"]) + P95_MORE_S
    for name, seconds in people.seconds.items():
        p95, most = _p95(seconds), max(seconds)
        verdict.require(p95 <= allowed, f"{name}: p95 {p95:.2f} s, {allowed:.2f} are allowed")
        verdict.require(most <= MOST_S, f"{name}: the slowest took {most:.2f} s")
        verdict.figures |= {f"{name}_p95_s": p95, f"{name}_max_s": most}
    verdict.figures |= {"drained_s": round(drained, 1)}
    return verdict


def _p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else max(seconds, default=0.0)


class Desks:
    """A context in which two people go on sending themselves the trial letter; the seconds of each form by what went on."""

    def __init__(self, port: int, path: str) -> None:
        self.path = path
        self.seconds: dict[str, list[float]] = {}
        self.failures: list[str] = []
        self.what = ""
        first = desk.sign_in(port)
        self.hidden = first.get(path, "trial page").hidden()
        self.cookies = dict(first.cookies)
        self.browsers = [Browser(port, address=f"127.10.0.{n + 2}") for n in range(PEOPLE)]
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._go_on, args=[each], daemon=True) for each in self.browsers]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join(30)

    def during(self, what: str, act: Callable[[], object]) -> None:
        """What is answered while `act` runs counts under this name; at least one form of each person is awaited."""
        self.what = what
        had = len(self.seconds.setdefault(what, []))
        act()
        wait_until(lambda: len(self.seconds[what]) >= had + PEOPLE, seconds=30, what=f"forms are answered: {what}")

    def _go_on(self, browser: Browser) -> None:
        while not self._done.is_set():
            what, began = self.what, time.monotonic()
            try:
                browser.connection.close()
                browser.cookies = dict(self.cookies)  # without the site's notices, which nobody reads here
                form = {**self.hidden, "language": "en", "request_key": str(uuid.uuid4())}
                answer = browser.post(self.path, form, "trial", follow=False)
                if not answer.location:
                    raise Broken(f"answered {answer.status}")
            except Exception as error:  # noqa: BLE001  # every failure is the row's to tell
                self.failures.append(f"{what}: {error or type(error).__name__}"[:200])
            else:
                if what:
                    with self._lock:
                        self.seconds[what].append(time.monotonic() - began)
            self._done.wait(PAUSE_S)
        connections.close_all()
