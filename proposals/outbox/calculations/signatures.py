"""Signed words that a mail carries out and a stranger brings back: which mail to stop, and which mail came back."""

import re

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils.crypto import constant_time_compare, salted_hmac

from proposals.outbox.states import CHOSEN_BY_READER, Kind

_RETURNED = re.compile(r"[^@]+\+([1-9][0-9]{0,18})-([0-9a-f]{16})@[^@]+", re.IGNORECASE)

# What a mail may offer to stop with one click; the digest stands for all that waits for it.
STOPPABLE = (*CHOSEN_BY_READER, Kind.DIGEST)


def stop_token(user_id: int, kind: Kind) -> str:
    """What the link to stop one kind of mail carries; without a time stamp, so that every attempt has the same header."""
    return _stops().sign(f"{user_id}.{kind.value}")


def read_stop_token(token: str) -> tuple[int, Kind] | None:
    """The person's number and the kind a token names; None for a forged one."""
    try:
        user_id, kind = _stops().unsign(token).split(".")
    except BadSignature:
        return None
    return int(user_id), Kind(kind)


def bounce_address(number: int) -> str:
    """The envelope's sender of one of our mails by its number, so that what comes back names it; empty: the usual sender."""
    name, _, domain = settings.BOUNCE_ADDRESS.rpartition("@")
    return f"{name}+{number}-{_mark(number, settings.SECRET_KEY)}@{domain}" if name else ""


def read_bounce_address(address: str) -> int | None:
    """The number of the mail that came back to an address of ours; None for a forged one. Case is not kept on the way."""
    found = _RETURNED.fullmatch(address.strip().strip("<>"))
    if not found:
        return None
    number, mark = int(found[1]), found[2].lower()
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return number if any(constant_time_compare(mark, _mark(number, key)) for key in keys) else None


def _mark(number: int, secret: str) -> str:
    """64 bits in hexadecimal figures: they outlast a server that writes all addresses in small letters."""
    return salted_hmac("outbox.bounce", str(number), secret=secret, algorithm="sha256").hexdigest()[:16]


def _stops() -> Signer:
    return Signer(salt="outbox.stop", sep=".")
