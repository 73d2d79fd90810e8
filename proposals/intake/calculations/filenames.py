"""File names as they may be kept, shown and offered for saving on any system."""

import re
import unicodedata

LONGEST = 120
_STRAY = re.compile(r'[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff<>:"|?*]+')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def safe_name(typed: str, ending: str = ".pdf") -> str:
    """The last part of a path as a name of at most 120 characters with one ending, whatever was sent.

    Folders, control and direction characters, and what Windows reserves are dropped; "file" stands where nothing is left.
    """
    last = unicodedata.normalize("NFC", typed).replace("\\", "/").rpartition("/")[2]
    clean = " ".join(_STRAY.sub(" ", last).split())
    if clean.lower().endswith(ending):
        clean = clean[: -len(ending)]
    stem = clean.strip(". ").encode("utf-8", "replace").decode("utf-8")[: LONGEST - len(ending)].strip(". ")
    if not stem or _RESERVED.fullmatch(stem):
        stem = f"file {stem}".strip()
    return stem + ending
