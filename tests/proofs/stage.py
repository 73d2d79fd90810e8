"""Where the proofs are played: real servers with a clean database a row, and processes that can be killed like a power cut."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from redis import Redis

from lunarpartners.bootstrap import ROOT
from lunarpartners.children import Child
from lunarpartners.processes import die_with_parent
from lunarpartners.supervisor import any_port
from tests.servers import Servers, beat_command, web_command, worker_command

# Shorter than in production, so that a proof waits for seconds; the proportion is the same.
SMTP_TIMEOUT_S, LEASE_S = 5, 10
CLEAN = "proofs_clean"
_ESTABLISHED = "01"  # in /proc/net/tcp


class Late(Exception):
    """Something that had to happen in time did not; the row fails."""


class Group(Child):
    """A process and all it started, in a process group of its own."""

    @property
    def pid(self) -> int:
        """The id of the first process and of the group."""
        assert self.process is not None
        return self.process.pid

    def members(self) -> list[int]:
        """The processes of the group that live: first the one started, then its children."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError, ProcessLookupError):
                    words = (entry / "stat").read_text().rpartition(")")[2].split()
                    if int(words[2]) == self.pid and words[0] != "Z":
                        found.append(int(entry.name))
        return sorted(found, key=lambda pid: (pid != self.pid, pid))

    def kill(self) -> int:
        """End all of them at once by kill -9; how many children of the first one died."""
        children = len(self.members()) - 1
        os.killpg(self.pid, signal.SIGKILL)
        assert self.process is not None
        self.process.wait()
        return children

    def holder(self, port: int) -> int | None:
        """The process of the group that has a TCP connection from this loopback port."""
        inode = ""
        for words in map(str.split, Path("/proc/net/tcp").read_text().splitlines()[1:]):
            if int(words[1].rpartition(":")[2], 16) == port and words[3] == _ESTABLISHED:
                inode = f"socket:[{words[9]}]"
        for pid in self.members():
            with contextlib.suppress(OSError):
                if inode in {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}:
                    return pid
        return None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group: STOP and CONT freeze it and let it go on."""
        os.killpg(self.pid, number)

    def stop(self, *, patience_s: float = 30) -> int:
        """Ask it to end in order, as a deployment does, and wait; its exit status. Raises Late."""
        self.terminate()
        assert self.process is not None
        try:
            return self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            raise Late(f"{self.name} had not stopped {patience_s:.0f} s after SIGTERM") from None

    def memory_kib(self) -> int:
        """What the group holds of memory, shared pages divided among those who share them (PSS)."""
        total = 0
        for pid in self.members():
            with contextlib.suppress(OSError):
                for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1])
        return total


class Stage(Servers):
    """A context: servers and a sink; each row starts the workers, beats and web servers it needs."""

    def __init__(self) -> None:
        super().__init__("lp-prove-")
        self.beats = 0
        self.collected = False

    def prepare(self) -> None:
        """Migrate, and keep a copy of the empty database: `fresh` gives each row one of its own."""
        os.environ.update(self.environment)
        os.environ["LOG_LEVEL"] = "ERROR"  # of this process only: the others have begun with their own
        super().prepare()
        self.sql(f"ALTER DATABASE lunarpartners RENAME TO {CLEAN}", database="postgres")
        self.fresh()
        import django

        django.setup()

    def settings(self) -> dict[str, str]:
        """Production's, with the proofs' SMTP time-out and lease."""
        given = {"EMAIL_TIMEOUT": str(SMTP_TIMEOUT_S), "OUTBOX_LEASE_S": str(LEASE_S), "LOG_LEVEL": "WARNING"}
        return super().settings() | {"DJANGO_SETTINGS_MODULE": "lunarpartners.settings"} | given

    def fresh(self) -> None:
        """Nothing runs, nothing is written, nothing was received, the sink is well."""
        self.stop_children()
        if "django" in sys.modules:
            from django.db import connections

            connections.close_all()
        self.sql("DROP DATABASE IF EXISTS lunarpartners WITH (FORCE)", database="postgres")
        self.sql(f"CREATE DATABASE lunarpartners TEMPLATE {CLEAN} OWNER lp_owner", database="postgres")
        self.broker().flushall()
        self.sink.script()
        self.sink.mails.clear()
        self.sink.talks.clear()

    def broker(self) -> Redis:
        """A client of the broker, for FLUSHALL and the like."""
        assert self.stack.broker is not None
        return Redis(unix_socket_path=str(self.stack.broker.socket))

    def worker(self, *, processes: int = 2, **environment: str) -> Group:
        """Start a worker group; `environment` is on top of the stage's."""
        return self.start(Group("worker", worker_command(processes)), **environment)

    def beat(self, **environment: str) -> Group:
        """Start a beat; any number may run."""
        self.beats += 1  # each keeps its schedule in a file of its own
        return self.start(Group("beat", beat_command(self.stack.state / f"beat-schedule-{self.beats}")), **environment)

    def web(self, *, port: int = 0, **environment: str) -> "Web":
        """Start a web server on a port of its own, and wait until it answers."""
        if not self.collected:
            self.manage("collectstatic", "--no-input", "--verbosity", "0")
            self.collected = True
        port = port or any_port()
        web = self.start(Web(port), PORT=str(port), **environment)
        self.wait_for_page(web, port)
        return web

    def python(self, module: str, *words: str, **environment: str) -> Group:
        """Start `python -m module words` on this stage, such as a client that loads it."""
        return self.start(Group(module.rpartition(".")[2], [sys.executable, "-m", module, *words]), **environment)

    def shell(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a short script with Django set up in a process of its own, which may die: its status is in the answer."""
        return subprocess.run(
            [sys.executable, "-c", f"import django; django.setup()\n{script}"], cwd=ROOT, env=self.environment | environment,
            text=True, check=False, capture_output=True, start_new_session=True, preexec_fn=die_with_parent(signal.SIGKILL),
        )  # fmt: skip

    def forget(self, group: Group) -> None:
        """Drop a group that has ended from the list of what runs: two hundred killed workers need no second end."""
        self.children = [child for child in self.children if child is not group]


class Web(Group):
    """A gunicorn with its port; the settings know a web process by the name."""

    def __init__(self, port: int) -> None:
        super().__init__("web", web_command())
        self.port = port


def wait_until(condition: Callable[[], object], *, seconds: float, what: str, every_s: float = 0.02) -> float:
    """Wait until the condition holds; the seconds waited. Raises Late, saying `what` was waited for."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise Late(f"after {seconds:.0f} s still not: {what}")
        time.sleep(every_s)
    return time.monotonic() - began
