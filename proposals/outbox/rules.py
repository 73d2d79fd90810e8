"""Who may touch what was sent, and who chooses what is."""

from typing import Any


def may_repeat(user: Any) -> bool:
    """The secretariat may send a message again."""
    return bool(user.is_active) and getattr(user, "staff_role", "") == "secretariat"


def may_choose(by: Any, user: Any) -> bool:
    """A person chooses their own mail."""
    return bool(by.is_active) and by.pk == user.pk
