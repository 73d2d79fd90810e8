"""What a receipt says beside the version itself: who was told; and whether a claimed receipt is ours."""

from datetime import datetime

from proposals.intake.models import Version
from proposals.intake.states import Status
from proposals.outbox.models import Message


def told_of(version: Version) -> list[str]:
    """The people to whom this version's receipt was written, by name. Two queries."""
    move = version.proposal.moves.filter(at=version.frozen_at, now__in=[Status.SUBMITTED, Status.LATE]).first()
    if move is None:
        return []
    receipts = Message.objects.filter(key__startswith=f"move:{move.pk}:").order_by("id")
    return [person or address for person, address in receipts.values_list("recipient__full_name", "address")]


def received(reference: str, sha256: str) -> tuple[int, datetime, bool] | None:
    """Number, instant and lateness of the version with exactly this reference and SHA-256; None for any other pair.

    Reads over all proposals: the caller steps past row-level security for this one question.
    """
    exact = Version.objects.filter(sha256=sha256, proposal__reference=reference).order_by("number")
    return exact.values_list("number", "frozen_at", "is_late").first()
