"""Who may touch what was sent, and whether the settings can deliver each mail once."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error


def may_repeat(user: Any) -> bool:
    """The secretariat may send a message again."""
    return bool(user.is_active) and getattr(user, "staff_role", "") == "secretariat"


def may_choose(by: Any, user: Any) -> bool:
    """A person chooses their own mail."""
    return bool(by.is_active) and by.pk == user.pk


def lease_outlives_smtp(**_: Any) -> list[CheckMessage]:
    """System check: a claim must last longer than the mail server is waited for, or two workers send one mail."""
    if (settings.EMAIL_TIMEOUT or float("inf")) < settings.OUTBOX_LEASE_S:
        return []
    return [
        Error(
            f"OUTBOX_LEASE_S ({settings.OUTBOX_LEASE_S}) must be longer than EMAIL_TIMEOUT ({settings.EMAIL_TIMEOUT}).",
            hint="Two workers would send the same mail. Twice EMAIL_TIMEOUT or more is right.",
            id="outbox.E001",
        )
    ]
