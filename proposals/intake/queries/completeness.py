"""What the phase asks of a proposal, what is still missing, and how far each page has come."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from proposals.calls.models import Phase, Topic
from proposals.calls.states import PAYLOAD_LEVELS, TopicKind
from proposals.intake.calculations.sections import BY_KEY, SPECIAL, Label, Section, asked_of
from proposals.intake.models import Endorsement, MissionSheet, Module, Proposal, TeamMember
from proposals.intake.models import Section as SavedSection
from proposals.intake.queries.at_hand import PROPOSAL
from proposals.intake.queries.masses import MassReport, mass_report
from proposals.intake.states import Status, TeamRole
from proposals.partners.gateways import Compiled

CONTACTS = {TeamRole.TECHNICAL, TeamRole.ADMINISTRATIVE}
_SAVED = Compiled(lambda: SavedSection.objects.filter(proposal=PROPOSAL).select_related("saved_by"))


@dataclass(frozen=True)
class Gap:
    """Something to do before submission: on which page, at which field, in words."""

    section: str
    field: str
    message: str


@dataclass
class Row:
    """A line of the task list: a page, how far it is (done, started, todo), what is missing, who saved it."""

    section: Section
    state: str
    gaps: list[Gap] = field(default_factory=list)
    saved: SavedSection | None = None
    added: "Added | None" = None


@dataclass(frozen=True)
class Added:
    """What a phase asks on one page beyond the phase before: the whole page, or these fields by name."""

    is_whole: bool
    labels: list[Label]


def pages(proposal: Proposal) -> dict[str, dict[str, bool]]:
    """Per page key, the fields this phase asks and whether each is required. Two queries, none after `proposal_for`."""
    return _pages(proposal.phase, proposal)


def added_by_phase(proposal: Proposal, asked: dict[str, dict[str, bool]]) -> dict[str, Added]:
    """Per page key, what a draft in a later phase is asked that its earlier phase did not ask. Three queries, none in a first."""
    if proposal.status != Status.DRAFT or proposal.submitted_at is None:
        return {}
    before = Phase.objects.filter(call=proposal.call_id, position__lt=proposal.phase.position).order_by("-position").first()
    if before is None:
        return {}
    earlier = _pages(before, proposal)
    found = {}
    for key, fields in asked.items():
        new = [name for name in fields if name not in earlier.get(key, {})]
        if new:
            labels = [] if key not in earlier else [label_of(name) for name in new if name not in SPECIAL]
            found[key] = Added(key not in earlier, labels)
    if "questions" in asked:  # each phase has questions of its own
        found["questions"] = Added(is_whole=True, labels=[])
    return found


def _pages(phase: Phase, proposal: Proposal) -> dict[str, dict[str, bool]]:
    """The pages that a phase asks of a proposal of this level and these forms."""
    asked, question_levels = getattr(phase, "asks", None) or _asks(phase)
    found = asked_of(asked, proposal.level, proposal.forms)
    if phase.needs_endorsement:
        found["endorsement"] = {"endorsement": True}
    if proposal.level in question_levels:
        found["questions"] = {"questions": True}
    else:
        found.pop("questions", None)
    return {key: found[key] for key in BY_KEY if key in found}


def _asks(phase: Phase) -> tuple[dict[str, bool], set[str]]:
    """The fields a phase asks, and whether each is required; and the levels that have questions of the call's own."""
    levels = phase.questions.values_list("levels", flat=True)
    return dict(phase.asked.values_list("field", "required")), {level for several in levels for level in several}


def label_of(name: str) -> Label:
    """The label of a field as the form prints it."""
    prefix, _dot, column = name.rpartition(".")
    model: Any = {"": Proposal, "module": Module, "mission": MissionSheet}[prefix]
    labels: Label = model._meta.get_field(column).verbose_name
    return labels


def _says(name: str) -> str:
    return _("“%(field)s” is missing.") % {"field": label_of(name)}


def _says_of(module: Module, name: str) -> str:
    return _("%(module)s: “%(field)s” is missing.") % {"module": module, "field": label_of(name)}


def missing_roles(roles: Iterable[str]) -> dict[str, str]:
    """Who must still be named, given the roles that a team has."""
    missing, present = {}, set(roles)
    if TeamRole.PI not in present:
        missing["pi"] = _("Name the principal investigator (PI).")
    if not present & CONTACTS:
        missing["contacts"] = _("Name a technical or an administrative contact.")
    return missing


# What is there of what several rows answer: aims chosen, aims to choose from, the team's roles, a letter of endorsement.
_THERE = Compiled(
    lambda: Proposal.objects.filter(pk=PROPOSAL).values_list(
        Exists(Proposal.aims.through.objects.filter(proposal=OuterRef("pk"))),
        Exists(Topic.objects.filter(call=OuterRef("call"), kind=TopicKind.AIM)),
        ArraySubquery(TeamMember.objects.filter(proposal=OuterRef("pk")).values("role")),
        Exists(Endorsement.objects.filter(proposal=OuterRef("pk"), letter__isnull=False)),
    )
)


def _special(proposal: Proposal, report: MassReport) -> dict[str, str]:
    """What is missing in the fields that several rows answer. One query."""
    missing: dict[str, str] = {}
    has_aims, call_has_aims, roles, has_letter = _THERE(proposal=proposal.pk)[0]
    if proposal.lead_id is None:
        missing["lead"] = _("Choose the lead organisation.")
    if not has_aims and call_has_aims:
        missing["aims"] = _("Choose at least one aim of the call.")
    missing |= missing_roles(roles)
    if not proposal.endorsement_later and not has_letter:
        missing["endorsement"] = _("Add the signed letter of endorsement, or say that it will follow later.")
    if proposal.level in PAYLOAD_LEVELS and not any(module.elements.all() for module, _budget in report.modules):
        missing["modules"] = _("Enter the mass of at least one element.")
    return missing


def _questions(proposal: Proposal) -> list[Gap]:
    answered = {answer.question_id for answer in proposal.answers.all() if answer.value.strip() or answer.file_id is not None}
    required = proposal.phase.questions.filter(required=True, levels__contains=[proposal.level])
    return [
        Gap("questions", f"question-{question.pk}", _("Answer the question: %(label)s") % {"label": question.label})
        for question in required
        if question.pk not in answered
    ]


def _empty(value: Any) -> bool:
    return value is None or value in ("", []) or value is False


def _plain_gaps(proposal: Proposal, key: str, name: str, report: MassReport, mission: MissionSheet | None) -> list[Gap]:
    """The gaps of a field that is a column: of the proposal, of the mission sheet, or of each module."""
    prefix, _dot, column = name.rpartition(".")
    if prefix == "module":
        return [
            Gap(key, f"module-{module.pk}-{column}", _says_of(module, name))
            for module, _budget in report.modules
            if _empty(getattr(module, column))
        ]
    thing: Any = proposal if not prefix else mission
    if thing is None or _empty(getattr(thing, column)):
        return [Gap(key, column, _says(name))]
    return []


def gaps(proposal: Proposal, asked: dict[str, dict[str, bool]] | None = None, report: MassReport | None = None) -> list[Gap]:
    """Everything that stands between this draft and its submission, in the order of the pages.

    `asked` (of `pages`) and `report` (of `mass_report`) are asked for where the caller has them not at hand.
    """
    asked = asked if asked is not None else pages(proposal)
    report = report or mass_report(proposal)
    special = _special(proposal, report)
    mission = MissionSheet.objects.filter(proposal=proposal).first() if "craft" in asked else None
    found: list[Gap] = []
    for key, fields in asked.items():
        if key == "questions":
            found += _questions(proposal)
            continue
        for name, required in fields.items():
            if not required or name in {"attachments", "participations"}:
                continue
            if name in special or name in {"lead", "aims", "pi", "contacts", "endorsement", "modules"}:
                found += [Gap(key, name, special[name])] if name in special else []
            else:
                found += _plain_gaps(proposal, key, name, report, mission)
        if key == "mass" and report.blocks:
            found += [Gap(key, "modules", sentence) for sentence in report.sentences()]
    return found


def task_list(proposal: Proposal) -> list[Row]:
    """One row a page: done, started, or to do; a constant number of queries."""
    asked = pages(proposal)
    missing = gaps(proposal, asked)
    saved = {row.key: row for row in _SAVED(proposal=proposal.pk)}
    added = added_by_phase(proposal, asked)
    rows = []
    for key in asked:
        mine = [gap for gap in missing if gap.section == key]
        begun = key in saved
        optional = not any(asked[key].values()) if key not in {"questions", "files"} else True
        state = "done" if not mine and (begun or not optional) else "started" if begun else "todo"
        if not mine and optional and not begun:
            state = "optional"
        rows.append(Row(BY_KEY[key], state, mine, saved.get(key), added.get(key)))
    return rows
