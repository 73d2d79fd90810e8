"""Claiming: which due message goes next, held for one lease, no faster than the limits allow."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from proposals.outbox.calculations import BURST, gaps
from proposals.outbox.models import Message
from proposals.outbox.queries import IN_ITS_TURN, OPEN, ORDER_KEPT_FOR

# The words of the index of lanes.
_DOMAIN = "lower(split_part({0}.address, '@', -1))"
# Its condition: with one word more than OPEN, so that a claim without limits cannot take it and sort a whole burst.
_LANE = OPEN + " AND {0}.address > ''"
_FREE = "(m.delivery <> 'sending' OR m.leased_until <= %(now)s)"

# One statement, so that a claim costs one round trip and one commit. SKIP LOCKED lets two workers take two rows;
# the attempt is counted before the work; a lease found expired is a crash, and leaves its evidence here.
_CLAIM = f"""
WITH {{held}} next AS (
    SELECT m.id, m.delivery AS was FROM proposals_message m
    WHERE {OPEN.format("m")}
      AND m.due_at <= %(now)s
      AND {_FREE}
      AND {IN_ITS_TURN}
      {{narrowed}}
    ORDER BY m.priority, m.due_at, m.id
    FOR UPDATE OF m SKIP LOCKED
    LIMIT 1
), {{spent}} broken_off AS (
    INSERT INTO proposals_attempt (message_id, at, phase, outcome, reply)
    SELECT id, %(now)s, 'unknown', 'crashed', 'The worker ended before it could say what came of it.' FROM next
    WHERE was = 'sending'
)
UPDATE proposals_message AS m
SET delivery = 'sending', attempts = m.attempts + 1, lease_id = %(lease)s, leased_until = %(until)s
FROM next WHERE m.id = next.id
RETURNING m.*, next.was
"""  # noqa: S608  # nothing but our own enum is put in

# The same under limits. Their rows are locked in order of name, and the instant from which each is free again moves on
# with the claim or not at all: any number of workers keep one pace.
_HELD = "held AS MATERIALIZED (SELECT free_at FROM proposals_pace WHERE domain = ANY(%(names)s) ORDER BY domain FOR UPDATE),"
_SPENT = """spent AS (
    INSERT INTO proposals_pace AS p (domain, free_at)
    SELECT name, %(idle_from)s + gap FROM unnest(%(names)s::text[], %(gaps)s::interval[]) AS l(name, gap)
    WHERE EXISTS (SELECT FROM next) ORDER BY name
    ON CONFLICT (domain) DO UPDATE SET free_at = greatest(p.free_at, %(idle_from)s) + (excluded.free_at - %(idle_from)s)
),"""
_WITHIN = "AND NOT EXISTS (SELECT FROM held WHERE free_at > %(now)s)"

CLAIM = _CLAIM.format(held="", narrowed="", spent="")
CLAIM_PACED = _CLAIM.format(held=_HELD, narrowed=_WITHIN, spent=_SPENT)
CLAIM_IN_LANE = _CLAIM.format(
    held=_HELD, narrowed=f"{_WITHIN} AND {_LANE.format('m')} AND {_DOMAIN.format('m')} = %(domain)s", spent=_SPENT
)

# The domains with due mail whose limits are free now, in the order of what is first in each. One step of the index a
# domain, so that ten thousand mails to one of them delay nobody else's.
LANES = f"""
WITH RECURSIVE lane(domain) AS (
    (SELECT {_DOMAIN.format("m")} FROM proposals_message m WHERE {_LANE.format("m")} ORDER BY 1 LIMIT 1)
    UNION ALL
    SELECT (SELECT {_DOMAIN.format("m")} FROM proposals_message m
            WHERE {_LANE.format("m")} AND {_DOMAIN.format("m")} > lane.domain ORDER BY 1 LIMIT 1)
    FROM lane WHERE lane.domain IS NOT NULL
)
SELECT lane.domain FROM lane CROSS JOIN LATERAL (
    SELECT m.priority, m.due_at, m.id FROM proposals_message m
    WHERE {_LANE.format("m")} AND {_DOMAIN.format("m")} = lane.domain AND m.due_at <= %(now)s AND {_FREE}
    ORDER BY m.priority, m.due_at, m.id LIMIT 1
) first
WHERE NOT EXISTS (SELECT FROM proposals_pace p WHERE p.domain IN (lane.domain, '') AND p.free_at > %(now)s)
ORDER BY first.priority, first.due_at, first.id
"""  # noqa: S608  # nothing but our own enum is put in


def claim(*, now: datetime) -> Message | None:
    """This will take the next due message for one lease, and count the attempt; None where nothing is due, or may leave."""
    if settings.OUTBOX_DOMAIN_RATES:
        taken = (_take(CLAIM_IN_LANE, domain=domain, now=now) for domain in _lanes(now))
        return next((message for message in taken if message), None)
    return _take(CLAIM if settings.OUTBOX_RATE is None else CLAIM_PACED, domain="", now=now)


def _lanes(now: datetime) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(LANES, {"now": now})
        return [domain for (domain,) in cursor.fetchall()]


def _take(statement: str, *, domain: str, now: datetime) -> Message | None:
    limits = gaps(domain, in_all=settings.OUTBOX_RATE, by_domain=settings.OUTBOX_DOMAIN_RATES)
    values = {
        "now": now,
        "order_until": now + ORDER_KEPT_FOR,
        "lease": uuid.uuid4(),
        "until": now + timedelta(seconds=settings.OUTBOX_LEASE_S),
        "domain": domain,
        "names": sorted(limits),
        "gaps": [timedelta(seconds=limits[name]) for name in sorted(limits)],
        "idle_from": now - BURST,
    }
    return next(iter(Message.objects.raw(statement, values)), None)
