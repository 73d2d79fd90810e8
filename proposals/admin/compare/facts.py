"""What a comparison says of each proposal: the facts that decide on top, the same unit in each row, differences marked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from django_countries import countries

from proposals.calls.states import PAYLOAD_LEVELS, CapBasis, Form
from proposals.intake.calculations.sections import BY_KEY
from proposals.intake.models import Proposal
from proposals.intake.queries.completeness import label_of
from proposals.intake.queries.readable import Line
from proposals.intake.states import Status
from proposals.review.models import PanelItem
from proposals.review.queries.results import Results, Row
from proposals.web.plots import number
from proposals.web.templatetags.lunar import plain
from proposals.web.templatetags.triage import level_word

NOTHING = "–"


@dataclass(frozen=True)
class Cell:
    """What one proposal says to one fact: words, and a tone where it is good or bad news."""

    text: str
    tone: str = ""


@dataclass(frozen=True)
class Fact:
    """One row of the comparison."""

    label: str
    cells: list[Cell]

    @property
    def differs(self) -> bool:
        """Whether not all say the same."""
        return len({cell.text for cell in self.cells}) > 1


@dataclass(frozen=True)
class Side:
    """One proposal with all that its column is made of; `lines` are its data sheets, by what each answers."""

    proposal: Proposal
    document: dict[str, Any]
    lines: dict[tuple[str, ...], list[Line]]
    found: Results
    row: Row | None
    item: PanelItem | None


Says = Callable[[Side], Cell | str]


def comparison(sides: Sequence[Side]) -> list[tuple[str, list[Fact]]]:
    """The tables: what decides, what reviewers found, and all that the data sheets say."""

    def fact(label: str, say: Says) -> Fact:
        said = [say(side) for side in sides]
        return Fact(label, [cell if isinstance(cell, Cell) else Cell(cell or NOTHING) for cell in said])

    deciding = [fact(label, say) for label, say in _deciding()]
    judged = [fact(label, say) for label, say in _judged()]
    names = dict.fromkeys(criterion.name for side in sides for criterion in side.found.criteria)
    judged += [fact(name, partial(_criterion, name)) for name in names]
    return [(_("What decides"), deciding), (_("What reviewers found"), judged), (_("Data sheets"), _sheets(sides))]


def _sheets(sides: Sequence[Side]) -> list[Fact]:
    """Every answer of the data sheets, the one beside the other."""
    keys = dict.fromkeys(key for side in sides for key in side.lines)
    facts = []
    for key in keys:
        label = _label(key, [side.lines[key] for side in sides if key in side.lines])
        facts.append(Fact(label[:1].upper() + label[1:], [_said(side.lines.get(key, [])) for side in sides]))
    return facts


def _label(key: tuple[str, ...], given: Sequence[Sequence[Line]]) -> str:
    """What a row of the data sheets is called: never after what stands in one proposal alone."""
    section, *answers = key
    if given[0][0].key[0] == "modules":
        budget = {"elements": _("Mass budget"), "totals": _("Mass of each module")}
        return budget.get(answers[0]) or str(label_of(f"module.{answers[0]}"))
    if section and any(len(lines) > 1 for lines in given):
        return str(BY_KEY[section].title)
    return given[0][0].label


def _said(lines: Sequence[Line]) -> Cell:
    if len(lines) == 1:
        return Cell(lines[0].value or NOTHING)
    return Cell("\n".join(f"{line.label}: {line.value}" for line in lines) or NOTHING)


def _figure(value: Decimal | float | None, unit: str, places: int | None = None) -> str:
    """A figure with its unit, every column with as many places; "" for none."""
    if value is None:
        return ""
    shown = plain(Decimal(str(value))) if places is None else Decimal(f"{value:.{places}f}")
    return f"{number(shown or 0)}\u00a0{unit}".strip()


def _mass(side: Side) -> Cell:
    proposal, call = side.proposal, side.proposal.call
    held = proposal.mass_cbe_kg if call.cap_basis == CapBasis.CBE else proposal.mass_kg
    return _against(proposal.mass_kg, held, call.total_mass_kg, side)


def _module(side: Side) -> Cell:
    """Of single modules only the mass with margin is kept: a cap on the best estimate is shown and not judged."""
    shown, call = side.proposal.largest_module_kg, side.proposal.call
    return _against(shown, None if call.cap_basis == CapBasis.CBE else shown, call.module_mass_kg, side)


def _against(shown: Decimal | None, held: Decimal | None, cap: Decimal | None, side: Side) -> Cell:
    """A mass to the gram, and how it stands to its cap."""
    if shown is None or side.proposal.level not in PAYLOAD_LEVELS:
        return Cell(NOTHING)
    if cap is None:
        return Cell(_figure(shown, "kg", 3))
    words = {"mass": _figure(shown, "kg", 3), "cap": _figure(cap, "kg", 3)}
    if held is None:
        return Cell(_("%(mass)s; the cap is %(cap)s") % words)
    if held > cap:
        return Cell(_("%(mass)s, over the cap of %(cap)s") % words, "bad")
    return Cell(_("%(mass)s, within the cap of %(cap)s") % words, "good")


def _sum(column: str, unit: str) -> Callable[[Side], str]:
    """All modules together, of what was submitted last."""

    def say(side: Side) -> str:
        values = [Decimal(str(one[column])) for one in side.document["modules"] if one.get(column) not in (None, "")]
        return _figure(sum(values, start=Decimal(0)), unit) if values else ""

    return say


def _verdicts(side: Side) -> Cell:
    """The verdicts of accommodation, the worst deciding the tone."""
    given = [one.verdict for one in side.row.verdicts if one.verdict] if side.row else []
    tones = {"no": "bad", "conditions": "warn", "yes": "good"}
    worst = next((tone for verdict, tone in tones.items() if verdict in given), "")
    return Cell("; ".join(str(verdict.label) for verdict in given) or NOTHING, worst)


def _rank(side: Side) -> str:
    standing = side.row.standing if side.row else None
    if standing is None or standing.rank is None:
        return ""
    if standing.low is None or standing.high is None:
        return number(standing.rank)
    figures = {"rank": number(standing.rank), "low": number(standing.low), "high": number(standing.high)}
    return _("%(rank)s, between %(low)s and %(high)s") % figures


def _failed(side: Side) -> Cell:
    if side.row is None or side.row.standing.percent is None:
        return Cell(NOTHING)
    names = {str(criterion.pk): criterion.name for criterion in side.found.criteria}
    below = [names[key] for key in side.row.standing.failed]
    return Cell("; ".join(below), "bad") if below else Cell(_("none"), "good")


def _criterion(name: str, side: Side) -> str:
    """The mean of one criterion in points, of how many."""
    criterion = next((one for one in side.found.criteria if one.name == name), None)
    points = side.row.standing.points.get(str(criterion.pk)) if side.row and criterion else None
    if criterion is None or points is None:
        return ""
    return _("%(points)s of %(maximum)s") % {"points": _figure(points, "", 2), "maximum": _figure(criterion.maximum, "")}


def _deciding() -> list[tuple[str, Says]]:
    """The facts on top, in words of the reader's language."""
    return [
        (_("State"), lambda side: side.proposal.get_status_display()),
        (_("Level"), lambda side: level_word(side.proposal.level)),
        (_("Forms of cooperation"), lambda side: "; ".join(str(Form(form).label) for form in side.proposal.forms)),
        (_("Lead organisation"), lambda side: str(side.proposal.lead or "")),
        (_("Countries or regions"), lambda side: ", ".join(countries.name(code) or code for code in side.proposal.countries)),
        (_("Mass with margin, all modules"), _mass),
        (_("Largest module, with margin"), _module),
        (_("Average power, all modules"), _sum("power_average_w", "W")),
        (_("Peak power, all modules"), _sum("power_peak_w", "W")),
        (_("Data, all modules"), _sum("data_mbit_day", "Mbit/day")),
        (_("Technology readiness level (TRL) now"), lambda side: str(side.proposal.trl or "")),
        (_("Planned date of TRL 6"), lambda side: f"{side.proposal.trl6_on:%Y-%m-%d}" if side.proposal.trl6_on else ""),
        (_("Endorsed"), lambda side: Cell(_("yes"), "good") if side.proposal.has_endorsement else Cell(_("no"), "warn")),
        (_("Late"), lambda side: Cell(_("yes"), "warn") if side.proposal.is_late else Cell(_("no"))),
    ]


def _judged() -> list[tuple[str, Says]]:
    """What reviewers and the panel said."""
    return [
        (_("Accommodation"), _verdicts),
        (_("Conditions"), lambda side: "\n".join(one.conditions for one in side.row.verdicts) if side.row else ""),
        (_("Score less leans"), lambda side: _figure(side.row.standing.score, "%", 2) if side.row else ""),
        (_("Weighted mean"), lambda side: _figure(side.row.standing.percent, "%", 2) if side.row else ""),
        (_("Rank in its phase, and between which ranks"), _rank),
        (_("Spread"), lambda side: _figure(side.row.standing.spread, "%", 2) if side.row else ""),
        (_("Reviews"), lambda side: number(side.row.standing.reviews) if side.row else ""),
        (_("Reviews missing"), _missing),
        (_("Below the pass minimum"), _failed),
        (_("The panel recommends"), _recommended),
    ]


def _missing(side: Side) -> Cell:
    if side.row is None:
        return Cell(NOTHING)
    words = [
        _("%(kind)s: %(have)d of %(need)d") % {"kind": m.kind.label, "have": m.have, "need": m.need} for m in side.row.missing
    ]
    return Cell("; ".join(words), "warn") if words else Cell(_("none"), "good")


def _recommended(side: Side) -> str:
    return str(Status(side.item.recommends).label) if side.item and side.item.recommends else ""
