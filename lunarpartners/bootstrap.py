"""Makes `.venv` with the pinned packages and re-executes inside it; needs nothing but Python itself."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements" / "dev.txt"

# The wheels of the embedded database and broker exist for these only.
MACHINES = {"Linux": {"x86_64", "aarch64"}, "Darwin": {"x86_64", "arm64"}}


def enter() -> None:
    """Return at once inside a ready `.venv`; otherwise make it and start this command again inside it.

    With LUNARPARTNERS_NO_VENV=1 (containers) the interpreter is used as it is.
    Exits with one line and status 1 when this machine cannot hold a `.venv`.
    """
    if os.environ.get("LUNARPARTNERS_NO_VENV") == "1":
        return
    inside = Path(sys.prefix).resolve() == VENV.resolve()
    if not is_ready():
        if complaint := complain(platform.system(), platform.machine(), platform.libc_ver()[0]):
            sys.exit(complaint)
        with _only_one():
            if not is_ready():  # somebody else may have made it while we waited
                install()
    if not inside:
        python = str(VENV / "bin" / "python")
        os.execv(python, [python, *sys.argv])  # noqa: S606  # the same command, inside .venv


def is_ready() -> bool:
    """Whether `.venv` holds exactly what the requirements ask for, by the stamp left after the last install."""
    stamp = VENV / ".stamp"
    return stamp.exists() and stamp.read_text() == fingerprint()


def fingerprint() -> str:
    """A hash of all that makes a `.venv` stale: the pins, the Python version and where the folder lies."""
    base = f"{'.'.join(map(str, sys.version_info[:3]))}\n{VENV.resolve()}\n".encode()
    return hashlib.sha256(base + REQUIREMENTS.read_bytes()).hexdigest()


def complain(system: str, machine: str, libc: str) -> str | None:
    """One line on why this machine cannot run the embedded set-up, or None when it can.

    `libc` is what `platform.libc_ver` names: empty on musl, whose wheels are not published.
    """
    if machine not in MACHINES.get(system, set()):
        known = "Linux on x86_64 or aarch64, and macOS"
        return f"This is {system} on {machine}; the embedded database exists for {known}: use `docker compose up` here."
    if system == "Linux" and libc != "glibc":
        return "This Linux has no glibc (Alpine?); the pinned wheels need it: use `docker compose up` here."
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            return f"Python's {module} module is missing: install it with `apt-get install python3-venv`, then start again."
    return None


def install() -> None:
    """Create `.venv` where there is none for this Python, and install the pins, each checked against its hash."""
    started = time.monotonic()
    # on stderr: stdout is the command's, and may be read by a program
    print("Setting up .venv with the pinned packages; this happens once and takes up to a minute.", file=sys.stderr, flush=True)
    if not _serves():
        _call("python3 -m venv failed", [sys.executable, "-m", "venv", "--clear", str(VENV)])
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "-qq"]
    flags = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(REQUIREMENTS)]
    _call("The packages could not be installed", [*pip, *flags])
    (VENV / ".stamp").write_text(fingerprint())
    print(f"Set up in {time.monotonic() - started:.0f} s.", file=sys.stderr, flush=True)


def _serves() -> bool:
    """Whether the existing `.venv` is of this Python's version and has pip, so that it can be updated in place."""
    python = VENV / "bin" / "python"
    if not python.exists():
        return False
    ask = "import os, sys, pip; print('.'.join(map(str, sys.version_info[:3])), os.path.realpath(sys.prefix))"
    answer = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=False)
    return answer.stdout.strip() == f"{'.'.join(map(str, sys.version_info[:3]))} {VENV.resolve()}"


def _call(complaint: str, command: list[str]) -> None:
    """Run `command`; on failure leave no half-made stamp behind and exit with one line."""
    (VENV / ".stamp").unlink(missing_ok=True)
    if code := subprocess.call(command):
        sys.exit(f"{complaint} (status {code}); the lines above say why. Nothing was started.")


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Hold a lock, so that two commands started together do not install over each other."""
    if not os.access(ROOT, os.W_OK):
        sys.exit(f"{ROOT} cannot be written to: clone into a folder of your own, then start again.")
    with REQUIREMENTS.open() as handle:  # any file serves as a lock, and this one is always there
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
