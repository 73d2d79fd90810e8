"""Who makes, changes and applies a plan of assignment."""

from typing import Any

from proposals.review.models import Pairing
from proposals.review.rules.assignments import may_assign


def may_pair(user: Any) -> bool:
    """The secretariat has a plan made."""
    return may_assign(user)


def may_change(user: Any, pairing: Pairing) -> bool:
    """The secretariat changes and applies a plan that is ready and was not applied."""
    return may_pair(user) and pairing.applied_at is None and pairing.result.get("state") == "ready"
