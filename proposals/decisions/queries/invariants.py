"""What must hold of all rows at any moment, beyond what constraints can say: each rule finds the rows that break it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection

from proposals.decisions.queries.invariants_of_review import OF_REVIEW
from proposals.decisions.states import Outcome
from proposals.intake.queries.reconciliation import untold
from proposals.intake.states import MOVES, Status

_THE_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
_LEGAL = ", ".join(f"('{was}', '{now}')" for was in Status for now in sorted(MOVES[was]))
_OUTCOMES = ", ".join(f"'{outcome}'" for outcome in Outcome)
_SHOWN = 20  # of each rule: the count says how many there are

# One statement each, which gives a text for each row that breaks the rule.
_OF_PROPOSALS = {
    "status is where the last move led": """
        SELECT p.id::text FROM proposals_proposal p
        LEFT JOIN LATERAL (SELECT now FROM proposals_move WHERE proposal_id = p.id ORDER BY id DESC LIMIT 1) m ON true
        WHERE p.status <> COALESCE(m.now, 'draft')""",
    "each move begins where the one before it ended": """
        SELECT id::text FROM (SELECT id, was, lag(now, 1, 'draft') OVER (PARTITION BY proposal_id ORDER BY id) AS before
        FROM proposals_move) m WHERE was <> before""",
    "each move is one of the table": f"""
        SELECT id::text FROM proposals_move WHERE (was, now) NOT IN ({_LEGAL})""",  # noqa: S608  # our own enum
    "moves of a proposal follow each other in time": """
        SELECT id::text FROM (SELECT id, at, lag(at) OVER (PARTITION BY proposal_id ORDER BY id) AS before
        FROM proposals_move) m WHERE at < before""",
    "the phase is that of the last move": """
        SELECT p.id::text FROM proposals_proposal p
        JOIN LATERAL (SELECT phase_id FROM proposals_move WHERE proposal_id = p.id ORDER BY id DESC LIMIT 1) m ON true
        WHERE p.phase_id <> m.phase_id""",
    "the phase is one of the proposal's call": """
        SELECT p.id::text FROM proposals_proposal p JOIN proposals_phase f ON f.id = p.phase_id WHERE f.call_id <> p.call_id""",
    "a later phase begins with an invitation": """
        SELECT id::text FROM (SELECT id, was, now, phase_id, lag(phase_id) OVER (PARTITION BY proposal_id ORDER BY id) AS before
        FROM proposals_move) m WHERE phase_id <> before AND (was, now) <> ('preliminary', 'draft')""",
    "each submission froze one version": """
        SELECT p.id::text FROM proposals_proposal p
        WHERE (SELECT count(*) FROM proposals_version WHERE proposal_id = p.id)
           <> (SELECT count(*) FROM proposals_move WHERE proposal_id = p.id AND now IN ('submitted', 'late'))""",
    "versions are numbered without a gap": """
        SELECT proposal_id::text FROM proposals_version GROUP BY proposal_id HAVING max(number) <> count(*)""",
    "a version is what its SHA-256 says": """
        SELECT id::text FROM proposals_version WHERE sha256 <> encode(sha256(convert_to(canonical, 'UTF8')), 'hex')""",
    "a version names its proposal, its number and whether it was late": """
        SELECT v.id::text FROM proposals_version v JOIN proposals_proposal p ON p.id = v.proposal_id
        WHERE (v.canonical::jsonb ->> 'reference', (v.canonical::jsonb ->> 'version')::int, (v.canonical::jsonb ->> 'late')::bool)
            IS DISTINCT FROM (p.reference::text, v.number::int, v.is_late)""",
    "a reference begins with the code of its call": """
        SELECT p.id::text FROM proposals_proposal p JOIN proposals_call c ON c.id = p.call_id
        WHERE p.reference IS NOT NULL AND NOT starts_with(p.reference, c.code || '-')""",
    "a question waits where the status says so, and only there": """
        SELECT p.id::text FROM proposals_proposal p
        WHERE (p.status IN ('clarification'))
           <> EXISTS (SELECT FROM proposals_clarification WHERE proposal_id = p.id AND answered_at IS NULL)""",
    "who accepted a place in a team may see the proposal": """
        SELECT t.id::text FROM proposals_teammember t WHERE t.user_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM proposals_access a WHERE a.proposal_id = t.proposal_id AND a.user_id = t.user_id)""",
    "nobody of another's staff is let in as if of the team": """
        SELECT a.id::text FROM proposals_access a JOIN proposals_user u ON u.id = a.user_id
        WHERE a."grant" AND u.staff_role <> '' AND a.why NOT LIKE 'assignment:%%'
          AND NOT EXISTS (SELECT FROM proposals_teammember t WHERE t.proposal_id = a.proposal_id AND t.user_id = a.user_id)""",
    "endorsed means that there is a letter": """
        SELECT p.id::text FROM proposals_proposal p LEFT JOIN proposals_endorsement e ON e.proposal_id = p.id
        WHERE p.has_endorsement <> (e.letter_id IS NOT NULL)
          AND EXISTS (SELECT FROM proposals_version WHERE proposal_id = p.id)""",
    "nothing belongs to an organisation that was merged away": """
        SELECT p.id::text FROM proposals_proposal p JOIN proposals_organisation o ON o.id = p.lead_id
        WHERE o.merged_into_id IS NOT NULL""",
    "a mail that was sent has the evidence of it": """
        SELECT m.id::text FROM proposals_message m WHERE m.delivery = 'sent'
        AND NOT EXISTS (SELECT FROM proposals_attempt a WHERE a.message_id = m.id AND a.outcome IN ('sent', 'delivered'))""",
}

_OF_DECISIONS = {
    "decided means that a decision waits": """
        SELECT p.id::text FROM proposals_proposal p WHERE p.status IN ('decided') AND NOT EXISTS (
            SELECT FROM proposals_decision d WHERE d.proposal_id = p.id AND d.phase_id = p.phase_id
            AND d.released_at IS NULL AND d.dropped_at IS NULL)""",
    "a decision that waits has a proposal that can take it": """
        SELECT d.id::text FROM proposals_decision d JOIN proposals_proposal p ON p.id = d.proposal_id
        WHERE d.released_at IS NULL AND d.dropped_at IS NULL AND p.status NOT IN ('decided', 'reserve', 'conditional')""",
    "a released decision moved its proposal, once": """
        SELECT d.id::text FROM proposals_decision d WHERE d.released_at IS NOT NULL AND (
            SELECT count(*) FROM proposals_move m
            WHERE m.proposal_id = d.proposal_id AND m.now = d.outcome AND m.at = d.released_at) <> 1""",
    "no outcome without a released decision": f"""
        SELECT m.id::text FROM proposals_move m
        WHERE m.now IN ({_OUTCOMES}) AND (m.was, m.now) <> ('conditional', 'selected') AND NOT EXISTS (
            SELECT FROM proposals_decision d
            WHERE d.proposal_id = m.proposal_id AND d.outcome = m.now AND d.released_at = m.at)""",  # noqa: S608  # our own enum
    "a decision is released by somebody who had no hand in it": """
        SELECT d.id::text FROM proposals_decision d JOIN proposals_release r ON r.id = d.release_id
        WHERE d.released_at IS NOT NULL AND d.released_by_id IN (d.drafted_by_id, d.amended_by_id, r.prepared_by_id)""",
    "a release is whole: all of it or nothing": """
        SELECT r.id::text FROM proposals_release r JOIN proposals_decision d ON d.release_id = r.id AND d.dropped_at IS NULL
        WHERE d.released_at IS DISTINCT FROM r.released_at AND r.stopped_at IS NULL""",
    "a released decision has a letter": """
        SELECT d.id::text FROM proposals_decision d WHERE d.released_at IS NOT NULL
        AND NOT EXISTS (SELECT FROM proposals_letter l WHERE l.decision_id = d.id)""",
    "merged means that a merge says into what": """
        SELECT p.id::text FROM proposals_proposal p
        WHERE (p.status IN ('merged')) <> EXISTS (SELECT FROM proposals_merge WHERE parent_id = p.id)""",
    "no proposal is merged into one that was merged itself by then": """
        SELECT a.id::text FROM proposals_merge a JOIN proposals_merge b ON b.parent_id = a.into_id AND b.at < a.at""",
    "the teams of merged proposals see what they were merged into": """
        SELECT t.id::text FROM proposals_merge g JOIN proposals_teammember t ON t.proposal_id = g.parent_id
        WHERE t.user_id IS NOT NULL AND t.accepted_at <= g.at AND NOT EXISTS (
            SELECT FROM proposals_access a WHERE a.proposal_id = g.into_id AND a.user_id = t.user_id)""",
    "conditionally selected means that a condition is open": """
        SELECT p.id::text FROM proposals_proposal p WHERE p.status IN ('conditional') AND NOT EXISTS (
            SELECT FROM proposals_condition c JOIN proposals_decision d ON d.id = c.decision_id
            WHERE d.proposal_id = p.id AND d.released_at IS NOT NULL AND c.met_at IS NULL)""",
    "from the agreement on there is one": """
        SELECT p.id::text FROM proposals_proposal p
        WHERE p.status IN ('agreement', 'agreed', 'announced', 'descoped', 'deferred', 'transferred')
        AND NOT EXISTS (SELECT FROM proposals_agreement a WHERE a.proposal_id = p.id)""",
    "agreed means signed, and every line of the checklist done": """
        SELECT a.id::text FROM proposals_agreement a JOIN proposals_proposal p ON p.id = a.proposal_id
        WHERE p.status IN ('agreed', 'announced', 'descoped', 'deferred') AND (a.signed_on IS NULL
            OR EXISTS (SELECT FROM proposals_agreementitem i WHERE i.agreement_id = a.id AND i.done_at IS NULL))""",
    "announced means that the public page says so": """
        SELECT p.id::text FROM proposals_proposal p WHERE p.status IN ('announced')
        AND NOT EXISTS (SELECT FROM proposals_announcement a WHERE a.proposal_id = p.id)""",
    "nothing is public that was not announced": """
        SELECT a.id::text FROM proposals_announcement a
        WHERE NOT EXISTS (SELECT FROM proposals_move m WHERE m.proposal_id = a.proposal_id AND m.now = 'announced')""",
}

RULES = {**_OF_PROPOSALS, **OF_REVIEW, **_OF_DECISIONS}
TOLD = "everyone was told of each move that partners are shown"


@dataclass(frozen=True)
class Broken:
    """A rule that does not hold: how many rows break it, and the keys of the first of them."""

    rule: str
    count: int
    rows: tuple[str, ...]


def broken() -> Iterator[Broken]:
    """The rules that do not hold, each with its rows: one statement a rule, over the whole tables."""
    for rule, statement in RULES.items():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT row, count(*) OVER () FROM ({statement}) AS found (row) LIMIT {_SHOWN}", [])  # noqa: S608
            found = cursor.fetchall()
        if found:
            yield Broken(rule, found[0][1], tuple(row for row, _ in found))
    gaps = untold(since=_THE_FIRST)
    if gaps:
        yield Broken(TOLD, len(gaps), tuple(str(gap.move_id) for gap in gaps[:_SHOWN]))
