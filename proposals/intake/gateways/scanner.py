"""The malware scanner: clamd's INSTREAM conversation over TCP or a Unix socket."""

import socket
import struct
from dataclasses import dataclass
from typing import IO
from urllib.parse import urlsplit

from django.conf import settings

CONNECT_S = 5.0
ANSWER_S = 60.0  # a 20 MB file takes clamd a few seconds
CHUNK = 64 * 1024
LONGEST_ANSWER = 4096


class ScannerUnavailable(Exception):
    """No scanner answered, or it answered something that is no verdict; the file stays held."""


@dataclass(frozen=True)
class Verdict:
    """What the scanner said: clean, or the name of what it found."""

    is_clean: bool
    found: str = ""


def is_installed() -> bool:
    """Whether this site has a scanner."""
    return bool(settings.CLAMAV_URL)


def _connect() -> socket.socket:
    url = urlsplit(settings.CLAMAV_URL)
    if url.scheme == "unix":
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.settimeout(CONNECT_S)
        try:
            link.connect(url.path)
        except OSError:
            link.close()
            raise
        return link
    if url.scheme != "tcp" or not url.hostname:
        raise ScannerUnavailable("CLAMAV_URL is neither tcp://host:3310 nor unix:///path")
    return socket.create_connection((url.hostname, url.port or 3310), timeout=CONNECT_S)


def scan(file: IO[bytes]) -> Verdict:
    """Let clamd read a file, from its present place to its end. Raises ScannerUnavailable."""
    try:
        with _connect() as link:
            link.settimeout(ANSWER_S)
            link.sendall(b"zINSTREAM\0")
            while chunk := file.read(CHUNK):
                link.sendall(struct.pack("!L", len(chunk)) + chunk)
            link.sendall(struct.pack("!L", 0))
            answer = _answer(link)
    except (OSError, ValueError) as error:
        raise ScannerUnavailable(type(error).__name__) from error
    return _read(answer)


def _answer(link: socket.socket) -> str:
    """Everything up to the zero byte that ends clamd's answer."""
    got = b""
    while not got.endswith(b"\0") and len(got) < LONGEST_ANSWER:
        part = link.recv(LONGEST_ANSWER)
        if not part:
            break
        got += part
    return got.rstrip(b"\0\n").decode("utf-8", "replace")


def _read(answer: str) -> Verdict:
    if answer == "stream: OK":
        return Verdict(is_clean=True)
    if answer.startswith("stream: ") and answer.endswith(" FOUND"):
        return Verdict(is_clean=False, found=answer[len("stream: ") : -len(" FOUND")])
    raise ScannerUnavailable(answer[:200] or "no answer")
