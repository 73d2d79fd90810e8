"""Search words in any script: whole words, and pairs of characters where a script has no spaces.

Computed here rather than in PostgreSQL, so that no extension is needed and every host finds the same.
"""

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"\w+", re.UNICODE)
# Han, kana, Hangul, Thai, Lao, Khmer, Myanmar: scripts that are searched by pairs of characters.
_SPACELESS = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")
MAX_WORDS = 4000


def fold(text: str) -> str:
    """Lower case, compatibility forms joined, diacritics dropped: "Ångström" and "angstrom" are one word."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if not unicodedata.combining(c)))


def _pairs(run: str) -> list[str]:
    return [run] if len(run) == 1 else [run[i : i + 2] for i in range(len(run) - 1)]


def words(text: str) -> list[str]:
    """The search words of a text, in order, doubles included."""
    found: list[str] = []
    for word in _WORD.findall(fold(text).replace("_", " ")):
        rest = _SPACELESS.sub(" ", word)
        found += [part[:64] for part in rest.split()]
        for run in _SPACELESS.findall(word):
            found += _pairs(run)
    return found


def index_words(texts: Iterable[str]) -> list[str]:
    """The words under which a document is found: each once, single characters of spaceless scripts added."""
    kept: dict[str, None] = {}
    for text in texts:
        for word in words(text):
            kept[word] = None
            if len(word) == 2 and _SPACELESS.fullmatch(word):
                kept[word[0]] = kept[word[1]] = None
            if len(kept) > MAX_WORDS:
                return list(kept)
    return list(kept)


def as_tsquery(text: str) -> str:
    """A PostgreSQL tsquery: every word must be there, the last one may be a beginning; "" if there is none."""
    found = [word.replace("'", "").replace("\\", "") for word in words(text)][:12]
    if not found:
        return ""
    parts = [f"'{word}'" for word in found]
    if not _SPACELESS.fullmatch(found[-1]):
        parts[-1] += ":*"
    return " & ".join(parts)
