"""How often a thing may be asked for: counted in the shared cache, in windows of fixed length."""

import time

from django.core.cache import cache


def too_often(what: str, whose: str, *, most: int, seconds: int) -> bool:
    """Count one asking, and tell whether there were more than `most` in this window of so many seconds.

    Two at the same instant may count as one: this slows a program gone wrong, it guards no secret.
    """
    slot = f"limit:{what}:{whose}:{int(time.time() // seconds)}"
    asked = int(cache.get(slot, 0)) + 1
    cache.set(slot, asked, timeout=seconds)
    return asked > most
