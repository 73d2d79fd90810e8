"""How things are measured: a page again and again by one client, a flow by four at once, mail until the sink has it all."""

import gzip
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.benchmarks.client import Answer, Browser
from tests.benchmarks.figures import Row, percentile
from tests.benchmarks.flows import Partner

WARM_UPS = 4


def page(
    browser: Browser, path: str, what: str, size: int, *, times: int, cpu_s: Callable[[], float], method: str = "get"
) -> Row:
    """One page by one client, after warm-up; statements are the most that any request took.

    `cpu_s` tells the processor seconds of the servers: unlike the times, it hardly minds what else the machine does.
    """
    answers = []
    before = 0.0
    for turn in range(times + WARM_UPS):
        answer = browser.get(path, what, follow=False) if method == "get" else browser.post(path, {}, what, follow=False)
        if turn >= WARM_UPS:
            answers.append(answer)
        elif turn == WARM_UPS - 1:
            before = cpu_s()
    row = row_of(answers, what, size)
    row.cpu_ms = (cpu_s() - before) * 1000 / times
    return row


def row_of(answers: Sequence[Answer], what: str, size: int) -> Row:
    """The row of many answers of one kind."""
    times = [answer.seconds * 1000 for answer in answers]
    body = answers[-1].body
    return Row(
        what=what,
        size=size,
        p50_ms=percentile(times, 50),
        p95_ms=percentile(times, 95),
        statements=max(answer.statements for answer in answers),
        sql_ms=percentile([answer.sql_ms for answer in answers], 50),
        body_bytes=len(body),
        gzip_bytes=len(gzip.compress(body, 6)) if body else 0,
        count=len(answers),
    )


@dataclass
class Flow:
    """Many runs of one flow by several clients at once."""

    seconds: list[float] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    elapsed_s: float = 0.0

    def row(self, what: str, size: int) -> Row:
        """The flow's row: whole runs in milliseconds, and how many were done a second."""
        done = len(self.seconds)
        times = [each * 1000 for each in self.seconds]
        return Row(
            what=what,
            size=size,
            p50_ms=percentile(times, 50),
            p95_ms=percentile(times, 95),
            statements=round(sum(answer.statements for answer in self.answers) / done),
            sql_ms=sum(answer.sql_ms for answer in self.answers) / done,
            body_bytes=round(sum(len(answer.body) for answer in self.answers) / done),
            gzip_bytes=0,
            count=done,
            rate_per_s=done / self.elapsed_s,
            requests=round(len(self.answers) / done),
        )

    def steps(self) -> list[list[object]]:
        """Per step: name, p50 ms, p95 ms, most statements, p50 of their ms, bytes; dearest first."""
        by_step: dict[str, list[Answer]] = defaultdict(list)
        for answer in self.answers:
            by_step[answer.step].append(answer)
        rows = [row_of(answers, step, 0) for step, answers in by_step.items()]
        rows.sort(key=lambda row: -row.p50_ms)
        return [[r.what, round(r.p50_ms, 1), round(r.p95_ms, 1), r.statements, round(r.sql_ms, 1), r.body_bytes] for r in rows]


def together(people: Sequence[Partner], act: Callable[[Partner], object], *, clients: int) -> Flow:
    """Each person does it once, `clients` of them at a time; the first error stops all."""
    flow, waiting, lock = Flow(), list(reversed(people)), threading.Lock()
    began = time.perf_counter()

    def work() -> None:
        while True:
            with lock:
                if not waiting or flow.errors:
                    return
                person = waiting.pop()
            person.browser.journal.clear()
            person.waited_s = 0.0
            started = time.perf_counter()
            try:
                act(person)
            except Exception as error:  # noqa: BLE001  # told by the main thread
                flow.errors.append(error)
                return
            taken = time.perf_counter() - started
            with lock:
                flow.seconds.append(taken)
                flow.waited.append(person.waited_s)
                flow.answers += person.browser.journal
            person.browser.close()

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    flow.elapsed_s = time.perf_counter() - began
    if flow.errors:
        raise flow.errors[0]
    return flow
