"""Answers about mail: is it moving, what was sent about a thing, what has one message been through."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, models
from django.db.models import Count, Max, Min, Q
from django.db.models.functions import Coalesce

from proposals.outbox.calculations import History
from proposals.outbox.models import Attempt, Message, MessageQuerySet, Preference
from proposals.outbox.states import CHOSEN_BY_READER, FINAL, TROUBLED, Delivery, Kind, Priority, Result, Way

COUNTED_TO = 1000

# An earlier mail to the same address about the same thing goes first, unless its retry waits longer than this.
ORDER_KEPT_FOR = timedelta(minutes=15)

# What the claim and these answers have in common: words for the indexes, which hold exactly these conditions. Literals, so
# that the database knows from the statement alone that an index fits.
OPEN = "NOT ({0}.delivery IN (" + ", ".join(f"'{state.value}'" for state in sorted(FINAL)) + "))"
# The same in words that no partial index is known by. Statistics taken while nothing waited say that such an index is
# empty: the planner would then look a whole burst through for each of its mails, instead of the few about one thing.
_OPEN_STILL = f"({{0}}.delivery || '') NOT IN ({', '.join(repr(state.value) for state in sorted(FINAL))})"
IN_ITS_TURN = f"""(m.about_id = '' OR NOT EXISTS (
    SELECT FROM proposals_message e
    WHERE e.about_type = m.about_type AND e.about_id = m.about_id AND e.id < m.id
      AND e.address = m.address AND e.priority = m.priority
      AND {_OPEN_STILL.format("e")}
      AND e.due_at <= %(order_until)s))"""  # nothing but our own enum is put in

# The oldest of each priority is one step in the index, however many wait behind it.
_OLDEST = f"""
SELECT
    (SELECT min(first.due_at) FROM (VALUES {", ".join(f"({each.value})" for each in Priority)}) AS p(priority)
     CROSS JOIN LATERAL (
        SELECT m.due_at FROM proposals_message m
        WHERE {OPEN.format("m")} AND m.priority = p.priority AND m.due_at <= %(now)s AND {IN_ITS_TURN}
        ORDER BY m.due_at LIMIT 1) first),
    (SELECT count(*) FROM (SELECT FROM proposals_message m
        WHERE {OPEN.format("m")} AND m.due_at > %(now)s AND m.attempts > 0 LIMIT {COUNTED_TO + 1}) AS capped)
"""  # noqa: S608  # nothing but our own enums is put in


@dataclass(frozen=True)
class MailHealth:
    """Is mail moving? `oldest_due_s` is None when nothing is due; `counts` has what is in trouble, up to 1,001 ("1,000+")."""

    oldest_due_s: float | None
    retrying: int
    counts: dict[Delivery, int]

    @property
    def is_late(self) -> bool:
        """Whether something that is due has waited for longer than OUTBOX_ALARM_AFTER_S: then someone must look."""
        return (self.oldest_due_s or 0) > settings.OUTBOX_ALARM_AFTER_S


def mail_health(now: datetime) -> MailHealth:
    """How long the oldest message that could go has waited, how many wait for another try, how many are in trouble.

    What waits for its turn behind another's retry is not late; what a limit of pace holds back is.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST, {"now": now, "order_until": now + ORDER_KEPT_FOR})
        oldest, retrying = cursor.fetchone()
    return MailHealth((now - oldest).total_seconds() if oldest else None, retrying, _counts())


def mail_health_of(messages: MessageQuerySet, now: datetime) -> MailHealth:
    """The same of some messages only, for whoever must not know of the others: plainer, and slower among very many."""
    still = messages.exclude(delivery__in=sorted(FINAL))
    oldest = still.filter(due_at__lte=now).aggregate(at=Min("due_at"))["at"]
    retrying = still.filter(due_at__gt=now, attempts__gt=0)[: COUNTED_TO + 1].count()
    counts = {state: messages.filter(delivery=state)[: COUNTED_TO + 1].count() for state in sorted(TROUBLED)}
    return MailHealth((now - oldest).total_seconds() if oldest else None, retrying, counts)


def _counts() -> dict[Delivery, int]:
    """Messages in trouble by state in one statement; literals, so that each part may use the index made for them."""
    parts = [
        f"SELECT '{state.value}', (SELECT count(*) FROM (SELECT FROM proposals_message "  # noqa: S608  # our own enum
        f"WHERE delivery = '{state.value}' LIMIT {COUNTED_TO + 1}) AS capped)"
        for state in sorted(TROUBLED)
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return {Delivery(state): count for state, count in cursor.fetchall()}


def readers_of_digests() -> models.QuerySet[Any]:
    """The people for whom something waits for their next daily digest."""
    waiting = Message.objects.for_digest().filter(recipient=models.OuterRef("pk"))
    return get_user_model().objects.filter(models.Exists(waiting), is_active=True).order_by("pk")


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
        failures=Count("pk", filter=Q(outcome__in=[Result.TRANSIENT, Result.UNCERTAIN, Result.CRASHED])),
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
