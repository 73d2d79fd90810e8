"""What a letter of the secretariat would say to one reader about one proposal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.template import engines
from django.utils import timezone, translation

from proposals.intake.calculations.placeholders import OF_DECISIONS, fill, used
from proposals.intake.models import Proposal
from proposals.intake.states import SHOWN_AS, Status
from proposals.outbox.calculations import inert, zone_of
from proposals.outbox.models import Wording, WordingVersion

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


def trials(version: WordingVersion, proposal: Proposal, *, to: Any) -> list[Written]:
    """The letter in each language that the wording has."""
    return [written(version, proposal, to=to, language=code) for code in languages_of(version)]


def values_of(proposal: Proposal, *, to: Any, language: str) -> Mapping[str, str]:
    """What each placeholder stands for; whatever people typed is made harmless for mail."""
    with translation.override(language):
        return {
            "name": inert(str(to)),
            "reference": proposal.reference or proposal.call.code,
            "title": inert(proposal.title),
            "organisation": inert(proposal.lead.name) if proposal.lead else "",
            "call": inert(proposal.call.title),
            "phase": inert(proposal.phase.title),
            "deadline": moment_of(proposal.phase.closes_at, language=language, zone=to.time_zone),
            "status": str(SHOWN_AS[Status(proposal.status)]),
            # a trial shows where the words of a decision will stand
            **{name: f"{{{name}}}" for name in OF_DECISIONS},
        }


def moment_of(instant: datetime, *, language: str, zone: str = "UTC") -> str:
    """An instant in Beijing's time and the reader's, as a letter tells it."""
    with translation.override(language), timezone.override(zone_of(zone)):
        engine: Any = engines["django"]
        return str(engine.from_string(_MOMENT).render({"instant": instant}))


def needs_decision(version: WordingVersion) -> list[str]:
    """The placeholders of a wording that only the letter of a decision fills, in the order of the table."""
    found = {name for text in version.texts.values() for part in text.values() for name in used(part)}
    return [name for name in OF_DECISIONS if name in found]


def newest(wording: Wording) -> WordingVersion | None:
    """What a wording says today."""
    return wording.versions.select_related("wording").order_by("-number").first()


def versions_of(wording: Wording) -> list[WordingVersion]:
    """The last hundred versions of a wording with their writers, newest first."""
    return list(wording.versions.select_related("made_by").order_by("-number")[:100])


def example(user: Any, reference: str = "") -> Proposal | None:
    """The proposal to try a wording on: the one named, or the one that moved last; None where this reader knows of none."""
    found = Proposal.objects.visible_to(user).exclude(reference=None).select_related("call", "phase", "lead").defer("search")
    if reference:
        if not reference.isprintable():
            return None
        return found.filter(reference=reference.strip().upper()).first()
    return found.order_by("-moved_at", "-id").first()
