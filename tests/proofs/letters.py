"""Mails for the proofs, written as the site writes them: by `post` in a transaction, about a proposal, in every language."""

import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from proposals.intake.models import Proposal
from proposals.outbox.actions import post
from proposals.outbox.states import Kind, Priority

LANGUAGES = tuple(code for code, _ in settings.LANGUAGES)


@dataclass(frozen=True)
class Addressee:
    """Somebody without an account, as `post` wants to know them."""

    email: str
    full_name: str
    language: str
    time_zone: str = "Asia/Karachi"


def write(first: int, count: int, *, prefix: str = "proof", language: str = "", each: bool = False) -> None:
    """Post `count` status mails to `<prefix>-<n>@partner.example`, n from `first` on, languages in turn unless one is named.

    All in one transaction, or each in one of its own.
    """
    if each:
        for number in range(first, first + count):
            write(number, 1, prefix=prefix, language=language)
        return
    now = timezone.now()
    with transaction.atomic():
        for number in range(first, first + count):
            address = f"{prefix}-{number}@partner.example"
            spoken = language or LANGUAGES[number % len(LANGUAGES)]
            post(
                key=f"proof:{address}",
                to=Addressee(address, f"Partner {number}", spoken),
                template="under_review",
                context={
                    "reference": f"CE8-P{number:05d}",
                    "title": f"Proof payload {number}",
                    "call_title": "A call for the proofs",
                    "phase_title": "Letter of intent",
                    "zone": "Asia/Shanghai",
                    "at": now,
                },
                kind=Kind.STATUS,
                priority=Priority.STATUS,
                about=Proposal(pk=uuid.uuid4()),
                link="/proposals/",
                now=now,
            )
