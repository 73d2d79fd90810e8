"""`manage.py bench`: what pages, whole letters of intent and mails cost with 0, 1,000 and 100,000 proposals.

Times never fail it: exit 1 only when something broke (an answer outside 2xx and 3xx, a mail lost, a letter without its receipt).
"""

import argparse
import json
import os
import platform
import signal
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import FrameType

from lunarpartners.embedded import EmbeddedError
from tests.benchmarks import assigning, figures, measuring
from tests.benchmarks.client import Broken, Browser
from tests.benchmarks.flows import CALL, Mailbox, Partner
from tests.benchmarks.stage import WEB_THREADS, WEB_WORKERS, WORKER_PROCESSES, Stage

NEW, SIGNED_IN = "letter by a new partner", "letter, signed in"
FORM, TASKS, CALL_PAGE, BARE = "first form page", "task list", "call page", "bare view"
CLIENTS = 4
DATABASE = ("server_version", "shared_buffers", "fsync", "synchronous_commit")
WARM_UPS = 8  # letters before the first that counts: each worker has compiled its templates then


def run(arguments: list[str]) -> int:
    """Measure, print, and give the exit status."""
    options = _parse(arguments)
    if options.assign:
        return assigning.run()
    signal.signal(signal.SIGTERM, _stop)
    began = time.monotonic()
    report = figures.Report()
    status = 0
    try:
        with Stage(profile=options.profile) as stage:
            try:
                Bench(stage, options, report).run()
            except Broken as broken:
                print(f"BROKEN {broken}\n{stage.log_of('web') if options.verbose else ''}", file=sys.stderr)
                status = 1
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        report.notes.append("INTERRUPTED: the rest was not measured")
        status = 130
    report.facts["duration"] = f"{time.monotonic() - began:.0f} s"
    told = _told(report)
    print(told)
    if options.json:
        options.json.write_text(json.dumps(report.as_dict(), indent=1))
    if options.write:
        options.write.write_text(told)
    return status


class Bench:
    """One run over all sizes."""

    def __init__(self, stage: Stage, options: argparse.Namespace, report: figures.Report) -> None:
        self.stage, self.options, self.report = stage, options, report
        self.mailbox = Mailbox(stage.sink)
        self.people = 0
        self.filed: list[str] = []
        self.proposals = 0
        self.began = time.monotonic()

    def run(self) -> None:
        """Each size in turn, then the judgement."""
        import django

        os.environ["LOG_LEVEL"] = "WARNING"  # of the client and the sink only: the servers have begun with their own
        django.setup()
        from tests.benchmarks import desk, mails
        from tests.benchmarks.urls import MAKE_TABLE

        self.stage.sql(MAKE_TABLE)
        self._facts()
        self._say("warming up")
        measuring.together([self._person() for _ in range(WARM_UPS)], self._whole, clients=CLIENTS)
        self.staff = desk.sign_in(self.stage.port)
        for size in self.options.sizes:
            self._say(f"N = {size:,}: growing")
            self._grow(size)
            self._measure(size)
        self.report.notes += [mails.check_delivery(self.stage), mails.check_letters(self.filed)]
        self.stage.manage("audit_verify")
        self.report.notes.append("audit_verify: the trail is whole")
        self.report.goals = figures.goals(
            self.report.rows,
            pages=[CALL_PAGE, FORM, TASKS, *desk.QUEUE_PAGES, "one proposal (staff)", "one move (mail written)"],
            queue=desk.QUEUE_PAGES,
            form=FORM,
            rates={NEW: 5.0, SIGNED_IN: 10.0},
        )

    def _measure(self, size: int) -> None:
        """Everything at one size."""
        from tests.benchmarks import desk, mails

        rows, times, cpu = self.report.rows, self.options.times, self.stage.servers_cpu_s
        anonymous = Browser(self.stage.port)
        rows.append(measuring.page(anonymous, "/bench/bare", BARE, size, times=times, cpu_s=cpu))
        rows.append(measuring.page(anonymous, "/bench/rows", "50-row template", size, times=times, cpu_s=cpu))
        rows.append(
            measuring.page(anonymous, "/bench/inserts", "3 INSERTs, one commit", size, times=times, cpu_s=cpu, method="post")
        )
        rows.append(measuring.page(anonymous, CALL, CALL_PAGE, size, times=times, cpu_s=cpu))
        letters = self._letters(size)
        writer = self._person()
        writer.sign_up(self.mailbox)
        writer.found()
        draft = writer.begin()
        rows.append(measuring.page(writer.browser, f"/proposals/{draft}/edit/summary/", FORM, size, times=times, cpu_s=cpu))
        rows.append(measuring.page(writer.browser, f"/proposals/{draft}/edit/", TASKS, size, times=times, cpu_s=cpu))
        self._say(f"N = {size:,}: the secretariat")
        rows += desk.queue_rows(self.staff, size, times=times, cpu_s=cpu)
        rows.append(desk.move_row(self.staff, letters[:times], size))
        self._say(f"N = {size:,}: mail")
        rows.append(mails.rate_row(self.stage, size, count=self.options.mails))
        self.filed += letters

    def _letters(self, size: int) -> list[str]:
        """Whole letters by four clients at once: by new partners, then by the same people signed in."""
        from tests.benchmarks import mails

        people = [self._person() for _ in range(self.options.letters)]
        for what, act in ((NEW, self._whole), (SIGNED_IN, Partner.file)):
            self._say(f"N = {size:,}: {what}")
            before, load = self.stage.cpu_s(), os.getloadavg()[0]
            flow = measuring.together(people, act, clients=CLIENTS)
            used = self.stage.cpu_s()
            self.report.rows.append(flow.row(what, size))
            self.report.steps[f"{what}, N={size:,}"] = flow.steps()
            shares = {name: (used[name] - before.get(name, 0)) / flow.elapsed_s for name in used}
            ours = sum(share for name, share in shares.items() if name != "machine")
            told = ", ".join(f"{name} {share:.2f}" for name, share in shares.items() if name != "machine")
            each_ms, waited_ms = ours * flow.elapsed_s * 1000 / len(flow.seconds), figures.percentile(flow.waited, 50) * 1000
            self.report.notes.append(
                f"N={size:,}, {what}: cores busy: {told}; others on this machine {max(0, shares['machine'] - ours):.2f} "
                f"(load {load:.1f}); {each_ms:.0f} ms of processor a letter in all, so two idle cores would do "
                f"{2000 / each_ms:.1f}/s at most; waiting for the confirmation p50 {waited_ms:.0f} ms; "
                f"mail drained {mails.drain():.1f} s later"
            )
        return [letter for person in people for letter in person.letters]

    def _whole(self, person: Partner) -> None:
        """Everything a new partner does."""
        person.sign_up(self.mailbox)
        person.found()
        person.file()

    def _person(self) -> Partner:
        self.people += 1
        return Partner(self.people, self.stage.port, str(self.options.seed))

    def _grow(self, size: int) -> None:
        """Bulk rows up to `size`, then what autovacuum would do in its time."""
        if size > self.proposals:
            self.stage.manage("seed", "--bulk", str(size - self.proposals))
            self.proposals = size
        self.stage.sql("VACUUM ANALYZE")

    def _facts(self) -> None:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        parts = ("django", "psycopg", "gunicorn", "celery", "django-allauth", "argon2-cffi")
        self.report.facts |= {
            "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
            "machine": f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}; "
            "client and servers share it",
            "versions": ", ".join([f"Python {platform.python_version()}", *(f"{part} {version(part)}" for part in parts)]),
            "database": "PostgreSQL "
            + ", ".join(f"{name} {self.stage.sql(f'SHOW {name}')}" for name in DATABASE)
            + ", as `up` runs it",
            "processes": f"gunicorn {WEB_WORKERS} workers x {WEB_THREADS} threads (gthread), Celery worker with "
            f"{WORKER_PROCESSES} processes, beat, SMTP sink in the client's process",
            "settings": "production, its rate limits unchanged: every new partner calls from a loopback address of their own",
            "run": f"seed {self.options.seed}, sizes {', '.join(f'{size:,}' for size in self.options.sizes)}, "
            f"{self.options.times} times a page, {self.options.letters} letters a flow at concurrency {CLIENTS}, "
            f"{self.options.mails:,} mails",
        }

    def _say(self, line: str) -> None:
        print(f"{time.monotonic() - self.began:6.0f} s  {line}", file=sys.stderr, flush=True)


def _told(report: figures.Report) -> str:
    """The report for people, in Markdown."""
    lines = [f"- {name}: {value}" for name, value in report.facts.items()]
    lines += ["", figures.table(report.rows, bare=BARE), "", *(f"- {goal}" for goal in report.goals), ""]
    lines += [f"- {note}" for note in report.notes]
    for flow, steps in report.steps.items():
        lines += ["", f"Steps of a {flow} (p50 ms, p95 ms, SQL, SQL ms, bytes), dearest first:", ""]
        lines += [f"- {step}: {', '.join(map(str, cells))}" for step, *cells in steps[:12]]
    return "\n".join(lines) + "\n"


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="manage.py bench", description="Measure the site with 0, 1,000 and 100,000 proposals.")
    parser.add_argument("--quick", action="store_true", help="only 0 and 1,000 proposals, few repetitions, within a minute")
    parser.add_argument("--assign", action="store_true", help="only the assignment of reviewers, without a site")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write every figure to a JSON file")
    parser.add_argument("--write", type=Path, metavar="PATH", help="write what is printed to a file as well")
    parser.add_argument("--seed", type=int, default=8, help="names the run's people and organisations")
    parser.add_argument(
        "--sizes", type=lambda text: [int(each) for each in text.split(",")], help="other numbers, such as 0,5000"
    )
    parser.add_argument("--letters", type=int, help="letters in each flow")
    parser.add_argument("--times", type=int, help="times a page is asked for")
    parser.add_argument("--profile", type=Path, metavar="FOLDER", help="profile the web workers into it")
    parser.add_argument("--verbose", action="store_true", help="show the web server's log when something broke")
    options = parser.parse_args(arguments)
    options.sizes = sorted(options.sizes or ([0, 1_000] if options.quick else [0, 1_000, 100_000]))
    options.times = options.times or (10 if options.quick else 60)
    options.letters = options.letters or (6 if options.quick else 60)
    options.mails = 200 if options.quick else 2_000
    return options


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
