"""Moves that changed what the partner is shown, without their messages: there must be none."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from proposals.intake.states import MOVES, SHOWN_AS, Status

# Literals of our own, so that one plan serves every time.
_TELLING = ", ".join(
    f"('{was.value}', '{now.value}')" for was in Status for now in sorted(MOVES[was]) if str(SHOWN_AS[was]) != str(SHOWN_AS[now])
)

# Everyone of the team who had accepted by then, and had an account: whoever was closed out at that moment is no gap.
# The key is the one that `emails.moved` gives. Rows of `seed --bulk` change their states without a move, and nobody is told.
_UNTOLD = f"""
WITH gap AS MATERIALIZED (
    SELECT m.id, m.proposal_id, m.was, m.now, m.at, u.id AS user_id, u.email
    FROM proposals_move m
    JOIN proposals_teammember t ON t.proposal_id = m.proposal_id AND t.accepted_at <= m.at
    JOIN proposals_user u ON u.id = t.user_id AND u.is_active
    WHERE m.at >= %(since)s AND (m.was, m.now) IN ({_TELLING})
      AND NOT EXISTS (SELECT FROM proposals_message g WHERE g.key = 'move:' || m.id || ':' || u.id)
    GROUP BY m.id, u.id
)
SELECT gap.id, gap.proposal_id, p.reference, gap.was, gap.now, gap.at, gap.user_id, gap.email
FROM gap JOIN proposals_proposal p ON p.id = gap.proposal_id
WHERE COALESCE((
    SELECT e.verb FROM proposals_event e
    WHERE e.subject_type = 'user' AND e.subject_id = gap.user_id::text AND e.at <= gap.at
      AND e.verb IN ('person.deactivated', 'person.reactivated')
    ORDER BY e.id DESC LIMIT 1), '') <> 'person.deactivated'
ORDER BY gap.id DESC, gap.user_id
LIMIT %(most)s
"""  # noqa: S608  # nothing but our own enum is put in


@dataclass(frozen=True)
class Untold:
    """One person who should have been told of one move, and was not."""

    move_id: int
    proposal_id: str
    reference: str
    was: str
    now: str
    at: datetime
    user_id: int
    email: str


def untold(*, since: datetime, most: int = 1000) -> list[Untold]:
    """The newest gaps since a moment, at most so many. One statement: 2 s for 100,000 moves, on two busy cores."""
    with connection.cursor() as cursor:
        cursor.execute(_UNTOLD, {"since": since, "most": most})
        return [Untold(*row) for row in cursor.fetchall()]
