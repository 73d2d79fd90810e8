"""One process of the running site: started, watched, started again a few times, stopped with all its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping

from lunarpartners.bootstrap import ROOT
from lunarpartners.processes import die_with_parent

MOST_RESTARTS = 5
WITHIN_S = 120.0
PAUSE_S = 2.0


class Child:
    """A named process; `restart` says whether its end is mended or ends the site."""

    def __init__(self, name: str, command: list[str], *, restart: bool = True) -> None:
        self.name = name
        self.command = command
        self.restart = restart
        self.process: subprocess.Popen[bytes] | None = None
        self.restarts: list[float] = []
        self.given_up = False

    def start(self, environment: Mapping[str, str]) -> None:
        """Start it in a session of its own: Ctrl-C reaches only the supervisor, who stops it in order."""
        self.process = subprocess.Popen(
            self.command, cwd=ROOT, env={**environment, "LUNARPARTNERS_PROCESS": self.name}, stdin=subprocess.DEVNULL,
            start_new_session=True, preexec_fn=die_with_parent(signal.SIGKILL),
        )  # fmt: skip

    def ended(self) -> bool:
        """Whether it was started and has ended."""
        return self.process is not None and self.process.poll() is not None

    def status(self) -> int | None:
        """Its exit status, negative for a signal."""
        return self.process.returncode if self.process else None

    def revive(self, environment: Mapping[str, str], *, now: float) -> None:
        """Start it again if it has ended: at most five times in two minutes, so that a broken one is not hammered."""
        if self.given_up or not self.ended():
            return
        if self.restarts and now - self.restarts[-1] < PAUSE_S * len(self.restarts):
            return  # each time a little later: what it needs may be starting too
        self.restarts = [at for at in self.restarts if now - at < WITHIN_S]
        if len(self.restarts) >= MOST_RESTARTS:
            self.given_up = True
            _say(
                f"The {self.name} ended {MOST_RESTARTS + 1} times within {WITHIN_S:.0f} s and is left stopped; stop with Ctrl-C."
            )
            return
        self.restarts.append(now)
        _say(f"The {self.name} ended (status {self.status()}); starting it again.")
        self.start(environment)

    def terminate(self) -> None:
        """Ask it to end in order."""
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def wait(self, deadline: float) -> None:
        """Wait until it has ended, and at `deadline` (monotonic seconds) end it and all it started."""
        if not self.process:
            return
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
