"""Telling many people: what is due is begun once, and worked off a few at a time in transactions of their own."""

import time
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from proposals.audit.actions import record
from proposals.intake import emails
from proposals.intake.models import Proposal, Telling
from proposals.intake.queries.deadlines import concerned_by, mailboxes_concerned_by
from proposals.intake.queries.due import PLANS, due_now, holds, people_to_tell, proposals_to_remind
from proposals.intake.states import Fact
from proposals.outbox.gateways.bell import bell
from proposals.partners.models import Mailbox, User

log = structlog.get_logger(__name__)

# One run ends after this long, so that mail goes out between two of them.
MOST_SECONDS = 5.0
# So many are looked up at a time, and told in one transaction until this long has passed: while a team is told its
# proposal is held, so that nobody hears of a draft that has just been submitted; who submits meanwhile waits so long.
EACH, HELD_FOR_S = 500, 0.5
AGAIN_AFTER = timedelta(minutes=1)
KINDS: dict[str, Any] = {"Proposal": Proposal, "User": User, "Mailbox": Mailbox}


def remind(*, now: datetime) -> int:
    """This will begin what is due and not begun yet; returns how much it found. Any number may run side by side."""
    found = due_now(now)
    rows = [
        Telling(
            key=each.key,
            fact=each.fact,
            phase_id=each.phase_id,
            clarification_id=each.clarification_id,
            deadline_at=each.deadline_at,
            threshold=each.threshold,
            begun_at=now,
        )
        for each in found
    ]
    Telling.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def tell(*, seconds: float = MOST_SECONDS, now: datetime | None = None) -> bool:
    """This will tell whoever is still to be told, until nobody is, or its time is up: then it returns True.

    `now` is for tests: without it the clock is read anew for each transaction.
    """
    end = time.monotonic() + seconds
    while _some(now or timezone.now()):
        if time.monotonic() > end:
            return True
    return False


def hurry() -> None:
    """This will have a worker tell at once, on commit; without it the next beat does."""
    transaction.on_commit(lambda: bell.ring("intake.tell"), robust=True)


@transaction.atomic
def _some(now: datetime) -> bool:
    """Tell the next few of one fact, and write down how far it has come; False where nothing is open or free.

    The row is locked meanwhile, so that nobody else tells the same people. What has told fewest goes first: a reminder
    to a few is not kept behind an opening to all. Who could not be told is tried again every minute as long as it holds.
    """
    ready = ~Q(details__has_key="not_before") | Q(details__not_before__lte=now.timestamp())
    free = Telling.objects.open().filter(ready).select_for_update(of=("self",), skip_locked=True)
    telling = free.select_related("phase__call").order_by("told", "pk").first()
    if telling is None:
        return False
    if not holds(telling, now):
        _end(telling, now)
    elif "not_before" in telling.details:
        _once_more(telling, now)
    else:
        _go_on(telling, now)
    telling.save(update_fields=["told", "after", "ended_at", "details"])
    return True


def _go_on(telling: Telling, now: datetime) -> None:
    """Tell the next ones after those who have been told."""
    whom = proposals_to_remind(telling).only("pk") if telling.fact in PLANS else people_to_tell(telling)
    things = _next(telling, whom)
    end = time.monotonic() + HELD_FOR_S
    for thing in things:
        _one(telling, thing, now)
        telling.after = str(thing.pk)
        if time.monotonic() > end:
            return
    if len(things) < EACH:
        _tell_mailboxes(telling, now)
        _end_or_wait(telling, now)


def _next(telling: Telling, whom: QuerySet[Any]) -> list[Any]:
    return list((whom.filter(pk__gt=telling.after) if telling.after else whom).order_by("pk")[:EACH])


def _once_more(telling: Telling, now: datetime) -> None:
    """Try a few of those who could not be told."""
    failed = telling.details["failed"]
    telling.details["failed"] = failed[EACH:]
    for kind, pk in failed[:EACH]:
        thing = KINDS[kind].objects.filter(pk=pk).first()
        if thing is not None:
            _one(telling, thing, now)
    _end_or_wait(telling, now)


def _tell_mailboxes(telling: Telling, now: datetime) -> None:
    """Role mailboxes hear of a moved deadline last: there are few, and not those that are a told person's address."""
    if telling.fact == Fact.EXTENDED:
        for mailbox in mailboxes_concerned_by(telling.phase, concerned_by(telling.phase)):
            _one(telling, mailbox, now)


def _end_or_wait(telling: Telling, now: datetime) -> None:
    if telling.details.get("failed"):
        telling.details["not_before"] = (now + AGAIN_AFTER).timestamp()
    else:
        _end(telling, now)


def _end(telling: Telling, now: datetime) -> None:
    telling.ended_at = now
    failed = len(telling.details.get("failed", ()))
    counts = {"messages": telling.told, "failed": failed}
    record("people.told", by=None, about=telling.phase.call, fact=telling.fact, key=telling.key, **counts)


def _one(telling: Telling, thing: Proposal | User | Mailbox, now: datetime) -> None:
    """One recipient, or one proposal's team; who cannot be told is noted and keeps nobody else waiting."""
    try:
        with transaction.atomic():
            telling.told += _remind(telling, thing, now) if isinstance(thing, Proposal) else _announce(telling, thing, now)
    except (OperationalError, InterfaceError):
        raise  # the database's own trouble: the next beat does all of it again
    except Exception:
        log.exception("telling.failed", telling=telling.key, thing=str(thing.pk))
        telling.details.setdefault("failed", []).append([type(thing).__name__, str(thing.pk)])


def _remind(telling: Telling, thing: Proposal, now: datetime) -> int:
    """Look again with the row held: a draft that was submitted this moment is not reminded of."""
    held = proposals_to_remind(telling).filter(pk=thing.pk).select_related("call", "phase").select_for_update(of=("self",))
    proposal = held.first()
    return emails.remind(telling, proposal, now=now) if proposal else 0


def _announce(telling: Telling, to: User | Mailbox, now: datetime) -> int:
    emails.announce(telling, to, now=now)
    return 1
