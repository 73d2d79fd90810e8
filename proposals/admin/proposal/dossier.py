"""Everything the page of one proposal shows, gathered in a number of statements that does not grow with it."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from proposals.audit.models import Event
from proposals.calls.states import PAYLOAD_LEVELS, CapBasis, Form, Level
from proposals.intake.models import Endorsement, Proposal, Version
from proposals.intake.queries import mass_report, pages
from proposals.intake.queries.readable import Group, changes, live, of_version
from proposals.intake.states import Scan, Status
from proposals.outbox.models import Bounce
from proposals.outbox.queries import about

EVENTS_SHOWN = 100
DOWNLOADABLE = {Scan.CLEAN, Scan.OFF}


@dataclass(frozen=True)
class Compared:
    """A mass against its cap, kg: what is tested, what it may be, and whether it is above."""

    label: str
    cbe_kg: Any
    mass_kg: Any
    cap_kg: Any
    over: bool


def dossier(proposal: Proposal, *, number: int | None) -> dict[str, Any]:
    """The page's variables; `number` chooses the version shown with its differences, the latest when None or unknown."""
    versions = list(proposal.versions.select_related("frozen_by").order_by("-number"))
    chosen = next((v for v in versions if v.number == number), versions[0] if versions else None)
    endorsement = Endorsement.objects.filter(proposal=proposal).select_related("letter").first()
    events = Event.objects.filter(subject_type="proposal", subject_id=str(proposal.pk)).order_by("-id")
    sent = list(about(proposal).defer("html", "text", "calendar").select_related("recipient"))
    return {
        "forms": [Form(form).label for form in proposal.forms],
        "level": Level(proposal.level).label,
        "masses": masses(proposal),
        "cap_on_cbe": proposal.call.cap_basis == CapBasis.CBE,
        "organisations": _organisations(proposal),
        "team": list(proposal.team.select_related("user", "organisation")),
        "endorsement": endorsement,
        "files": [(file, file.scan in DOWNLOADABLE) for file in proposal.attachments.select_related("uploaded_by")],
        "versions": versions,
        "version": chosen,
        "changes": changes(chosen) if chosen else [],
        "sheet": _sheet(proposal, chosen),
        "sent": sent,
        "came_back": list(Bounce.objects.last_of(message.address for message in sent).values()),
        "questions": list(proposal.clarifications.select_related("asked_by", "answered_by")),
        "moves": _timeline(proposal),
        "notes": list(proposal.notes.select_related("by")),
        "events": list(events[:EVENTS_SHOWN]),
    }


def masses(proposal: Proposal) -> list[Compared]:
    """Each module against the cap for one, and all of them against the lander's; none at mission level."""
    if proposal.level not in PAYLOAD_LEVELS:
        return []
    report, call = mass_report(proposal), proposal.call
    over = {excess.module for excess in report.excesses}
    found = [
        Compared(str(module), budget.cbe_kg, budget.mass_kg, call.module_mass_kg, number in over)
        for number, (module, budget) in enumerate(report.modules, 1)
    ]
    if found:
        found.append(Compared(_("In all"), report.total.cbe_kg, report.total.mass_kg, call.total_mass_kg, None in over))
    return found


def _organisations(proposal: Proposal) -> list[tuple[Any, str, Any]]:
    """The lead and the partners: organisation, role, share in %."""
    lead: list[tuple[Any, str, Any]] = [(proposal.lead, _("lead"), None)] if proposal.lead else []
    partners = proposal.participations.select_related("organisation")
    return [*lead, *((p.organisation, p.role or _("partner"), p.share_percent) for p in partners)]


def _sheet(proposal: Proposal, version: Version | None) -> list[Group]:
    """What was frozen; a draft that the secretariat files has only its present content."""
    return of_version(version) if version else live(proposal, pages(proposal))


def _timeline(proposal: Proposal) -> list[dict[str, Any]]:
    moves = list(proposal.moves.all())
    begun = {"title": _("Begun"), "at": proposal.created_at, "by": str(proposal.created_by), "state": "past"}
    return [
        begun,
        *(
            {
                "title": Status(move.now).label,
                "at": move.at,
                "by": move.by_label,
                "note": move.note,
                "state": "current" if move is moves[-1] else "past",
            }
            for move in moves
        ),
    ]
