"""The running site of the bench: real servers in a throw-away folder, production settings, nothing left behind."""

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
from typing import Self

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
WEB_WORKERS, WEB_THREADS, WORKER_PROCESSES = 2, 4, 2


class Stage:
    """A context: PostgreSQL and valkey as `up` runs them (fsync on), gunicorn, worker and beat, and a sink for the mail."""

    def __init__(self, *, profile: Path | None = None) -> None:
        self.port = any_port()
        # not under the folder of whoever started us: as root the database's user could not reach it
        self.stack = Stack(Path(tempfile.mkdtemp(prefix="lp-bench-")))
        self.sink = Sink()
        self.children: list[Child] = []
        self.environment: dict[str, str] = {}
        self.profile = profile

    def __enter__(self) -> Self:
        """Start everything, and seed. Whatever fails, nothing stays."""
        try:
            self.sink.__enter__()
            self.stack.__enter__()
            self.environment = self._environment()
            os.environ.update(self.environment)
            for words in (("migrate", "--verbosity", "0"), ("collectstatic", "--no-input", "--verbosity", "0"), ("seed",)):
                self.manage(*words)
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop what was started, and remove the folder."""
        for child in self.children:
            child.terminate()
        end = time.monotonic() + STOP_TIMEOUT_S
        for child in self.children:
            child.wait(end)
        self.stack.stop()
        self.sink.__exit__()
        shutil.rmtree(self.stack.state, ignore_errors=True)

    def manage(self, *words: str) -> str:
        """Run one of Django's commands beside the site and give back what it printed. Raises RuntimeError."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env=self.environment, text=True, check=False,
            capture_output=True, start_new_session=True, preexec_fn=die_with_parent(signal.SIGKILL),
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"manage.py {' '.join(words)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
        return done.stdout

    def sql(self, script: str) -> str:
        """SQL as the database's superuser: VACUUM and ANALYZE, EXPLAIN."""
        assert self.stack.database is not None
        return self.stack.database.psql(script, database="lunarpartners")

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

    def _environment(self) -> dict[str, str]:
        given = {
            "LUNARPARTNERS_MODE": "production", "LUNARPARTNERS_PROCESS": "command",
            "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings", "SECRET_KEY": secrets.token_urlsafe(50),
            "EMAIL_URL": f"smtp://127.0.0.1:{self.sink.port}", "ALLOWED_HOSTS": f"{HOST},127.0.0.1", "SITE_URL": ORIGIN,
            "PORT": str(self.port), "HOST": "127.0.0.1", "WEB_WORKERS": str(WEB_WORKERS), "WEB_THREADS": str(WEB_THREADS),
            "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        if self.profile:
            self.profile.mkdir(parents=True, exist_ok=True)
            given["BENCH_PROFILE_TO"] = str(self.profile)
        kept = {name: os.environ[name] for name in ("BENCH_PROFILE_PATH",) if name in os.environ}
        return clean_environment(**given, **kept) | self.stack.folders() | self.stack.environment()

    def _start(self) -> None:
        python = sys.executable
        celery = [python, "-W", NOT_AS_ROOT, "-m", "celery", "--quiet", "--app", "lunarpartners.celery"]
        quiet = ["--loglevel", "WARNING"]
        worker = ["worker", "--concurrency", str(WORKER_PROCESSES), "--without-mingle", "--without-gossip", *quiet]
        beat = ["beat", "--schedule", str(self.stack.state / "beat-schedule"), "--pidfile", "", *quiet]
        self.children = [
            Child("web", [python, "-m", "gunicorn", "-c", "python:lunarpartners.webserver", "lunarpartners.wsgi"]),
            Child("worker", [*celery, *worker]),
            Child("beat", [*celery, *beat]),
        ]
        for child in self.children:
            log = str(self.stack.state / f"{child.name}.log")
            child.command = ["/bin/sh", "-c", 'log=$1; shift; exec "$@" >>"$log" 2>&1', "sh", log, *child.command]
            child.start(self.environment)
        deadline = time.monotonic() + FIRST_PAGE_TIMEOUT_S
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}/livez", timeout=2):
                return
            if self.children[0].ended() or time.monotonic() > deadline:
                raise RuntimeError(f"the site did not answer:\n{self.log_of('web')}")
            time.sleep(0.05)

    def log_of(self, name: str, most: int = 4000) -> str:
        """The end of a part's log."""
        path = self.stack.state / f"{name}.log"
        return path.read_text(errors="replace")[-most:] if path.exists() else ""


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
