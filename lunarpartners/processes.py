"""Starts child processes so that none outlives us, as another user where needed; stdlib only."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import pwd
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

PR_SET_PDEATHSIG = 1
ON_LINUX = platform.system() == "Linux"
SOCKET_PATH_LIMIT = 103  # bytes: macOS holds 104 with the closing NUL, Linux 108
LONGEST_SOCKET_NAME = "/.s.PGSQL.5432.lock"


@dataclass(frozen=True)
class Account:
    """The user that a server runs as: ourselves, or when we are root somebody who is not."""

    uid: int
    gid: int
    differs: bool

    @classmethod
    def unprivileged(cls) -> Account:
        """Ourselves, or as root `postgres`, else `nobody`: PostgreSQL refuses to run as root."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), differs=False)
        for name in ("postgres", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid, differs=True)
        sys.exit("PostgreSQL will not run as root, and there is no user `nobody` here: start as an ordinary user.")

    def owned_folder(self, path: Path) -> Path:
        """Make `path` a folder that only this account may enter, and give it back."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chown(path, self.uid, self.gid)
        path.chmod(0o700)
        return path

    def take(self, tree: Path) -> None:
        """Make everything under `tree` this account's: a strict umask must not shut it out."""
        for path in (tree, *tree.rglob("*")):
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def start(self, command: Sequence[str | Path], *, log: BinaryIO, death: signal.Signals) -> subprocess.Popen[bytes]:
        """Start a server that is sent `death` the moment we are gone."""
        return subprocess.Popen(
            command, cwd="/", env=clean_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True, preexec_fn=die_with_parent(death), user=self._uid, group=self._gid,
            extra_groups=[] if self.differs else None,
        )  # fmt: skip

    def run(self, command: Sequence[str | Path], *, script: str = "") -> subprocess.CompletedProcess[str]:
        """Run a short command to its end, `script` on its standard input; what it printed is in the answer."""
        return subprocess.run(
            command, cwd="/", env=clean_environment(), input=script, capture_output=True, text=True, check=False,
            user=self._uid, group=self._gid, extra_groups=[] if self.differs else None,
        )  # fmt: skip

    @property
    def _uid(self) -> int | None:
        return self.uid if self.differs else None

    @property
    def _gid(self) -> int | None:
        return self.gid if self.differs else None


def die_with_parent(death: signal.Signals) -> Callable[[], None]:
    """What a child runs before its program: ask the kernel for `death` when the parent ends, even by kill -9.

    Only Linux knows this; elsewhere the next start stops what was left.
    """
    parent = os.getpid()
    prctl = ctypes.CDLL(None).prctl if ON_LINUX else None  # looked up before the fork

    def ask() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, int(death))
            if os.getppid() != parent:  # it died between the fork and this line
                os._exit(1)

    return ask


def follow_parent(*_: object, **__: object) -> None:
    """Called by a forked worker in itself: end at once when the master has gone."""
    if ON_LINUX:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))


def clean_environment() -> Mapping[str, str]:
    """The environment without what would bend a database server: PG* and LD_* variables, a foreign locale."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LD_", "DYLD_"))}
    return kept | {"LC_ALL": "C.UTF-8", "TZ": "UTC"}


def socket_folder(wanted: Path, account: Account) -> Path:
    """`wanted`, or where its path is too long for a socket, a short private folder, made and checked to be ours."""
    if len(os.fsencode(str(wanted) + LONGEST_SOCKET_NAME)) <= SOCKET_PATH_LIMIT:
        return account.owned_folder(wanted)
    name = "lp-" + hashlib.sha256(os.fsencode(wanted)).hexdigest()[:16]
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    # root's server runs as another user, who may not enter root's runtime folder
    reachable = runtime and not account.differs and Path(runtime).is_dir() and len(runtime) < 60
    base = runtime if reachable else "/tmp"  # noqa: S108  # its maker is checked below
    folder = Path(base) / name
    try:
        folder.mkdir(mode=0o700)
        os.chown(folder, account.uid, account.gid)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or found.st_mode & 0o077:
            sys.exit(f"{folder} exists and is not ours alone: remove it, then start again.")
    return folder


def answers_to(pid: int, needle: str) -> bool:
    """Whether process `pid` is alive and has `needle` in its command line: a number alone may be reused."""
    if ON_LINUX:
        try:
            return os.fsencode(needle) in Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False
    shown = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return needle in shown.stdout
