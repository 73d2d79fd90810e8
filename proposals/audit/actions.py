"""Writing the trail, and sealing it."""

import time
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, models, transaction
from django.db.models import Max
from django.utils import timezone

from proposals.audit.calculations import SealDigest, digest_of, storable
from proposals.audit.models import Event, Seal

log = structlog.get_logger(__name__)

QUIET_S = 10  # events younger than this wait for the next sealing
PATIENCE_S = 10.0  # how long one sealing waits for open transactions
MOST_EVENTS = 10_000  # under one seal
ONE_SEALER = 0x5EA1  # the advisory lock's number


def record(verb: str, *, by: Any, about: models.Model, **data: Any) -> Event:
    """This will add one event to the trail, in the caller's transaction.

    `verb` is a dotted past tense ("proposal.submitted"); `by` is a person or None for the system;
    `data` holds ids and figures, never secrets or confidential text.
    """
    event = Event(
        at=timezone.now(),
        actor_id=getattr(by, "pk", None),
        actor_label=str(by) if by else "system",
        verb=verb,
        subject_type=about._meta.model_name or "",
        subject_id=str(about.pk),
        data=storable(data),
    )
    event.digest = digest_of(event)
    event.save(force_insert=True)
    return event


def seal(*, now: datetime) -> Seal | None:
    """This will seal the events of the past, in chained seals; gives the last one made, or None.

    An event's id is drawn before its transaction commits, so a smaller id may become visible after a greater one,
    and rolled-back ones leave gaps for good. Sealing up to what is visible would leave such a late event under a
    seal that does not count it. So the end is chosen first, and sealing waits until every transaction that could
    have drawn an id up to it has ended. If one stays open longer, the next sealing will do it.
    """
    end = Event.objects.filter(at__lt=now - timedelta(seconds=QUIET_S)).aggregate(id=Max("id"))["id"]
    sealed_to = Seal.objects.aggregate(id=Max("last_event_id"))["id"] or 0
    if not end or end <= sealed_to or not _earlier_transactions_ended():
        return None
    made = None
    while (one := _seal_some(end, now=now)) is not None:
        made = one
        # the log lies elsewhere: with it, `audit_verify --expect` finds even a trail cut together with its seals
        log.info("audit.sealed", last_event=one.last_event_id, count=one.count, digest=one.digest)
    return made


def _earlier_transactions_ended() -> bool:
    """Wait until each transaction that was writing when this was called has ended; False if one did not in time.

    Transaction numbers are drawn in order: all those before our own have ended once the oldest running one is not
    before ours. (An id is drawn a moment before its transaction has a number; QUIET_S covers that moment.)
    """
    deadline = time.monotonic() + PATIENCE_S
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        ours = cursor.fetchone()[0]
        while True:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot()) >= %s::xid8", [ours])
            if cursor.fetchone()[0]:
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)


@transaction.atomic
def _seal_some(end: int, *, now: datetime) -> Seal | None:
    """One seal over the next events up to `end`; None where there are none left, or another sealer is at work."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ONE_SEALER])
        if not cursor.fetchone()[0]:
            return None
    previous = Seal.objects.order_by("last_event_id").last()
    digest = SealDigest(previous.digest if previous else "")
    unsealed = Event.objects.filter(id__gt=previous.last_event_id if previous else 0, id__lte=end).order_by("id")
    for event_id, event_digest in unsealed.values_list("id", "digest")[:MOST_EVENTS].iterator():
        digest.add(event_id, event_digest)
    if not digest.count:
        return None
    return Seal.objects.create(
        at=now,
        first_event_id=digest.first_event_id,
        last_event_id=digest.last_event_id,
        count=digest.count,
        digest=digest.finish(at=now),
    )
