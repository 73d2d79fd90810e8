"""The whole of a proposal as one document: what a version freezes, and how two versions differ."""

import json
from collections.abc import Iterable
from typing import Any

from django.db import models

from proposals.calls.models import Topic
from proposals.calls.states import Level
from proposals.intake.calculations.difference import Change, difference
from proposals.intake.models import Answer, Attachment, Endorsement, MissionSheet, Proposal, Version
from proposals.intake.queries.at_hand import PROPOSAL, members_of, partners_of
from proposals.intake.queries.masses import MassReport, mass_report, modules_of
from proposals.partners.gateways import Compiled
from proposals.partners.models import Organisation

SCHEMA = 1
PLAIN = (
    "title acronym abstract objectives payload_class keywords trl trl6_on heritage critical_technology "
    "model_philosophy cost_amount cost_currency funding_secured_percent schedule risks export_origin "
    "export_licence planetary_category data_policy_agreed publication_plan endorsement_later"
).split()
BOOKKEEPING = {"id", "proposal", "position"}


def _columns(row: models.Model) -> dict[str, Any]:
    """A sheet's columns that are filled in."""
    names = [f.name for f in row._meta.concrete_fields if f.name not in BOOKKEEPING]
    return {name: value for name in names if (value := getattr(row, name)) not in (None, "", [])}


def _organisation(organisation: Organisation | None) -> dict[str, Any] | None:
    if organisation is None:
        return None
    return {
        "id": organisation.pk,
        "name": organisation.name,
        "kind": organisation.kind,
        "country": str(organisation.country),
    }


def countries_of(organisations: Iterable[Organisation | None]) -> list[str]:
    """The countries or regions of these organisations, each once; some have none."""
    return sorted({str(one.country) for one in organisations if one is not None and one.country})


def _modules(report: MassReport) -> list[dict[str, Any]]:
    return [
        {
            **_columns(module),
            "elements": [
                {
                    "name": element.name,
                    "kind": element.kind,
                    "cbe_kg": element.cbe_kg,
                    "maturity": element.maturity,
                    "margin_percent": element.margin_percent,
                    "margin_reason": element.margin_reason,
                }
                for element in module.elements.all()
            ],
            "totals": {"cbe_kg": budget.cbe_kg, "mass_kg": budget.mass_kg},
        }
        for module, budget in report.modules
    ]


_AIMS = Compiled(lambda: Topic.objects.filter(pk__in=_chosen()).values_list("title", flat=True))
_ENDORSEMENT = Compiled(lambda: Endorsement.objects.filter(proposal=PROPOSAL).select_related("letter"))
_FILES = Compiled(lambda: Attachment.objects.filter(proposal=PROPOSAL, removed_at=None))
_ANSWERS = Compiled(
    lambda: Answer.objects.filter(proposal=PROPOSAL).select_related("question", "file").order_by("question__position", "pk")
)


def _chosen() -> Any:
    return Proposal.aims.through.objects.filter(proposal=PROPOSAL).values("topic")


def content(proposal: Proposal, report: MassReport | None = None) -> dict[str, Any]:
    """Everything that was typed, in field order; decimals stay decimals until they are written as text.

    `report` is the proposal's mass report where the caller has it at hand.
    """
    report = report or mass_report(proposal)
    mission = MissionSheet.objects.filter(proposal=proposal).first() if proposal.level == Level.MISSION else None
    endorsement = next(iter(_ENDORSEMENT(proposal=proposal.pk)), None)
    files = _FILES(proposal=proposal.pk)
    return {
        "schema": SCHEMA,
        "call": proposal.call.code,
        "phase": proposal.phase.kind,
        "level": proposal.level,
        "forms": sorted(proposal.forms),
        "fields": {name: value for name in PLAIN if (value := getattr(proposal, name)) not in (None, "")},
        "aims": _AIMS(proposal=proposal.pk),
        "lead": _organisation(proposal.lead),
        "partners": [
            {**(_organisation(p.organisation) or {}), "role": p.role, "share_percent": p.share_percent}
            for p in partners_of(proposal)
        ],
        "team": [
            {
                "full_name": member.full_name,
                "native_name": member.native_name,
                "email": member.email,
                "role": member.role,
                "organisation": member.organisation.name if member.organisation else "",
            }
            for member in members_of(proposal)
        ],
        "modules": _modules(report),
        "totals": {"cbe_kg": report.total.cbe_kg, "mass_kg": report.total.mass_kg} if report.modules else {},
        "mission": _columns(mission) if mission else {},
        "answers": [
            {"question": answer.question.label, "answer": answer.value, "file": answer.file.sha256 if answer.file else ""}
            for answer in _ANSWERS(proposal=proposal.pk)
        ],
        "endorsement": _endorsement(endorsement),
        "files": [{"kind": f.kind, "title": f.title, "name": f.name, "size": f.size, "sha256": f.sha256} for f in files],
    }


def _endorsement(endorsement: Endorsement | None) -> dict[str, Any]:
    if endorsement is None:
        return {}
    return {
        "agency": endorsement.agency,
        "signatory": endorsement.signatory,
        "signatory_title": endorsement.signatory_title,
        "signed_on": endorsement.signed_on,
        "letter_sha256": endorsement.letter.sha256 if endorsement.letter else "",
    }


def frozen(version: Version) -> dict[str, Any]:
    """A version's document, as it was frozen."""
    document: dict[str, Any] = json.loads(version.canonical)
    return document


def differences(version: Version) -> list[Change]:
    """What changed between a version and the one before it; empty for the first."""
    before = Version.objects.filter(proposal=version.proposal_id, number__lt=version.number).order_by("-number").first()
    return difference(frozen(before), frozen(version)) if before else []


def search_texts(proposal: Proposal) -> list[str]:
    """What staff may find a proposal by: reference, titles, organisations, people, text."""
    organisations = [proposal.lead, *(p.organisation for p in partners_of(proposal))]
    texts = [proposal.reference or "", (proposal.reference or "").rpartition("-")[2]]
    texts += [proposal.title, proposal.acronym, proposal.keywords, proposal.abstract, proposal.objectives]
    for organisation in filter(None, organisations):
        texts += [organisation.name, organisation.native_name, organisation.acronym, *organisation.aliases]
    for member in members_of(proposal):
        texts += [member.full_name, member.native_name, member.email]
    return texts + [module.name for module in modules_of(proposal)]
