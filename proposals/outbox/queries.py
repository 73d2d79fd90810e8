"""Answers about mail: is it moving, what was sent about a thing, what has one message been through."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, models
from django.db.models import Count, Max, Min, Q
from django.db.models.functions import Coalesce

from proposals.outbox.calculations import History
from proposals.outbox.models import Attempt, Message, MessageQuerySet, Preference
from proposals.outbox.states import CHOSEN_BY_READER, FINAL, Delivery, Kind, Result, Way

COUNTED_TO = 1000


@dataclass(frozen=True)
class MailHealth:
    """Is mail moving? `oldest_due_s` is None when nothing is due; counts stop at 1,001 ("1,000+")."""

    oldest_due_s: float | None
    retrying: int
    counts: dict[Delivery, int]


def mail_health(now: datetime) -> MailHealth:
    """How long the oldest due message has waited, how many wait for another try, and how many there are of each state."""
    waiting = Message.objects.exclude(delivery__in=sorted(FINAL))
    oldest = waiting.filter(due_at__lte=now).aggregate(at=Min("due_at"))["at"]
    retrying = waiting.filter(attempts__gt=0, due_at__gt=now).order_by().values("pk")[: COUNTED_TO + 1].count()
    return MailHealth((now - oldest).total_seconds() if oldest else None, retrying, _counts())


def _counts() -> dict[Delivery, int]:
    """Messages by state in one statement; literals, so that each part may use the index made for it."""
    parts = [
        f"SELECT '{state.value}', (SELECT count(*) FROM (SELECT FROM proposals_message "  # noqa: S608  # our own enum
        f"WHERE {_narrowed(state)} LIMIT {COUNTED_TO + 1}) AS capped)"
        for state in Delivery
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return {Delivery(state): count for state, count in cursor.fetchall()}


def _narrowed(state: Delivery) -> str:
    """The condition for a state, with the partial index's own where the state is not final."""
    final = ", ".join(f"'{each.value}'" for each in sorted(FINAL))
    return f"delivery = '{state.value}'" + ("" if state in FINAL else f" AND NOT (delivery IN ({final}))")


def about(thing: models.Model) -> MessageQuerySet:
    """The messages about a thing, oldest first, each with its evidence: two statements however many there are."""
    found = Message.objects.filter(about_type=thing._meta.model_name, about_id=str(thing.pk)).exclude(kind=Kind.SECURITY)
    return found.order_by("id").prefetch_related("evidence")


def history_of(message: Message, *, now: datetime) -> History:
    """What the evidence of a message counts since it was written, or since staff last started it anew."""
    tries = Attempt.objects.filter(message_id=message.pk)
    anew = tries.filter(outcome=Result.AGAIN).aggregate(last=Coalesce(Max("pk"), 0))["last"]
    found = tries.filter(pk__gt=anew).aggregate(
        first_at=Min("at"),
        failures=Count("pk"),
        uncertain=Count("pk", filter=Q(outcome=Result.UNCERTAIN)),
        crashes=Count("pk", filter=Q(outcome=Result.CRASHED)),
    )
    return History(**{**found, "first_at": found["first_at"] or now})


def wishes(user: Any) -> dict[Kind, Way]:
    """How a person wants to hear of each kind that can be chosen; at once unless they said otherwise."""
    said = dict(Preference.objects.filter(user=user.pk).values_list("kind", "way"))
    return {kind: Way(said.get(kind, Way.AT_ONCE)) for kind in CHOSEN_BY_READER}


def way_for(user: Any, kind: Kind) -> Way:
    """How one message of a kind reaches a person; one statement where the kind can be chosen, else none."""
    if kind not in CHOSEN_BY_READER:
        return Way.AT_ONCE
    return Way(Preference.objects.filter(user=user.pk, kind=kind).values_list("way", flat=True).first() or Way.AT_ONCE)
