"""`manage.py up`: database, broker, mail catcher, web, worker and beat under one roof until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from types import FrameType

from lunarpartners.bootstrap import ROOT
from lunarpartners.children import Child
from lunarpartners.embedded import EmbeddedError
from lunarpartners.processes import die_with_parent
from lunarpartners.stack import Stack, refuse, state_folder

FIRST_PAGE_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 12.0
PAUSE_S = 0.25
# The containers run as nobody in particular; here, whoever typed `up` as root knows that.
NOT_AS_ROOT = "ignore:You're running the worker with superuser privileges"


class Stop(BaseException):  # like KeyboardInterrupt, it passes every `except Exception`
    """SIGINT, SIGTERM or SIGHUP came."""


def run(arguments: list[str]) -> int:
    """Start everything, say where it is, keep it running, and stop it all; gives the exit status."""
    options = _parse(arguments)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        site = Site(seed=options.seed)
    except EmbeddedError as error:
        return refuse(error)
    try:
        with site.stack:
            return site.run()
    except EmbeddedError as error:
        return refuse(error)
    except Stop:
        return 0
    finally:
        print("Stopped.", flush=True)


class Site:
    """The processes of one running site, and the environment they share."""

    def __init__(self, *, seed: bool | None) -> None:
        given = os.environ
        self.port = _port(given.get("PORT") or "8000")
        own_database = not given.get("DATABASE_URL")
        self.seed = own_database if seed is None else seed  # demonstration logins have known passwords: never unasked elsewhere
        self.stack = Stack(state_folder(), database=own_database, broker=not given.get("REDIS_URL"))
        if not is_free(self.port):
            raise EmbeddedError(f"Port {self.port} is taken: choose another with `PORT={self.port + 1} python3 manage.py up`")
        self.catcher: tuple[int, int] | None = None if given.get("EMAIL_URL") else self._catcher_ports()
        self.environment: dict[str, str] = {}
        self.children: list[Child] = []

    def run(self) -> int:
        """Bring the site up, and stay until something that cannot be restarted ends."""
        started = time.monotonic()
        self.environment = self._environment()
        try:
            self._command("migrate", "--verbosity", "0")
            self._start()
            logins = self._seed() if self.seed else ""
            self._wait_for_first_page()
            self.stack.publish(self._addresses())
            self._greet(time.monotonic() - started, logins)
            return self._watch()
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it running
            self._stop_children()

    def _environment(self) -> dict[str, str]:
        """What every process of the site is told; what the user set stays."""
        found = {"LUNARPARTNERS_MODE": "development", "SITE_URL": f"http://127.0.0.1:{self.port}", "PORT": str(self.port)}
        if self.catcher:
            found["EMAIL_URL"] = f"smtp://127.0.0.1:{self.catcher[0]}"
        return found | self.stack.folders() | dict(os.environ) | self.stack.environment()

    def _addresses(self) -> dict[str, str]:
        """The part of the environment that other commands need to talk to this site."""
        names = [
            "LUNARPARTNERS_MODE", "SITE_URL", "PORT", "EMAIL_URL", "DATABASE_URL", "MIGRATION_DATABASE_URL",
            "REDIS_URL", "STATE_DIR", "MEDIA_ROOT", "STATIC_ROOT",
        ]  # fmt: skip
        found = {name: self.environment[name] for name in names if self.environment.get(name)}
        return found | ({"MAIL_PAGE": f"http://127.0.0.1:{self.catcher[1]}"} if self.catcher else {})

    def _start(self) -> None:
        """Start the processes; web and its server may not end, the others are started again."""
        python = sys.executable
        web = [python, "-m", "gunicorn", "-c", "python:lunarpartners.webserver", "lunarpartners.wsgi"]
        celery = [python, "-W", NOT_AS_ROOT, "-m", "celery", "--quiet", "--app", "lunarpartners.celery"]
        quiet = ["--loglevel", "WARNING"]
        worker = [*celery, "worker", "--concurrency", "2", "--without-mingle", "--without-gossip", *quiet]
        schedule = str(self.stack.state / "beat-schedule")
        self.children = [
            Child("web", web, restart=False),
            Child("worker", worker),
            Child("beat", [*celery, "beat", "--schedule", schedule, "--pidfile", "", *quiet]),
        ]
        if self.catcher:
            smtp, page = map(str, self.catcher)
            command = [python, "manage.py", "mailcatcher", "--smtp-port", smtp, "--page-port", page]
            self.children.insert(0, Child("mailcatcher", command))
        for child in self.children:
            child.start(self.environment)

    def _seed(self) -> str:
        """Add the demonstration's data where it is missing, and give the logins to print."""
        self._command("seed")
        return self._command("seed", "--print-logins")

    def _command(self, *words: str) -> str:
        """Run one of Django's commands to its end and give back what it printed. Raises EmbeddedError."""
        command = [sys.executable, "manage.py", *words]
        with subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, text=True,
            start_new_session=True, preexec_fn=die_with_parent(signal.SIGKILL),
        ) as process:  # fmt: skip
            try:
                printed, _ = process.communicate()
            except Stop:
                process.kill()
                raise
        if process.returncode:
            raise EmbeddedError(f"`manage.py {words[0]}` failed with status {process.returncode}; the lines above say why.")
        return printed

    def _wait_for_first_page(self) -> None:
        """Return as soon as the site answers. Raises EmbeddedError."""
        deadline = time.monotonic() + FIRST_PAGE_TIMEOUT_S
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}/livez", timeout=2):
                return
            self._check_vital()
            time.sleep(0.05)
        raise EmbeddedError(f"The site did not answer within {FIRST_PAGE_TIMEOUT_S:.0f} s; the lines above may say why.")

    def _watch(self) -> int:
        """Restart what may be restarted; return 1 when web or the database has ended."""
        while True:
            self._check_vital()
            for child in self.children:
                child.revive(self.environment, now=time.monotonic())
            broker = self.stack.broker
            if broker and broker.process and broker.process.poll() is not None:
                print("The broker ended; starting it again.", file=sys.stderr, flush=True)
                broker.start()
            time.sleep(PAUSE_S)

    def _check_vital(self) -> None:
        """Raises EmbeddedError when web or the embedded database has ended: without them there is no site."""
        database = self.stack.database
        if database and database.process and database.process.poll() is not None:
            raise EmbeddedError(f"The database ended (status {database.process.returncode}); see {database.log_file}")
        for child in self.children:
            if not child.restart and child.ended():
                raise EmbeddedError(f"The {child.name} process ended (status {child.status()}); the lines above say why.")

    def _stop_children(self) -> None:
        """Ask all to end, give them a while together, then insist."""
        for child in self.children:
            child.terminate()
        deadline = time.monotonic() + STOP_TIMEOUT_S
        for child in self.children:
            child.wait(deadline)

    def _greet(self, seconds: float, logins: str) -> None:
        """Say where everything is."""
        lines = ["", f"Lunar Partners is up after {seconds:.1f} s.", f"  Site     {self.environment['SITE_URL']}/"]
        lines.append(f"  Staff    {self.environment['SITE_URL']}/staff/")
        if self.catcher:
            lines.append(f"  Mail     http://127.0.0.1:{self.catcher[1]}/  (every mail the site sends is caught here)")
        lines.append(f"  Data     {self.stack.state}")
        if logins.strip():
            lines += ["", logins.rstrip()]
        lines += ["", "Ctrl-C stops everything; the data stays. `python3 manage.py doctor` checks every part.", ""]
        print("\n".join(lines), flush=True)

    def _catcher_ports(self) -> tuple[int, int]:
        """Ports for SMTP and for the page of mails: near the site's, or any other where those are taken."""
        smtp, page = self.port + 25, self.port + 26
        return (smtp if is_free(smtp) else any_port(), page if is_free(page) else any_port())


def _port(text: str) -> int:
    """The port a person asked for. Raises EmbeddedError."""
    if not (text.isdecimal() and 0 < int(text) < 2**16):
        raise EmbeddedError(f"PORT is {text!r}: it must be a number from 1 to 65535.")
    return int(text)


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port."""
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            line.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
        return True


def any_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="manage.py up", description="Start the whole site; Ctrl-C stops it.")
    told = "demonstration data: by itself only in the embedded database, since its logins have a known password"
    parser.add_argument("--seed", action=argparse.BooleanOptionalAction, default=None, help=told)
    return parser.parse_args(arguments)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise Stop
