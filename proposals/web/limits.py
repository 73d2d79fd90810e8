"""How often a thing may be asked for: counted in the shared cache, in windows of fixed length."""

import time

from django.core.cache import cache


def too_often(what: str, whose: str, *, most: int, seconds: int) -> bool:
    """Count one asking, and tell whether there were more than `most` in this window of so many seconds."""
    slot = f"limit:{what}:{whose}:{int(time.time() // seconds)}"
    cache.add(slot, 0, timeout=seconds)
    try:
        return cache.incr(slot) > most
    except ValueError:  # the slot was culled between the two
        return False
