"""Saving the page of modules and masses, which is more than plain fields."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Count, Max
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.calls.states import PAYLOAD_LEVELS
from proposals.intake.actions.drafts import open_section, touch
from proposals.intake.models import MassElement, Module, Proposal, Section
from proposals.intake.queries import mass_report
from proposals.intake.rules import may_edit
from proposals.partners.models import User

MODULES_AT_MOST = 20
ELEMENTS_AT_MOST = 60


@transaction.atomic
def remove_module(module: Module, *, by: User, now: datetime) -> None:
    """This will remove a module with its mass budget. Raises PermissionDenied."""
    proposal = module.proposal
    if not may_edit(by, proposal):
        raise PermissionDenied
    record("module.removed", by=by, about=proposal, name=module.name)
    module.delete()
    touch(proposal, now=now, **mass_report(proposal).facts())


@transaction.atomic
def save_masses(
    proposal: Proposal,
    *,
    budgets: Sequence[tuple[Module | None, str, Sequence[Mapping[str, Any]]]],
    revision: int,
    by: User,
    now: datetime,
) -> Section:
    """This will save the mass page: per module (None: a new one) its name and its elements, each a mapping of
    name, kind, cbe_kg (kg), maturity, margin_percent (%) and margin_reason.

    A module of the proposal that is not named keeps its budget. Raises PermissionDenied, SavedMeanwhile,
    or ValidationError for another proposal's module or too many elements.
    """
    section = open_section(proposal, key="mass", revision=revision, by=by, now=now)
    modules = [_named(proposal, held, name, lines) for held, name, lines in budgets]
    kept = [module for module in modules if module.pk is not None]
    Module.objects.bulk_update(kept, ["name"])
    MassElement.objects.filter(module__in=kept).delete()
    _append(proposal, [module for module in modules if module.pk is None])
    elements = [
        MassElement(module=module, position=number, **line)
        for module, (_held, _name, lines) in zip(modules, budgets, strict=True)
        for number, line in enumerate(lines, 1)
    ]
    for element in elements:
        element.clean_fields(exclude=["module"])
    MassElement.objects.bulk_create(elements)
    touch(proposal, now=now, **mass_report(proposal).facts())
    return section


def _named(proposal: Proposal, held: Module | None, name: str, lines: Sequence[Mapping[str, Any]]) -> Module:
    """The module under its name, as it can be saved; a new one for None."""
    if len(lines) > ELEMENTS_AT_MOST:
        raise ValidationError(_("A module has at most %(limit)d elements.") % {"limit": ELEMENTS_AT_MOST})
    if proposal.level not in PAYLOAD_LEVELS or (held is not None and held.proposal_id != proposal.pk):
        raise PermissionDenied
    module = held or Module(proposal=proposal)
    module.name = name
    module.clean_fields(exclude=[field.name for field in Module._meta.fields if field.name != "name"])
    return module


def _append(proposal: Proposal, modules: Sequence[Module]) -> None:
    """Add modules after the last one; the proposal is locked, so that no two get one place."""
    if not modules:
        return
    Proposal.objects.select_for_update().only("pk").get(pk=proposal.pk)
    places = proposal.modules.aggregate(held=Count("pk"), last=Max("position"))
    if places["held"] + len(modules) > MODULES_AT_MOST:
        raise ValidationError(_("A proposal has at most %(limit)d modules.") % {"limit": MODULES_AT_MOST})
    for place, module in enumerate(modules, (places["last"] or 0) + 1):
        module.position = place
    Module.objects.bulk_create(modules)
