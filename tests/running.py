"""A whole site started by `manage.py up` in a folder of its own, for journeys and for the tests of the wiring."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from lunarpartners.bootstrap import ROOT
from lunarpartners.supervisor import any_port

# What `manage.py test` set for itself must not reach the site under test.
OF_THE_TESTS = ("LUNARPARTNERS_MODE", "LUNARPARTNERS_PROCESS", "DATABASE_URL", "MIGRATION_DATABASE_URL", "TEST_DATABASE_URL")
OF_THE_TESTS += ("REDIS_URL", "EMAIL_URL", "SITE_URL", "MEDIA_ROOT", "STATIC_ROOT", "STATE_DIR", "PORT", "DJANGO_SETTINGS_MODULE")


def clean_environment(**given: str) -> dict[str, str]:
    """The environment as a person's shell has it, with `given` on top."""
    return {name: value for name, value in os.environ.items() if name not in OF_THE_TESTS} | given


class RunningSite:
    """One `manage.py up`; `environment` is what it published, with SITE_URL and MAIL_PAGE."""

    def __init__(self, *, seed: bool = True, **given: str) -> None:
        self.seed = seed
        # not under pytest's own folder: as root the database's user could not reach it
        self.state = state = Path(tempfile.mkdtemp(prefix="lp-site-"))
        self.output = state / "output.log"
        self.given = clean_environment(STATE_DIR=str(state), PORT=str(any_port()), **given)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *, patience_s: float = 90) -> "RunningSite":
        """Start it and wait for the line that says it is up."""
        with self.output.open("wb") as output:
            command = [sys.executable, "manage.py", "up", "--seed" if self.seed else "--no-seed"]
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.given, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        deadline = time.monotonic() + patience_s
        while "is up after" not in self.printed():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the site did not come up:\n{self.printed()}")
            time.sleep(0.05)
        return self

    @property
    def environment(self) -> dict[str, str]:
        """The addresses it published."""
        return dict(json.loads((self.state / "run.json").read_text())["environment"])

    def printed(self) -> str:
        """All it has said so far."""
        return self.output.read_text(errors="replace")

    def processes(self) -> dict[int, str]:
        """Every living process that belongs to this site, by its id: the state folder is in its environment or command."""
        mark = os.fsencode(self.state)
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                command = (entry / "cmdline").read_bytes()
                if command and (mark in command or mark in (entry / "environ").read_bytes()):
                    found[int(entry.name)] = command.replace(b"\0", b" ").decode(errors="replace").strip()
            except OSError:  # it ended meanwhile, or is another user's
                continue
        return found

    def mails(self, to: str = "") -> list[dict[str, object]]:
        """The mails caught so far, oldest first, for one address or for all."""
        with urllib.request.urlopen(f"{self.environment['MAIL_PAGE']}/messages.json?to={to}", timeout=5) as answer:
            return list(json.load(answer))

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command beside it, as a person would in another terminal."""
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(command, cwd=ROOT, env=self.given, capture_output=True, text=True, timeout=60, check=False)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; gives the exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(30)

    def forget(self) -> None:
        """Stop it if it still runs, and remove its folder."""
        if self.process is not None:
            self.stop()
        shutil.rmtree(self.state, ignore_errors=True)
