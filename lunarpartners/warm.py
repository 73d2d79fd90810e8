"""What a web worker does before its first request, so that each request afterwards costs less."""

import gc
from typing import Any

from django.utils.translation import trans_real

OBJECTS_BETWEEN_SWEEPS = 50_000  # Python's own 700 has it look for cycles several times in each page


def warm() -> None:
    """Keep what is loaded out of every later search for garbage, and give English readers their words at once."""
    speak_english()
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_SWEEPS)


class Source(dict[Any, Any]):
    """A catalogue in which each sentence is its own translation; plural forms (pairs) are not in it."""

    def get(self, key: Any, otherwise: Any = None) -> Any:
        """The sentence itself."""
        return key if isinstance(key, str) else otherwise


def speak_english() -> None:
    """Let a sentence in English, the language of the code, be found in the first catalogue.

    Django looks for it in those of all apps, twice, finds it in none and falls back, some hundred times a page.
    """
    catalogues: Any = trans_real.translation("en")._catalog  # type: ignore[attr-defined]  # noqa: SLF001  # no other way
    every, plurals = catalogues._catalogs, catalogues._plurals  # noqa: SLF001
    if not isinstance(every[0], Source):
        every.insert(0, Source())
        plurals.insert(0, plurals[0])
