"""What a person wants to be told, and how: chosen on the site, or by the link that stops a kind of mail."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import transaction

from proposals.audit.actions import record
from proposals.outbox.calculations import read_stop_token
from proposals.outbox.models import Message, Preference
from proposals.outbox.queries import wishes
from proposals.outbox.rules import may_choose
from proposals.outbox.states import CHOSEN_BY_READER, Delivery, Kind, Way


class CannotChoose(Exception):
    """Receipts, status changes, deadlines and letters always come at once."""


class UnknownLink(Exception):
    """The link is no link of ours, or its person is gone."""


@transaction.atomic
def prefer(user: Any, kind: Kind, way: Way, *, by: Any, now: datetime) -> None:
    """This will keep how a person wants to hear of a kind of thing; the same wish again changes nothing.

    Raises PermissionDenied, or CannotChoose for a kind that always comes at once.
    """
    if not may_choose(by, user):
        raise PermissionDenied
    _set(user, kind, way, now=now, by_link=False)


@transaction.atomic
def prefer_each(user: Any, ways: Mapping[Kind, Way], *, by: Any, now: datetime) -> None:
    """This will keep several wishes of a person at once, or none of them. Raises what `prefer` raises."""
    for kind, way in ways.items():
        prefer(user, kind, way, by=by, now=now)


@transaction.atomic
def stop_by_link(token: str, *, now: datetime) -> None:
    """This will stop the mail that a link names; its messages are kept on the site. A second click changes nothing.

    The link of a digest stops all that would have come in one. Raises UnknownLink.
    """
    found = read_stop_token(token)
    user = get_user_model().objects.filter(pk=found[0], is_active=True).first() if found else None
    if not found or user is None:
        raise UnknownLink
    kind = found[1]
    stopped = [each for each, way in wishes(user).items() if way == Way.DIGEST] if kind == Kind.DIGEST else [kind]
    for each in stopped:
        _set(user, each, Way.SITE, now=now, by_link=True)


def _set(user: Any, kind: Kind, way: Way, *, now: datetime, by_link: bool) -> None:
    """One wish, with what waits for the next digest following it."""
    if kind not in CHOSEN_BY_READER:
        raise CannotChoose
    if wishes(user)[kind] == way:
        return
    Preference.objects.update_or_create(user=user, kind=kind, defaults={"way": way, "changed_at": now})
    if way == Way.SITE:
        waiting = Message.objects.filter(recipient=user, kind=kind, delivery=Delivery.DIGEST, carried_by=None)
        waiting.update(delivery=Delivery.SITE)
    record("preference.changed", by=user, about=user, kind=kind.value, way=way.value, by_link=by_link)
