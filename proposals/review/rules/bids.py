"""Who says what they would like to judge."""

from typing import Any

from proposals.review.rules.assignments import is_expert


def may_wish(user: Any) -> bool:
    """Experts; for which proposals is asked of `wishes_for`, which knows undertakings and conflicts."""
    return is_expert(user)
