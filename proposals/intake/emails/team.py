"""Who in a proposal's team is told what; one function per message, one row per person."""

from typing import Any

from django.urls import reverse

from proposals.intake.models import Clarification, Move, Proposal, TeamMember, Version
from proposals.intake.states import SHOWN_AS, Status
from proposals.outbox.actions import post
from proposals.outbox.calculations import inert
from proposals.outbox.states import Kind, Priority
from proposals.partners.models import Invitation, User

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
}


def team_of(proposal: Proposal) -> list[User]:
    """The people who accepted a place in the team and still have an account, each once."""
    people = User.objects.filter(is_active=True, teams__proposal=proposal, teams__accepted_at__isnull=False)
    return list(people.distinct().order_by("pk"))


def about(proposal: Proposal) -> dict[str, Any]:
    """What every mail about a proposal may say: its reference, call and phase; the title made inert."""
    return {
        "reference": proposal.reference or proposal.call.code,
        "title": inert(proposal.title),
        "call_title": proposal.call.title,
        "phase_title": proposal.phase.title,
        "zone": proposal.phase.zone,
    }


def moved(move: Move, *, proposal: Proposal, **context: Any) -> None:
    """Tell the team of a move, if it changes what they are shown; nothing confidential is in it."""
    was, now = Status(move.was), Status(move.now)
    if str(SHOWN_AS[was]) == str(SHOWN_AS[now]):
        return
    receipt = now in {Status.SUBMITTED, Status.LATE} and "version" in context
    for person in team_of(proposal):
        post(
            key=f"move:{move.pk}:{person.pk}",
            to=person,
            template=TEMPLATE[now],
            context={**about(proposal), "at": move.at, **context},
            kind=Kind.RECEIPT if receipt else Kind.STATUS,
            priority=Priority.STATUS,
            about=proposal,
            link=reverse("portal:proposal", args=[proposal.pk]),
            now=move.at,
        )


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
    moved(move, proposal=proposal, due_at=question.due_at)


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
