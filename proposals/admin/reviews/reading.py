"""What a reviewer reads: the version that was submitted, its masses against the caps, its files; nothing of what came later."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from proposals.admin.proposal.dossier import DOWNLOADABLE, Compared
from proposals.calls.models import Call
from proposals.calls.states import PAYLOAD_LEVELS, CapBasis, Form, Level
from proposals.intake.models import Attachment, Version
from proposals.intake.queries.content import frozen
from proposals.intake.queries.readable import of_version


def reading(version: Version | None, call: Call) -> dict[str, Any]:
    """The page's variables for reading; nothing to read where nothing was submitted in this phase."""
    if version is None:
        return {"version": None}
    document = frozen(version)
    return {
        "version": version,
        "heading": document["fields"].get("title", ""),
        "acronym": document["fields"].get("acronym", ""),
        "level": Level(document["level"]).label,
        "forms": [Form(form).label for form in document["forms"]],
        "lead": document["lead"],
        "countries": _countries(document),
        "masses": masses(document, call),
        "cap_on_cbe": call.cap_basis == CapBasis.CBE,
        "sheet": of_version(version),
        "files": _files(version, document),
    }


def masses(document: dict[str, Any], call: Call) -> list[Compared]:
    """Each frozen module against the cap for one, and all of them against the lander's, kg; none at mission level."""
    if document["level"] not in PAYLOAD_LEVELS or not document["modules"]:
        return []
    rows = [
        (str(held.get("name") or _("Module %(n)d") % {"n": number}), held["totals"], call.module_mass_kg)
        for number, held in enumerate(document["modules"], 1)
    ]
    rows.append((_("In all"), document["totals"], call.total_mass_kg))
    return [_compared(label, totals, cap, on_cbe=call.cap_basis == CapBasis.CBE) for label, totals, cap in rows]


def _compared(label: str, totals: dict[str, str], cap: Decimal | None, *, on_cbe: bool) -> Compared:
    cbe, mass = Decimal(totals["cbe_kg"]), Decimal(totals["mass_kg"])
    return Compared(label, cbe, mass, cap, cap is not None and (cbe if on_cbe else mass) > cap)


def _countries(document: dict[str, Any]) -> list[str]:
    organisations = [document["lead"], *document["partners"]]
    return sorted({held["country"] for held in organisations if held and held.get("country")})


def _files(version: Version, document: dict[str, Any]) -> list[tuple[str, Attachment | None, bool]]:
    """The files that were submitted with this version: (what it is called, the file, whether it may be fetched)."""
    kept = {file.sha256: file for file in Attachment.objects.filter(proposal=version.proposal_id)}
    found = []
    for held in document["files"]:
        file = kept.get(held["sha256"])
        found.append((held["title"] or held["name"], file, file is not None and file.scan in DOWNLOADABLE))
    return found
