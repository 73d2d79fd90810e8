"""Letters of the secretariat, as their readers see them; one function per message."""

import uuid
from datetime import datetime

from django.urls import reverse

from proposals.intake.models import CircularMail
from proposals.intake.queries.letters import Written
from proposals.outbox.actions import post
from proposals.outbox.states import Kind
from proposals.partners.models import User


def circular(mail: CircularMail, *, now: datetime) -> None:
    """One mail of a circular, to one member of a team: the text that was read, in a frame of the same language."""
    mail.person.language = mail.language  # in memory alone
    proposal = mail.proposal
    post(
        key=f"circular:{mail.circular_id}:{mail.pk}",
        to=mail.person,
        template="letter",
        context={
            "reference": proposal.reference or proposal.call.code,
            "letter_subject": mail.subject,
            "paragraphs": _paragraphs(mail.body),
        },
        kind=Kind.LETTER,
        about=proposal,
        link=reverse("portal:proposal", args=[proposal.pk]),
        now=now,
    )


def trial(letter: Written, *, key: uuid.UUID, to: User, now: datetime) -> None:
    """A letter to the member of staff who tries it; it belongs to no proposal's thread."""
    to.language = letter.language  # in memory alone
    context = {"letter_subject": letter.subject, "paragraphs": _paragraphs(letter.body), "is_trial": True}
    post(key=f"trial:{key}", to=to, template="letter", context=context, kind=Kind.LETTER, now=now)


def _paragraphs(body: str) -> list[str]:
    return [part.strip() for part in body.split("\n\n") if part.strip()]
