"""Reminders of what is due, opened calls and moved deadlines; one function per message, one row per person."""

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise

from proposals.intake.calculations.reminders import roughly
from proposals.intake.calculations.sections import BY_KEY
from proposals.intake.emails.team import about, extended, foot, number, team_of, whom, with_representatives
from proposals.intake.models import Proposal, Telling
from proposals.intake.queries import gaps
from proposals.intake.queries.signing import STANDS, keys_of
from proposals.intake.states import Fact
from proposals.outbox.actions import post
from proposals.outbox.states import Kind, Priority
from proposals.partners.models import Mailbox, User

REMINDER = {
    Fact.DRAFT: "reminder_draft",
    Fact.ENDORSEMENT: "reminder_endorsement",
    Fact.CLARIFICATION: "reminder_question",
}


def remind(telling: Telling, proposal: Proposal, *, now: datetime) -> int:
    """Remind a proposal's team of what is due; how many messages that are."""
    fact, thing = Fact(telling.fact), telling.clarification_id or proposal.pk
    key = f"reminder:{fact}:{thing}:{telling.deadline_at.astimezone(UTC).isoformat()}:{telling.threshold}"
    page = {Fact.DRAFT: "task_list", Fact.ENDORSEMENT: "proposal", Fact.CLARIFICATION: "answer"}[fact]
    context = {
        **about(proposal),
        "due_at": telling.deadline_at,
        # The time left, told from this instant, is rounded.
        "as_of": telling.deadline_at - roughly(telling.deadline_at - now),
        "written_at": now,
        "overdue": now >= telling.deadline_at,
        "missing": missing(proposal) if fact == Fact.DRAFT else [],
        **(_keys(proposal) if fact == Fact.DRAFT else {}),
        "late_until": proposal.phase.late_until if fact == Fact.DRAFT else None,
    }
    # Role mailboxes hear of moves and deadlines, not of reminders; a representative only of what they may read.
    people = with_representatives(proposal, team_of(proposal))
    for one in people:
        post(
            key=f"{key}:{number(one)}",
            to=whom(one),
            language=one.language,
            template=REMINDER[fact],
            context={**context, **foot(one)},
            kind=Kind.REMINDER,
            priority=Priority.REMINDER,
            about=proposal,
            link=reverse(f"portal:{page}", args=[proposal.pk]),
            now=now,
        )
    return len(people)


def _keys(proposal: Proposal) -> dict[str, Any]:
    """How the keys of a submission stand, without a name: the PI's release, and how many partners have not signed."""
    keys = keys_of(proposal)
    unsigned = sum(key.state != STANDS for key in keys.parts)
    return {"release": keys.release.state if keys.release else "", "unsigned": unsigned}


def missing(proposal: Proposal) -> list[tuple[str | Promise, int]]:
    """The pages of the form on which something is missing, and how much: titles alone, nothing of what was typed."""
    found = Counter(gap.section for gap in gaps(proposal))
    return [(BY_KEY[key].title, count) for key, count in found.items()]


def announce(telling: Telling, to: User | Mailbox, *, now: datetime) -> None:
    """Tell a person that a call has opened, or a person or role mailbox that a deadline has moved."""
    if isinstance(to, User) and telling.fact == Fact.OPENED:
        _opened(telling, to, now)
    else:
        _extended(telling, to, now)


def _opened(telling: Telling, person: User, now: datetime) -> None:
    """The call in a few words. It is about no single thing: mails about one are kept in order, and here are too many."""
    phase = telling.phase
    context = {
        "call_title": phase.call.title,
        "call_code": phase.call.code,
        "phase_title": phase.title,
        "summary": phase.call.summary,
        "closes_at": phase.closes_at,
        "late_until": phase.late_until,
    }
    post(
        key=f"call:{phase.pk}:{person.pk}",
        to=person,
        template="call_opened",
        context=context,
        kind=Kind.CALL,
        priority=Priority.REMINDER,
        link=reverse("portal:call", args=[phase.call.slug]),
        now=now,
    )


def _extended(telling: Telling, to: User | Mailbox, now: datetime) -> None:
    """The deadline that now holds, with the days that moved along."""
    extended(
        telling.phase,
        to=to,
        was=datetime.fromisoformat(telling.details["was"]),
        dates=[(label, date.fromisoformat(on)) for label, on in telling.details["dates"]],
        set_at=telling.begun_at,
        now=now,
    )
