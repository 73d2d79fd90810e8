"""Signed words that a mail carries out and a stranger brings back: who may stop which kind of mail."""

from django.core.signing import BadSignature, Signer

from proposals.outbox.states import CHOSEN_BY_READER, Kind

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


def _stops() -> Signer:
    return Signer(salt="outbox.stop", sep=".")
