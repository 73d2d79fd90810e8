"""The embedded database and broker of one state folder, and the environment that points settings at them; stdlib only."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from lunarpartners.bootstrap import ROOT
from lunarpartners.broker import Valkey
from lunarpartners.embedded import EmbeddedError, Postgres

RUN_FILE = "run.json"


def state_folder() -> Path:
    """Where `up` keeps its data: STATE_DIR, else `.dev` beside manage.py; as root outside the project.

    As root PostgreSQL runs as another user, who may not be able to enter the project's folder.
    """
    if chosen := os.environ.get("STATE_DIR"):
        return Path(chosen).resolve()
    if os.geteuid() == 0:
        return Path("/var/lib/lunarpartners") / hashlib.sha256(os.fsencode(ROOT)).hexdigest()[:12]
    return ROOT / ".dev"


class Stack:
    """A context in which the servers that are wanted run, and after which they do not."""

    def __init__(self, state: Path, *, ephemeral: bool = False, database: bool = True, broker: bool = True) -> None:
        self.state = state
        self.ephemeral = ephemeral
        self._open_state()
        self.database = Postgres(state / "pg", ephemeral=ephemeral) if database else None
        self.broker = Valkey(state / "redis") if broker else None

    @classmethod
    def throw_away(cls, *, database: bool = True) -> Stack:
        """A stack in a temporary folder that is removed at the end: fast, and safe to lose."""
        return cls(Path(tempfile.mkdtemp(prefix="lp-")), ephemeral=True, database=database)

    def __enter__(self) -> Self:
        """Start the servers. Raises EmbeddedError, after stopping what had started."""
        try:
            if self.broker:
                self.broker.start()
            if self.database:
                self.database.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def environment(self) -> dict[str, str]:
        """The variables that settings read to find these servers."""
        found = {"STATE_DIR": str(self.state)}
        if self.database:
            found |= {"DATABASE_URL": self.database.url("lp_app"), "MIGRATION_DATABASE_URL": self.database.url("lp_owner")}
        if self.broker:
            found["REDIS_URL"] = self.broker.url
        return found

    def folders(self) -> dict[str, str]:
        """The variables for uploaded and collected files, in folders beside the servers'."""
        found = {"MEDIA_ROOT": self.state / "media", "STATIC_ROOT": self.state / "static"}
        for folder in found.values():
            folder.mkdir(exist_ok=True)
        return {name: str(folder) for name, folder in found.items()}

    def stop(self) -> None:
        """Stop the servers, and forget the folder of a throw-away stack."""
        for server in (self.broker, self.database):
            if server:
                server.stop()
        (self.state / RUN_FILE).unlink(missing_ok=True)
        if self.ephemeral:
            shutil.rmtree(self.state, ignore_errors=True)

    def publish(self, environment: dict[str, str]) -> None:
        """Write down where everything listens, so that `doctor` and other commands find it."""
        path = self.state / RUN_FILE
        path.touch(mode=0o600)
        path.write_text(json.dumps({"pid": os.getpid(), "environment": environment}, indent=1))

    def _open_state(self) -> None:
        """Make the folder and hold its lock until this process ends, however it ends."""
        try:
            self.state.mkdir(parents=True, exist_ok=True)
            self.state.chmod(0o711)  # the database's user passes through, and sees nothing
            self._lock = (self.state / "lock").open("w")
        except OSError as error:
            raise EmbeddedError(
                f"{self.state} cannot be written to ({error.strerror}): choose another with STATE_DIR=..."
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            who = running(self.state)
            address = f" at {who['SITE_URL']}" if who else ""
            raise EmbeddedError(
                f"Lunar Partners already runs on {self.state}{address}: stop it, or give this one a folder with STATE_DIR=..."
            ) from None


def running(state: Path) -> dict[str, str] | None:
    """The environment of the `up` that runs on this folder, or None where none does."""
    try:
        written = json.loads((state / RUN_FILE).read_text())
        os.kill(int(written["pid"]), 0)
    except (OSError, ValueError, KeyError):
        return None
    return dict(written["environment"])


def refuse(error: EmbeddedError) -> int:
    """Say in one line why nothing was started, and give the exit status."""
    print(error, file=sys.stderr)
    return 1
