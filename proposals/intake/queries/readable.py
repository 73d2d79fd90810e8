"""A proposal's document in words: one line for each thing typed, with its label and unit; live or frozen alike."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries import countries

from proposals.audit.calculations import canonical
from proposals.calls.states import Form, Level
from proposals.intake.calculations.numbers import write_number
from proposals.intake.calculations.sections import SECTIONS, Label, unit_of
from proposals.intake.models import Endorsement, MassElement, MissionSheet, Module, Proposal, Version
from proposals.intake.queries.completeness import label_of
from proposals.intake.queries.content import content, frozen
from proposals.intake.queries.masses import MassReport
from proposals.intake.states import AttachmentKind, ElementKind, TeamRole

Document = dict[str, Any]
ENDORSED = ("agency", "signatory", "signatory_title", "signed_on", "letter_sha256")


@dataclass(frozen=True)
class Line:
    """One thing: where it stands in the document, what it is called, what was typed; "" for nothing."""

    key: tuple[str, ...]
    label: str
    value: str
    is_missing: bool = False


@dataclass
class Group:
    """The lines of one page of the form; `key` is the page's, "" for what was chosen at the start."""

    key: str
    title: Label
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True)
class Changed:
    """A line that differs between two versions, as it was and as it is; "" where there was nothing."""

    label: str
    before: str
    after: str


def live(
    proposal: Proposal, asked: dict[str, dict[str, bool]], report: MassReport | None = None, document: Document | None = None
) -> list[Group]:
    """What a proposal says now, page by page, empty answers too; required ones that are empty are missing.

    `document` is its content where the caller has it at hand, as one who signs it must.
    """
    return _groups(json.loads(canonical(document or content(proposal, report))), asked)


def of_version(version: Version) -> list[Group]:
    """What a version says, page by page, without empty answers."""
    return _groups(frozen(version), None)


def changes(version: Version) -> list[tuple[Label, list[Changed]]]:
    """What changed since the version before, page by page, in words; nothing for the first."""
    earlier = Version.objects.filter(proposal=version.proposal_id, number__lt=version.number).order_by("-number").first()
    if earlier is None:
        return []
    was, now = ({group.key: group.lines for group in of_version(one)} for one in (earlier, version))
    pages: list[Any] = [START, *SECTIONS]
    found = [(page.title, _compare(was.get(page.key, []), now.get(page.key, []))) for page in pages]
    return [(title, lines) for title, lines in found if lines]


def _compare(was: list[Line], now: list[Line]) -> list[Changed]:
    before, after = ({line.key: line for line in lines} for lines in (was, now))
    keys = [*after, *(key for key in before if key not in after)]
    pairs = [(before.get(key), after.get(key)) for key in keys]
    return [
        Changed((new or old).label, old.value if old else "", new.value if new else "")  # type: ignore[union-attr]
        for old, new in pairs
        if (old.value if old else "") != (new.value if new else "")
    ]


START = Group("", gettext_lazy("Call, level and forms"))


def _groups(document: Document, asked: dict[str, dict[str, bool]] | None) -> list[Group]:
    found = [Group("", START.title, list(_start(document)))]
    for section in SECTIONS:
        fields = dict.fromkeys(section.fields, False) if asked is None else asked.get(section.key, {})
        lines = [line for name, required in fields.items() for line in _lines(document, name, required=required)]
        if asked is None:
            lines = [line for line in lines if line.value]
        if lines or (asked is not None and section.key in asked):
            found.append(Group(section.key, section.title, list({line.key: line for line in lines}.values())))
    return found


def _start(document: Document) -> Iterator[Line]:
    yield Line(("call",), _("Call"), document["call"])
    yield Line(("level",), _("Level"), str(dict(Level.choices).get(document["level"], document["level"])))
    if document["forms"]:
        names = dict(Form.choices)
        yield Line(("forms",), _("Forms of cooperation"), "; ".join(str(names.get(one, one)) for one in document["forms"]))


def _lines(document: Document, name: str, *, required: bool) -> Iterable[Line]:
    """The lines that answer one field of the catalogue."""
    several = {
        "participations": _partners,
        "pi": _team,
        "contacts": _team,
        "modules": _masses,
        "questions": _answers,
        "endorsement": _endorsement,
        "attachments": _files,
    }
    if name in several:
        return several[name](document) or ([Line((name,), _none_of(name), "", required)] if required else [])
    if name.startswith("module."):
        return _of_modules(document, name, required=required)
    if name == "lead":
        value = _organisation(document["lead"]) if document["lead"] else ""
    elif name == "aims":
        value = "; ".join(document["aims"])
    else:
        sheet = document["mission"] if name.startswith("mission.") else document["fields"]
        value = _say(name, sheet.get(name.rpartition(".")[2]))
    return [Line((name,), str(label_of(name)), value, required and not value)]


def _none_of(name: str) -> str:
    labels = {
        "pi": _("Principal investigator (PI)"),
        "contacts": _("Technical or administrative contact"),
        "modules": _("Masses"),
        "questions": _("Questions of this call"),
        "endorsement": _("Letter of endorsement"),
    }
    return labels.get(name, name)


def figure(value: Any, unit: Label = "") -> str:
    """A figure in plain digits with its unit: "5 W", "99.5 kg"; any other text as it is."""
    try:
        text = f"{Decimal(str(value)):f}"
    except InvalidOperation:
        text = str(value)
    else:
        text = write_number(text.rstrip("0").rstrip(".") if "." in text else text)
    return f"{text}\u00a0{unit}" if unit else text


def mass(value: Any) -> str:
    """A mass to the gram, as caps compare it: "100.000 kg"."""
    return write_number(f"{Decimal(str(value)).quantize(Decimal('0.001'))}") + "\u00a0kg"


def _say(name: str, value: Any) -> str:
    """A column's value in words, by what kind of column it is."""
    if value is None or value in ("", []) or value is False:
        return ""
    prefix, _dot, column = name.rpartition(".")
    model: Any = {"": Proposal, "module": Module, "mission": MissionSheet}[prefix]
    held: Any = model._meta.get_field(column)
    if value is True:
        return _("Yes")
    if isinstance(value, list):
        names = dict(held.base_field.flatchoices)
        return "; ".join(str(names.get(one, one)) for one in value)
    if held.flatchoices:
        return str(dict(held.flatchoices).get(value, value))
    if isinstance(held, models.DecimalField | models.IntegerField):
        return figure(value, unit_of(column))
    return str(value)


def _organisation(held: Document) -> str:
    country = countries.name(held["country"]) if held.get("country") else ""
    return f"{held['name']} ({country})" if country else str(held["name"])


def _partners(document: Document) -> list[Line]:
    lines = []
    for held in document["partners"]:
        share = figure(held["share_percent"], "%") if held.get("share_percent") is not None else ""
        told = [_organisation(held), held.get("role", ""), share]
        lines.append(Line(("partners", str(held["id"])), _("Partner organisation"), ", ".join(part for part in told if part)))
    return lines


def _team(document: Document) -> list[Line]:
    roles = dict(TeamRole.choices)
    lines = []
    for number, held in enumerate(document["team"]):
        told = [held["full_name"], held["native_name"], held["organisation"], held["email"]]
        key = ("team", held["role"], held["email"] or held["full_name"] or str(number))
        lines.append(Line(key, _capital(str(roles.get(held["role"], held["role"]))), ", ".join(part for part in told if part)))
    return lines


def _module_name(held: Document, number: int) -> str:
    return str(held.get("name") or _("Module %(n)d") % {"n": number})


def _masses(document: Document) -> list[Line]:
    """Every element with its margin, and the totals."""
    lines = []
    for number, held in enumerate(document["modules"], 1):
        module = _module_name(held, number)
        for place, element in enumerate(held["elements"], 1):
            label = _("%(module)s: %(element)s") % {"module": module, "element": element["name"]}
            lines.append(Line(("modules", str(number), "elements", f"{place}", element["name"]), label, _element(element)))
        totals = held["totals"]
        lines.append(Line(("modules", str(number), "totals"), _("%(module)s: total") % {"module": module}, _total(totals)))
    if len(document["modules"]) > 1:
        lines.append(Line(("totals",), _("All modules together"), _total(document["totals"])))
    return lines


def _element(element: Document) -> str:
    kind = str(dict(ElementKind.choices).get(element["kind"], element["kind"]))
    figures = {"kind": kind, "mass": mass(element["cbe_kg"]), "margin": figure(element["margin_percent"], "%")}
    told = _("%(kind)s, %(mass)s best estimate, margin %(margin)s") % figures
    if element["maturity"]:
        label = MassElement._meta.get_field("maturity").verbose_name
        told += f", {label} {element['maturity']}"
    return f"{told} ({element['margin_reason']})" if element["margin_reason"] else told


def _total(totals: Document) -> str:
    figures = {"mass": mass(totals["mass_kg"]), "cbe": mass(totals["cbe_kg"])}
    return _("%(mass)s with margin, %(cbe)s best estimate") % figures


def _of_modules(document: Document, name: str, *, required: bool) -> list[Line]:
    column, label = name.rpartition(".")[2], str(label_of(name))
    lines = []
    for number, held in enumerate(document["modules"], 1):
        value = _say(name, held.get(column))
        told = label
        if len(document["modules"]) > 1:
            told = _("%(module)s: %(element)s") % {"module": _module_name(held, number), "element": label}
        lines.append(Line(("modules", str(number), column), told, value, required and not value))
    return lines


def _answers(document: Document) -> list[Line]:
    return [Line(("answers", held["question"]), held["question"], held["answer"] or held["file"]) for held in document["answers"]]


def _endorsement(document: Document) -> list[Line]:
    held = document["endorsement"]
    names = {one["sha256"]: one["name"] for one in document["files"]}
    lines = []
    for column in ENDORSED:
        value = held.get(column) or ""
        held_in: Any = Endorsement._meta.get_field("letter" if column == "letter_sha256" else column)
        label = held_in.verbose_name
        if value:
            lines.append(Line(("endorsement", column), str(label), names.get(value, str(value))))
    if document["fields"].get("endorsement_later"):
        lines.append(Line(("fields", "endorsement_later"), str(label_of("endorsement_later")), _("Yes")))
    return lines


def _files(document: Document) -> list[Line]:
    kinds = dict(AttachmentKind.choices)
    return [
        Line(
            ("files", held["sha256"], held["name"]),
            _capital(str(kinds.get(held["kind"], held["kind"]))),
            f"{held['title']} ({held['name']})" if held["title"] else held["name"],
        )
        for held in document["files"]
    ]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
