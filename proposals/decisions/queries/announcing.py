"""What could be announced, and the public entry that each would get."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from proposals.calls.models import AnnouncedProject
from proposals.decisions.models import Announcement
from proposals.intake.models import Participation, Proposal
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


def announcements_for(user: Any) -> QuerySet[Announcement]:
    """What was announced of the proposals that this reader may know of."""
    return Announcement.objects.filter(proposal__in=Proposal.objects.visible_to(user))


def bodies_of(proposals: Sequence[Proposal]) -> dict[Any, list[Organisation]]:
    """The organisations of each project, its lead first, by the project's id; those of merged proposals are among them.

    One statement.
    """
    found: dict[Any, list[Organisation]] = {one.pk: [one.lead] if one.lead else [] for one in proposals}
    for row in Participation.objects.filter(proposal__in=proposals).select_related("organisation").order_by("position", "pk"):
        found[row.proposal_id].append(row.organisation)
    return found


def entries_of(proposals: Sequence[Proposal]) -> list[Entry]:
    """The entries as the proposals give them; or, of those announced before, as the public page has them. Three statements."""
    held = {row.proposal_id: row.project for row in Announcement.objects.filter(proposal__in=proposals).select_related("project")}
    bodies = bodies_of(proposals)
    return [_as_announced(one, held[one.pk]) if one.pk in held else _as_proposed(one, bodies[one.pk]) for one in proposals]


def entry_of(proposal: Proposal) -> Entry:
    """The entry of one project."""
    return entries_of([proposal])[0]


def _as_announced(proposal: Proposal, project: AnnouncedProject) -> Entry:
    codes = tuple(country.code for country in project.countries)
    return Entry(proposal, project.title, project.organisations, codes, project.mass_kg)


def _as_proposed(proposal: Proposal, bodies: Sequence[Organisation]) -> Entry:
    names = ", ".join(body.name for body in bodies)[:500]
    countries = tuple(dict.fromkeys(str(body.country) for body in bodies if body.country))
    return Entry(proposal, proposal.title, names, countries, proposal.mass_kg)


def project_of(proposal: Proposal) -> AnnouncedProject | None:
    """The line of the public page about this project, if it was announced."""
    held = Announcement.objects.filter(proposal=proposal).select_related("project").first()
    return held.project if held else None
