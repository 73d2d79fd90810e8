"""Verbs of a person's calendar of deadlines: make its secret address, make it anew, remove it."""

import secrets
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from proposals.audit.actions import record
from proposals.partners.calculations import digest
from proposals.partners.models import CalendarKey, User
from proposals.partners.rules import may_keep_calendar


@transaction.atomic
def make_calendar_address(user: User, *, by: Any, now: datetime) -> str:
    """This will give a person's calendar a new secret address and return the secret; the address before it ends.

    Only the secret's digest is kept, so it can be shown this once. Raises PermissionDenied.
    """
    if not may_keep_calendar(by, user):
        raise PermissionDenied
    token = secrets.token_urlsafe(32)
    CalendarKey.objects.update_or_create(user=user, defaults={"token_digest": digest(token), "made_at": now})
    record("calendar.made", by=by, about=user)
    return token


@transaction.atomic
def remove_calendar_address(user: User, *, by: Any, now: datetime) -> None:
    """This will end the address of a person's calendar; without one, nothing. Raises PermissionDenied."""
    if not may_keep_calendar(by, user):
        raise PermissionDenied
    gone, _rows = CalendarKey.objects.filter(user=user).delete()
    if gone:
        record("calendar.removed", by=by, about=user)
