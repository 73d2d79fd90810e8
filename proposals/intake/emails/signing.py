"""Who is told that a key is theirs to turn: the lead's representatives, who submits in their place, a partner's."""

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse

from proposals.intake.emails.team import about
from proposals.intake.models import Delegation, Proposal, Signature
from proposals.outbox.actions import post
from proposals.outbox.calculations import inert
from proposals.outbox.states import Kind, Priority
from proposals.partners.models import Organisation, User


def released(signature: Signature, people: Iterable[User], *, proposal: Proposal, now: datetime) -> None:
    """To those who may submit: the PI has released the proposal, and it waits for them; nothing has been sent in yet."""
    for person in people:
        post(
            key=f"released:{signature.pk}:{person.pk}",
            to=person,
            template="released",
            context={**about(proposal), "closes_at": proposal.correct_by or proposal.phase.closes_at, "at": now},
            kind=Kind.STATUS,
            priority=Priority.STATUS,
            about=proposal,
            link=reverse("portal:check", args=[proposal.pk]),
            now=now,
        )


def asked_to_sign(organisation: Organisation, people: Iterable[User], *, proposal: Proposal, now: datetime) -> None:
    """To those who stand for a partner organisation: its part waits for a signature; once a day, however often they are asked."""
    for person in people:
        post(
            key=f"signature:{proposal.pk}:{proposal.phase_id}:{organisation.pk}:{now.date().isoformat()}:{person.pk}",
            to=person,
            template="signature_asked",
            context={**about(proposal), "organisation": inert(organisation.name), "closes_at": proposal.phase.closes_at},
            kind=Kind.STATUS,
            priority=Priority.STATUS,
            about=proposal,
            link=reverse("portal:sign", args=[proposal.pk, organisation.pk]),
            now=now,
        )


def delegated(delegation: Delegation, *, proposal: Proposal, now: datetime) -> None:
    """To the person of the team who may now submit in a representative's place."""
    context = {
        **about(proposal),
        "given_by": inert(str(delegation.by)),
        "closes_at": proposal.correct_by or proposal.phase.closes_at,
    }
    post(
        key=f"delegated:{delegation.pk}",
        to=delegation.to,
        template="signature_delegated",
        context=context,
        kind=Kind.STATUS,
        priority=Priority.STATUS,
        about=proposal,
        link=reverse("portal:check", args=[proposal.pk]),
        now=now,
    )
