"""A panel as one reader may know it: its items, what waits to come before it, and its record."""

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from proposals.audit.calculations import canonical, sha256
from proposals.calls.models import Phase
from proposals.intake.models import Proposal
from proposals.intake.states import Status
from proposals.partners.models import User
from proposals.partners.states import StaffRole
from proposals.review.calculations.ranking_record import Facts, extract, method, with_figures
from proposals.review.models import Panel, PanelItem
from proposals.review.queries.results import Given, Missing, Row, results_of
from proposals.review.rules.panels import TAKES_A_PLACE


@dataclass(frozen=True)
class Record:
    """A frozen record as a reader may have it: its text and that text's SHA-256."""

    text: str
    sha256: str

    @property
    def content(self) -> Facts:
        """The record, read."""
        found: Facts = json.loads(self.text)
        return found


def panels() -> QuerySet[Panel]:
    """All panels with their phases and people, newest first."""
    return Panel.objects.select_related("phase__call", "chair", "made_by", "frozen_by")


def items_for(panel: Panel, reader: Any) -> list[PanelItem]:
    """The items that this reader may know of, in the panel's order. One statement."""
    seen = Proposal.objects.visible_to(reader)
    items = PanelItem.objects.filter(panel=panel, proposal__in=seen.values("pk")).order_by("position", "pk")
    return list(items.select_related("proposal__call", "proposal__lead", "proposal__phase").defer("proposal__search"))


def awaiting(phase: Phase, reader: Any) -> list[tuple[Proposal, list[Missing]]]:
    """The proposals of a phase under review that this reader may know of, each with the reviews that are missing."""
    seen = Proposal.objects.visible_to(reader).filter(phase=phase, status=Status.UNDER_REVIEW)
    found = results_of(list(seen.select_related("call", "lead", "phase").defer("search")), phase=phase)
    return [(row.proposal, row.missing) for row in sorted(found.rows, key=lambda row: row.proposal.reference or "")]


def chairs() -> QuerySet[User]:
    """Whoever may chair a panel."""
    return User.objects.filter(is_active=True, staff_role=StaffRole.CHAIR).order_by("full_name", "pk")


def record_for(panel: Panel, reader: Any) -> Record:
    """A frozen panel's record; for whom a conflict bars from some of it, as if that had never been before the panel.

    Such a reader gets a text with its own digest, of the same form: nothing in it says that there is more.
    """
    content = json.loads(panel.canonical)
    ids = [item["proposal"] for item in content["items"]]
    seen = {str(pk) for pk in Proposal.objects.visible_to(reader).filter(pk__in=ids).values_list("pk", flat=True)}
    if seen >= set(ids):
        return Record(panel.canonical, panel.sha256)
    text = canonical(extract(content, set(ids) - seen))
    return Record(text, sha256(text))


def record_of(panel: Panel, *, by: User, now: Any) -> Facts:
    """What is frozen: everything before the panel, whoever may see it; figures are reckoned from what stands in it."""
    items = list(panel.items.select_related("proposal__lead", "proposal__call"))
    found = results_of([item.proposal for item in items], phase=panel.phase)
    rows = {row.proposal.pk: row for row in found.rows}
    facts = {
        "format": "lunar-partners/panel-record/1",
        "panel": {
            "id": panel.pk,
            "title": panel.title,
            "call": panel.phase.call.code,
            "phase": panel.phase.title,
            "held_on": panel.held_on,
            "chair": str(panel.chair) if panel.chair else None,
            "present": panel.present,
            "minutes": panel.minutes,
            "opened_by": str(panel.made_by),
            "opened_at": panel.made_at,
        },
        "frozen": {"by": str(by), "at": now},
        "criteria": [
            {
                "key": str(criterion.pk),
                "name": criterion.name,
                "weight": criterion.weight,
                "maximum": criterion.maximum,
                "pass_minimum": criterion.pass_minimum,
            }
            for criterion in found.criteria
        ],
        "method": method(panel.phase_id, TAKES_A_PLACE),
        "items": [_item(place, item, rows[item.proposal_id]) for place, item in enumerate(items, 1)],
    }
    return with_figures(json.loads(canonical(facts)))


def _item(place: int, item: PanelItem, row: Row) -> Facts:
    proposal = item.proposal
    return {
        "place": place,
        "proposal": str(proposal.pk),
        "reference": proposal.reference,
        "title": proposal.title,
        "level": proposal.level,
        "lead": str(proposal.lead) if proposal.lead else None,
        "countries": proposal.countries,
        "mass_kg": proposal.mass_kg,
        "status": proposal.status,
        "recommends": item.recommends,
        "note": item.note,
        "missing": [{"kind": one.kind, "have": one.have, "need": one.need} for one in row.missing],
        "reviews": [_review(one) for one in row.given],
    }


def _review(given: Given) -> Facts:
    """A review by its digest, and what the figures are reckoned from; its text stays where it is frozen itself."""
    return {
        "reviewer": str(given.assignment.user_id),
        "name": str(given.assignment.user),
        "kind": given.assignment.kind,
        "points": given.points,
        "confidence": given.content["confidence"],
        "verdict": given.content["verdict"],
        "conditions": given.conditions,
        "version": given.version,
        "sha256": given.sha256,
        "submitted_at": given.at,
    }
