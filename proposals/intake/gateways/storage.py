"""Uploaded bytes on disk: written aside, synced, hashed, then moved to the address that their SHA-256 is."""

import hashlib
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings

HEX = frozenset("0123456789abcdef")


class TooLarge(Exception):
    """More bytes came than are taken; nothing was kept."""


@dataclass(frozen=True)
class Incoming:
    """Bytes that are safe on disk but not yet at their address: where, how many, and their SHA-256 in hexadecimal."""

    path: Path
    size: int
    sha256: str

    def drop(self) -> None:
        """Forget them; nothing happens where they were moved already."""
        self.path.unlink(missing_ok=True)


def _root() -> Path:
    return Path(settings.MEDIA_ROOT)


def address(sha256: str) -> Path:
    """Where the bytes of this SHA-256 lie, or would lie. Raises ValueError for anything but 64 hexadecimal digits."""
    if len(sha256) != 64 or not set(sha256) <= HEX:
        raise ValueError("not a SHA-256")
    return _root() / "attachments" / sha256[:2] / sha256


def receive(chunks: Iterable[bytes], *, limit_bytes: int) -> Incoming:
    """Write chunks to a new file aside, synced to the disk. Raises TooLarge as soon as there are too many bytes."""
    folder = _root() / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    path, size, digest = folder / uuid.uuid4().hex, 0, hashlib.sha256()
    try:
        with path.open("xb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > limit_bytes:
                    raise TooLarge
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Incoming(path, size, digest.hexdigest())


def keep(incoming: Incoming) -> Path:
    """Move received bytes to their address, in one step that a crash cannot halve; the same bytes again are no harm."""
    target = address(incoming.sha256)
    target.parent.mkdir(parents=True, exist_ok=True)
    incoming.path.chmod(settings.FILE_UPLOAD_PERMISSIONS or 0o640)
    incoming.path.replace(target)
    for folder in (target.parent, target.parent.parent):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    return target


def open_kept(sha256: str) -> IO[bytes]:
    """The bytes at an address. Raises FileNotFoundError where there are none."""
    return address(sha256).open("rb")


def kept_before(moment_s: float) -> Iterator[str]:
    """The SHA-256 of every file that was put at its address before a moment (seconds since 1970)."""
    for path in sorted((_root() / "attachments").glob("??/*")):
        with suppress(FileNotFoundError, ValueError):
            if path.stat().st_mtime < moment_s and address(path.name) == path:
                yield path.name


def remove_kept(sha256: str) -> None:
    """Delete the bytes at an address, if there are any."""
    address(sha256).unlink(missing_ok=True)


def remove_incoming_before(moment_s: float) -> int:
    """Delete what was received before a moment and never kept: a cut upload, a killed process. Returns how many."""
    count = 0
    for path in (_root() / "incoming").glob("*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < moment_s:
                path.unlink()
                count += 1
    return count
