"""Real servers in a throw-away folder, a mail sink, and the processes started beside them: the ground of bench and proofs."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Self, TypeVar

from lunarpartners.bootstrap import ROOT
from lunarpartners.children import Child
from lunarpartners.processes import die_with_parent
from lunarpartners.stack import Stack
from lunarpartners.supervisor import NOT_AS_ROOT, any_port
from tests.benchmarks.client import HOST, ORIGIN
from tests.proofs.sink import Sink
from tests.running import clean_environment

FIRST_PAGE_TIMEOUT_S = 60
STOP_TIMEOUT_S = 15
QUIET = ("--loglevel", "WARNING")
C = TypeVar("C", bound=Child)


class Servers:
    """A context: PostgreSQL and valkey as `up` runs them (fsync on), a sink for the mail, production settings."""

    def __init__(self, prefix: str) -> None:
        self.port = any_port()
        # not under the folder of whoever started us: as root the database's user could not reach it
        self.stack = Stack(Path(tempfile.mkdtemp(prefix=prefix)))
        self.sink = Sink()
        self.children: list[Child] = []
        self.environment: dict[str, str] = {}

    def __enter__(self) -> Self:
        """Start everything. Whatever fails, nothing stays."""
        try:
            self.sink.__enter__()
            self.stack.__enter__()
            self.environment = clean_environment(**self.settings()) | self.stack.folders() | self.stack.environment()
            self.prepare()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop what was started, and remove the folder."""
        self.stop_children()
        self.stack.stop()
        self.sink.__exit__()
        shutil.rmtree(self.stack.state, ignore_errors=True)

    def prepare(self) -> None:
        """What is done once the servers stand."""
        self.manage("migrate", "--verbosity", "0")

    def settings(self) -> dict[str, str]:
        """The variables of every process, but for where the servers are."""
        return {
            "LUNARPARTNERS_MODE": "production", "LUNARPARTNERS_PROCESS": "command", "SECRET_KEY": secrets.token_urlsafe(50),
            "EMAIL_URL": f"smtp://127.0.0.1:{self.sink.port}", "ALLOWED_HOSTS": f"{HOST},127.0.0.1", "SITE_URL": ORIGIN,
            "PORT": str(self.port), "HOST": "127.0.0.1", "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip

    def manage(self, *words: str) -> str:
        """Run one of Django's commands beside the site and give back what it printed. Raises RuntimeError."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env=self.environment, text=True, check=False,
            capture_output=True, start_new_session=True, preexec_fn=die_with_parent(signal.SIGKILL),
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"manage.py {' '.join(words)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
        return done.stdout

    def sql(self, script: str, *, database: str = "lunarpartners") -> str:
        """SQL as the database's superuser: VACUUM and ANALYZE, EXPLAIN."""
        assert self.stack.database is not None
        return self.stack.database.psql(script, database=database)

    def start(self, child: C, **environment: str) -> C:
        """Start a process that says what it has to say in `<name>.log` of the throw-away folder."""
        log = str(self.stack.state / f"{child.name}.log")
        child.command = ["/bin/sh", "-c", 'log=$1; shift; exec "$@" >>"$log" 2>&1', "sh", log, *child.command]
        child.start(self.environment | environment)
        self.children.append(child)
        return child

    def wait_for_page(self, web: Child, port: int) -> None:
        """Wait until the web server answers. Raises RuntimeError."""
        deadline = time.monotonic() + FIRST_PAGE_TIMEOUT_S
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=2):
                return
            if web.ended() or time.monotonic() > deadline:
                raise RuntimeError(f"the site did not answer:\n{self.log_of(web.name)}")
            time.sleep(0.05)

    def stop_children(self) -> None:
        """Ask every process started here to end, and end those that do not."""
        for child in self.children:
            child.terminate()
        end = time.monotonic() + STOP_TIMEOUT_S
        for child in self.children:
            child.wait(end)
        self.children = []

    def cpu_s(self) -> dict[str, float]:
        """Processor seconds used so far: by us (client and sink), by each part, and by the whole machine."""
        tick = os.sysconf("SC_CLK_TCK")
        spent, parents = _processes(tick)
        used = {"client and sink": sum(os.times()[:2])}
        roots = {child.process.pid: child.name for child in self.children if child.process}
        for name, server in (("database", self.stack.database), ("broker", self.stack.broker)):
            if server and server.process:
                roots[server.process.pid] = name
        for pid, seconds in spent.items():
            root = pid
            while root not in roots and root in parents:
                root = parents[root]
            if root in roots:
                used[roots[root]] = used.get(roots[root], 0) + seconds
        busy = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
        used["machine"] = sum(float(busy[place]) for place in (0, 1, 2, 5, 6, 7)) / tick
        return used

    def servers_cpu_s(self) -> float:
        """Processor seconds of the web server and the database so far, in steps of a hundredth."""
        used = self.cpu_s()
        return used["web"] + used.get("database", 0.0)

    def log_of(self, name: str, most: int = 4000) -> str:
        """The end of a part's log."""
        path = self.stack.state / f"{name}.log"
        return path.read_text(errors="replace")[-most:] if path.exists() else ""


def web_command() -> list[str]:
    """Gunicorn as `up` starts it."""
    return [sys.executable, "-m", "gunicorn", "-c", "python:lunarpartners.webserver", "lunarpartners.wsgi"]


def worker_command(processes: int) -> list[str]:
    """A worker group as `up` starts it, with so many processes."""
    return _celery("worker", "--concurrency", str(processes), "--without-mingle", "--without-gossip", *QUIET)


def beat_command(schedule: Path) -> list[str]:
    """A beat that keeps its schedule in a file of its own."""
    return _celery("beat", "--schedule", str(schedule), "--pidfile", "", *QUIET)


def _celery(*words: str) -> list[str]:
    return [sys.executable, "-W", NOT_AS_ROOT, "-m", "celery", "--quiet", "--app", "lunarpartners.celery", *words]


def _processes(tick: float) -> tuple[dict[int, float], dict[int, int]]:
    """Processor seconds (with those of ended children) and the parent, by process."""
    spent, parents = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                words = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(words[1])
                spent[int(entry.name)] = sum(map(int, words[11:15])) / tick
    return spent, parents
