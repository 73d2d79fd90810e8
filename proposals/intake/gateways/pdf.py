"""Whether a file is a plain PDF: read in a process of its own, whose time and memory are bounded.

A hostile PDF can loop for ever or unpack to terabytes, so nothing here is read by the web server itself.
Run as a script, this file examines the one it is given, and prints what it found; it imports nothing of the site.
"""

import json
import os
import resource
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SECONDS = 20
MEMORY_BYTES = 768 * 1024 * 1024
UNPACKED_BYTES = 400 * 1024 * 1024  # all streams together
OBJECTS_AT_MOST = 200_000
DEPTH_AT_MOST = 60
TAIL_BYTES = 66_000  # a ZIP's end record and its longest comment
ACTIONS = {
    "/JavaScript",
    "/Launch",
    "/ImportData",
    "/SubmitForm",
    "/GoToE",
    "/Rendition",
    "/Movie",
    "/Sound",
    "/RichMediaExecute",
}
ACTIVE_KEYS = {"/JS", "/JavaScript", "/XFA", "/RichMediaContent", "/Launch"}
EMBEDDED_KEYS = {"/EmbeddedFile", "/EmbeddedFiles", "/EF"}
RAW_WORDS = (b"/JavaScript", b"/Launch", b"/EmbeddedFile", b"/RichMedia")
EMBEDDED_TYPES = {"/EmbeddedFile", "/FileAttachment"}


class NotPlain(Exception):
    """Why the file is not taken, as one word: see `examine`."""

    def __init__(self, why: str, looks_like: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.looks_like = looks_like


def examine(path: Path) -> None:
    """Raise NotPlain unless the file is a whole, open, passive PDF of at least one page.

    `why` is: not_pdf (with what it looks like), mixed (something else is in it), encrypted, active (scripts or
    actions), embedded (files inside), damaged, or too_complex (time, memory or unpacked size).
    """
    command = [sys.executable, "-I", __file__, str(path)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS + 5, check=False, env={}, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise NotPlain("too_complex") from None
    try:
        found = json.loads(done.stdout)
    except ValueError:
        raise NotPlain("too_complex") from None
    if found["why"]:
        raise NotPlain(found["why"], found["looks_like"])


def _bound() -> None:
    """Bounds of this process: what passes them is killed, and the file is refused."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sys.setrecursionlimit(2000)


def _look(path: Path) -> None:
    """All checks, cheapest first."""
    _check_ends(path)
    _check_raw(path.read_bytes())
    from pypdf import PdfReader  # only in the bounded process

    with path.open("rb") as stream:
        try:
            reader = PdfReader(stream, strict=False)
            if reader.is_encrypted:
                raise NotPlain("encrypted")
            _check_objects(reader)
            if not 1 <= len(reader.pages) <= OBJECTS_AT_MOST:
                raise NotPlain("damaged")
        except (NotPlain, MemoryError):
            raise
        except RecursionError:
            raise NotPlain("too_complex") from None
        except Exception as error:  # whatever pypdf stumbles over, the file is not whole
            if "limit" in f"{type(error).__name__}{error}".lower():
                raise NotPlain("too_complex") from error
            raise NotPlain("damaged") from error


def _check_ends(path: Path) -> None:
    """It begins as a PDF in its first byte, ends as one, and no archive hangs on to it."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(4096)
        stream.seek(max(0, size - TAIL_BYTES))
        tail = stream.read()
    if not head.startswith(b"%PDF-"):
        raise NotPlain("not_pdf", _looks_like(head))
    end = tail.rfind(b"%%EOF")
    if end < 0:
        raise NotPlain("damaged")
    if b"PK\x05\x06" in tail or tail[end + 5 :].strip(b"\0 \t\r\n\x1a"):
        raise NotPlain("mixed")


def _check_raw(data: bytes) -> None:
    """The same words in plain sight: another reader may find an object that ours takes for replaced or broken."""
    for word in RAW_WORDS:
        if word in data:
            raise NotPlain("embedded" if word == b"/EmbeddedFile" else "active")


def _looks_like(head: bytes) -> str:
    """The usual ending of files that begin so, such as "png"; empty for an unknown one."""
    import puremagic

    try:
        return str(puremagic.from_string(head)).lstrip(".")[:12] if head else "empty"
    except (puremagic.PureError, ValueError):
        return ""


def _check_objects(reader: Any) -> None:
    """Every object of the file, reachable or not: no actions, no scripts, no files inside, no bomb."""
    budget = UNPACKED_BYTES
    for count, thing in enumerate(_objects(reader)):
        if count > OBJECTS_AT_MOST:
            raise NotPlain("too_complex")
        _check(thing, 0)
        budget -= _unpacked(thing, budget)
        if budget <= 0:
            raise NotPlain("too_complex")
    _check(reader.trailer, 0)


def _objects(reader: Any) -> Iterator[Any]:
    from pypdf.generic import IndirectObject

    numbers = {(number, generation) for generation, table in reader.xref.items() for number in table}
    numbers |= {(number, 0) for number in reader.xref_objStm}
    for number, generation in sorted(numbers):
        yield reader.get_object(IndirectObject(number, generation, reader))


def _check(thing: Any, depth: int) -> None:
    """One object with what is written inside it; references are met as objects of their own."""
    from pypdf.generic import DictionaryObject

    if depth > DEPTH_AT_MOST:
        raise NotPlain("too_complex")
    if isinstance(thing, DictionaryObject):
        keys = set(thing.keys())
        if keys & ACTIVE_KEYS or str(thing.raw_get("/S") if "/S" in keys else "") in ACTIONS:
            raise NotPlain("active")
        named = {str(thing.raw_get(key)) for key in ("/Type", "/Subtype") if key in keys}
        if keys & EMBEDDED_KEYS or named & EMBEDDED_TYPES:
            raise NotPlain("embedded")
        for key in keys:
            _check(thing.raw_get(key), depth + 1)
    elif isinstance(thing, list):
        for item in list.__iter__(thing):
            _check(item, depth + 1)


def _unpacked(thing: Any, budget: int) -> int:
    """How many bytes a compressed stream unpacks to, counted up to a budget and kept nowhere."""
    data = getattr(thing, "_data", b"")
    filters = str(thing.get("/Filter", "")) if isinstance(thing, dict) else ""
    if not data or "Flate" not in filters:
        return len(data)
    size = 0
    for _layer in range(max(1, filters.count("Flate"))):
        unpack, size, first = zlib.decompressobj(), 0, b""
        try:
            part = unpack.decompress(data, 1 << 20)
            while part:
                size += len(part)
                first = first if len(first) > (1 << 22) else first + part
                if size > budget:
                    return size
                part = unpack.decompress(unpack.unconsumed_tail, 1 << 20)
        except zlib.error:
            return size
        data = first
    return size


def main(path: str) -> None:
    """Examine one file and print the finding as JSON."""
    import logging

    logging.disable(logging.CRITICAL)
    _bound()
    why = looks_like = ""
    try:
        _look(Path(path))
    except NotPlain as refusal:
        why, looks_like = refusal.why, refusal.looks_like
    except MemoryError:
        why = "too_complex"
    os.write(1, json.dumps({"why": why, "looks_like": looks_like}).encode())


if __name__ == "__main__":
    main(sys.argv[1])
