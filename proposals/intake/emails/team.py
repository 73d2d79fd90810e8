"""Who is told what of a proposal, its team and role mailboxes; one function per message, one row per recipient."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.urls import reverse

from proposals.calls.calculations import Deadline
from proposals.calls.models import Phase
from proposals.intake.models import Clarification, Move, Proposal, TeamMember, Version
from proposals.intake.queries.at_hand import PROPOSAL
from proposals.intake.queries.deadlines import answer_due, calendar_of, closing
from proposals.intake.queries.signing import readers_of
from proposals.intake.states import SHOWN_AS, Status
from proposals.outbox.actions import post
from proposals.outbox.calculations import inert
from proposals.outbox.states import Kind, Priority
from proposals.partners.emails import mailbox_foot
from proposals.partners.gateways import Compiled
from proposals.partners.models import Invitation, Mailbox, User
from proposals.partners.queries import told_beside

# The message of each status a partner can be shown; receipts carry the frozen version's figures.
TEMPLATE = {
    Status.SUBMITTED: "received",
    Status.LATE: "received_late",
    Status.RETURNED: "returned",
    Status.CLARIFICATION: "clarification",
    Status.ELIGIBILITY: "back_with_us",
    Status.UNDER_REVIEW: "under_review",
    Status.INELIGIBLE: "ineligible",
    Status.WITHDRAWN: "withdrawn",
    Status.PANEL: "under_review",
    # What was decided is read on the site: all outcomes share one mail.
    Status.PRELIMINARY: "decided",
    Status.SELECTED: "decided",
    Status.CONDITIONAL: "decided",
    Status.RESERVE: "decided",
    Status.NOT_SELECTED: "decided",
    Status.MERGED: "decided",
    Status.DRAFT: "invited_next",
    Status.AGREEMENT: "agreement",
    Status.AGREED: "agreed",
    Status.ANNOUNCED: "announced",
    Status.DESCOPED: "changed_after",
    Status.DEFERRED: "changed_after",
    Status.TRANSFERRED: "changed_after",
    Status.CANCELLED: "changed_after",
}


_ACCEPTED = Compiled(
    lambda: User.objects.filter(
        is_active=True, pk__in=TeamMember.objects.filter(proposal=PROPOSAL, accepted_at__isnull=False).values("user")
    ).order_by("pk")
)


def team_of(proposal: Proposal) -> list[User]:
    """The people who accepted a place in the team and still have an account, each once."""
    return _ACCEPTED(proposal=proposal.pk)


def with_representatives(proposal: Proposal, people: list[User]) -> list[User]:
    """The same people, and those who may submit for the lead organisation, where the phase asks for two keys."""
    if not proposal.phase.two_key:
        return people
    known = {person.pk for person in people}
    return [*people, *(one for one in readers_of(proposal, [proposal.lead_id]) if one.pk not in known)]


def about(proposal: Proposal) -> dict[str, Any]:
    """What every mail about a proposal may say: its reference, call and phase; the title made inert."""
    return {
        "reference": proposal.reference or proposal.call.code,
        "title": inert(proposal.title),
        "call_title": proposal.call.title,
        "phase_title": proposal.phase.title,
        "zone": proposal.phase.zone,
    }


def moved(move: Move, *, proposal: Proposal, due: Deadline | None = None, template: str = "", **context: Any) -> None:
    """Tell the team, and the lead organisation's role mailboxes, of a move that changes what they are shown.

    Nothing confidential is in it. `due` goes along as an entry for their calendars; `template` goes before the status's own.
    """
    was, now = Status(move.was), Status(move.now)
    if str(SHOWN_AS[was]) == str(SHOWN_AS[now]):
        return
    receipt = now in {Status.SUBMITTED, Status.LATE} and "version" in context
    people = team_of(proposal)
    # A draft is its team's own, and so is its end: the lead organisation hears of what was submitted.
    discarded = (was, now) == (Status.DRAFT, Status.WITHDRAWN) and proposal.submitted_at is None
    people = people if discarded else with_representatives(proposal, people)
    beside = [] if discarded else told_beside(proposal.lead_id, people)
    recipients: list[User | Mailbox] = [*people, *beside]
    for one in recipients:
        post(
            key=f"move:{move.pk}:{number(one)}",
            to=whom(one),
            language=one.language,
            template=template or TEMPLATE[now],
            context={**about(proposal), "at": move.at, **context, **foot(one)},
            kind=Kind.RECEIPT if receipt else Kind.STATUS,
            priority=Priority.STATUS,
            about=proposal,
            link=reverse("portal:proposal", args=[proposal.pk]),
            calendar=calendar_of(due, language=one.language) if due else "",
            now=move.at,
        )


def extended(
    phase: Phase, *, to: User | Mailbox, was: datetime, dates: Iterable[tuple[str, date]], set_at: datetime, now: datetime
) -> None:
    """To one person or role mailbox: the deadline has moved; the entry that goes along moves the one in their calendar."""
    post(
        key=f"deadline:{phase.pk}:{phase.closes_at.isoformat()}:{number(to)}",
        to=whom(to),
        language=to.language,
        template="deadline_extended",
        context={
            "call_title": phase.call.title,
            "call_code": phase.call.code,
            "phase_title": phase.title,
            "was": was,
            "closes_at": phase.closes_at,
            "late_until": phase.late_until,
            "dates": list(dates),
            **foot(to),
        },
        kind=Kind.DEADLINE,
        about=phase,
        link=reverse("portal:call", args=[phase.call.slug]),
        calendar=calendar_of(closing(phase, set_at=set_at), language=to.language),
        now=now,
    )


def number(one: User | Mailbox) -> str:
    """What tells this recipient from all others, for keys."""
    return f"mailbox:{one.pk}" if isinstance(one, Mailbox) else str(one.pk)


def whom(one: User | Mailbox) -> User | str:
    """The recipient as `post` wants to know it."""
    return one.address if isinstance(one, Mailbox) else one


def foot(one: User | Mailbox) -> dict[str, str]:
    """What a mail says at its foot to a role mailbox; nothing more to a person."""
    return mailbox_foot(one) if isinstance(one, Mailbox) else {}


def received(move: Move, version: Version, *, proposal: Proposal) -> None:
    """The receipt: reference, instant and the SHA-256 of what was frozen."""
    moved(
        move,
        proposal=proposal,
        version=version.number,
        sha256=version.sha256,
        received_at=version.frozen_at,
        on_behalf=version.on_behalf,
    )


def asked(move: Move, question: Clarification, *, proposal: Proposal) -> None:
    """A question waits on the site; the mail says until when, not what it asks."""
    moved(move, proposal=proposal, due=answer_due(question, proposal), due_at=question.due_at)


def invited(member: TeamMember, invitation: Invitation, token: str, *, proposal: Proposal) -> None:
    """An offer to join the team; it names who asks and the call, not what is proposed."""
    post(
        key=f"invitation:{invitation.pk}",
        to=User.objects.filter(email=invitation.email, is_active=True).first() or invitation.email,
        template="team_invitation",
        context={
            "call_title": proposal.call.title,
            "invited_by": inert(str(invitation.invited_by)),
            "role": member.get_role_display(),
            "expires_at": invitation.expires_at,
        },
        kind=Kind.TEAM,
        link=reverse("portal:invitation", args=[token]),
    )
