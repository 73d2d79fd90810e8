"""References such as CE8-7KQ4M: drawn at random, with a check character.

Running numbers would tell rivals how many proposals there are. The alphabet leaves out I, L, O, 0 and 1;
its 31 characters are a prime number, so the weighted sum finds every single wrong character and every
swap of two neighbours.
"""

import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
BASE = len(ALPHABET)


def check_character(body: str) -> str:
    """The character that makes the weighted sum of body and check a multiple of 31."""
    total = sum(weight * ALPHABET.index(character) for weight, character in enumerate(body, 2))
    return ALPHABET[-total % BASE]


def draw(code: str, *, length: int = 4) -> str:
    """A new reference of a call: its code, `length` random characters and the check character."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(length))
    return f"{code}-{body}{check_character(body)}"


def is_valid(reference: str) -> bool:
    """Whether the check character fits; says nothing about whether the proposal exists."""
    _, dash, tail = reference.strip().upper().rpartition("-")
    if not dash or len(tail) < 3 or any(character not in ALPHABET for character in tail):
        return False
    return check_character(tail[:-1]) == tail[-1]
