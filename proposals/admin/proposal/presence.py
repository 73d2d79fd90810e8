"""Who else looks at a proposal now: a line of courtesy, kept in the cache and in no model."""

from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache

from proposals.intake.models import Proposal

SEEN_FOR = timedelta(minutes=10)


def others_looking(proposal: Proposal, *, by: Any, now: datetime) -> list[tuple[str, datetime]]:
    """The other members of staff who opened this page in the last ten minutes, each with since when; notes this one too."""
    key = f"looking:{proposal.pk}"
    looking: dict[int, tuple[str, datetime, datetime]] = {
        pk: seen for pk, seen in cache.get(key, {}).items() if now - seen[2] < SEEN_FOR
    }
    since = looking[by.pk][1] if by.pk in looking else now
    cache.set(key, {**looking, by.pk: (str(by), since, now)}, SEEN_FOR.total_seconds())
    return [(name, began) for pk, (name, began, _last) in looking.items() if pk != by.pk]
