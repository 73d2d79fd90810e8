"""What changed between two frozen versions, line by line."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Change:
    """One line: where (a path of keys and places), what stood there and what stands there now."""

    path: tuple[str, ...]
    before: str
    after: str


def flatten(content: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    """Every leaf of a document under its path; entries of lists are numbered from 1."""
    if isinstance(content, dict):
        pairs = [(str(key), value) for key, value in content.items()]
    elif isinstance(content, list):
        pairs = [(str(number), value) for number, value in enumerate(content, 1)]
    else:
        return {path: "" if content is None else str(content)}
    leaves: dict[tuple[str, ...], str] = {}
    for key, value in pairs:
        leaves |= flatten(value, (*path, key))
    return leaves


def difference(old: Any, new: Any) -> list[Change]:
    """The leaves that differ, in the order of the newer document; what is gone comes last."""
    before, after = flatten(old), flatten(new)
    paths = [*after, *(path for path in before if path not in after)]
    return [
        Change(path, before.get(path, ""), after.get(path, "")) for path in paths if before.get(path, "") != after.get(path, "")
    ]
