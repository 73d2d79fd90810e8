"""What a letter of the secretariat would say to one reader about one proposal."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.template import engines
from django.utils import timezone, translation

from proposals.intake.calculations.placeholders import fill
from proposals.intake.models import Proposal
from proposals.intake.states import SHOWN_AS, Status
from proposals.outbox.calculations import inert
from proposals.outbox.models import WordingVersion

# The doors know how instants are told; the engine has their filter. No text of anybody's is in this template.
_MOMENT = "{{ instant|moment }}"


@dataclass(frozen=True)
class Written:
    """A letter as its reader gets it: plain text, in one language of those the wording has."""

    language: str
    subject: str
    body: str


def languages_of(version: WordingVersion) -> list[str]:
    """The languages a wording is written in, English first."""
    return ["en", *sorted(code for code in version.texts if code != "en")]


def written(version: WordingVersion, proposal: Proposal, *, to: Any, language: str = "") -> Written:
    """The letter to one reader: in `language`, else the reader's own, else English."""
    wanted = language or to.language
    chosen = wanted if wanted in version.texts else "en"
    text = version.texts[chosen]
    values = values_of(proposal, to=to, language=chosen)
    return Written(chosen, fill(text["subject"], values), fill(text["body"], values))


def values_of(proposal: Proposal, *, to: Any, language: str) -> Mapping[str, str]:
    """What each placeholder stands for; whatever people typed is made harmless for mail."""
    with translation.override(language), timezone.override(_zone(to.time_zone)):
        engine: Any = engines["django"]
        return {
            "name": inert(str(to)),
            "reference": proposal.reference or proposal.call.code,
            "title": inert(proposal.title),
            "organisation": inert(proposal.lead.name) if proposal.lead else "",
            "call": inert(proposal.call.title),
            "phase": inert(proposal.phase.title),
            "deadline": engine.from_string(_MOMENT).render({"instant": proposal.phase.closes_at}),
            "status": str(SHOWN_AS[Status(proposal.status)]),
        }


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
