"""What could be announced, and the public entry that each would get."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from proposals.calls.models import AnnouncedProject
from proposals.decisions.models import Announcement, Merge
from proposals.intake.models import Proposal
from proposals.intake.states import MOVES, Status
from proposals.partners.models import Organisation

ANNOUNCEABLE = sorted(status for status in Status if Status.ANNOUNCED in MOVES[status])


@dataclass(frozen=True)
class Entry:
    """The public entry of one project; mass in kg, None where none is published."""

    proposal: Proposal
    title: str
    organisations: str
    countries: tuple[str, ...]
    mass_kg: Decimal | None


def announceable(user: Any) -> QuerySet[Proposal]:
    """What this reader knows of and could be announced now, by call and reference."""
    found = Proposal.objects.visible_to(user).filter(status__in=ANNOUNCEABLE)
    return found.select_related("call", "phase", "lead").order_by("call_id", "reference")


def bodies_of(proposal: Proposal) -> list[Organisation]:
    """The organisations of a project, its lead first, then its partners, then those of the proposals merged into it."""
    parents = [merge.parent for merge in Merge.objects.filter(into=proposal).select_related("parent__lead")]
    found: dict[int, Organisation] = {}
    for one in (proposal, *parents):
        bodies = [one.lead] if one.lead else []
        bodies += [row.organisation for row in one.participations.select_related("organisation")]
        found |= {body.pk: body for body in bodies if body.pk not in found}
    return list(found.values())


def entry_of(proposal: Proposal) -> Entry:
    """The entry as the proposal gives it; or, where it was announced before, as the public page has it."""
    held = project_of(proposal)
    if held is not None:
        codes = tuple(country.code for country in held.countries)
        return Entry(proposal, held.title, held.organisations, codes, held.mass_kg)
    bodies = bodies_of(proposal)
    names = ", ".join(body.name for body in bodies)[:500]
    countries = tuple(dict.fromkeys(str(body.country) for body in bodies if body.country))
    return Entry(proposal, proposal.title, names, countries, proposal.mass_kg)


def project_of(proposal: Proposal) -> AnnouncedProject | None:
    """The line of the public page about this project, if it was announced."""
    held = Announcement.objects.filter(proposal=proposal).select_related("project").first()
    return held.project if held else None
