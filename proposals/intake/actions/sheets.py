"""Saving the page of modules and masses, which is more than plain fields."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.calls.states import PAYLOAD_LEVELS
from proposals.intake.actions.drafts import open_section, touch
from proposals.intake.models import MassElement, Module, Proposal, Section
from proposals.intake.rules import may_edit
from proposals.partners.models import User

MODULES_AT_MOST = 20
ELEMENTS_AT_MOST = 60


@transaction.atomic
def add_module(proposal: Proposal, *, name: str = "", by: User, now: datetime) -> Module:
    """This will add one more module. Raises PermissionDenied, or ValidationError above 20 modules."""
    if not may_edit(by, proposal) or proposal.level not in PAYLOAD_LEVELS:
        raise PermissionDenied
    Proposal.objects.select_for_update().get(pk=proposal.pk)
    if proposal.modules.count() >= MODULES_AT_MOST:
        raise ValidationError(_("A proposal has at most %(limit)d modules.") % {"limit": MODULES_AT_MOST})
    last: int = proposal.modules.aggregate(last=Max("position"))["last"] or 0
    module = Module.objects.create(proposal=proposal, position=last + 1, name=name)
    touch(proposal, now=now)
    return module


@transaction.atomic
def remove_module(module: Module, *, by: User, now: datetime) -> None:
    """This will remove a module with its mass budget. Raises PermissionDenied."""
    proposal = module.proposal
    if not may_edit(by, proposal):
        raise PermissionDenied
    record("module.removed", by=by, about=proposal, name=module.name)
    module.delete()
    touch(proposal, now=now)


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
    for module, name, lines in budgets:
        if len(lines) > ELEMENTS_AT_MOST:
            raise ValidationError(_("A module has at most %(limit)d elements.") % {"limit": ELEMENTS_AT_MOST})
        if module is not None and module.proposal_id != proposal.pk:
            raise PermissionDenied
        kept = module or add_module(proposal, name=name, by=by, now=now)
        kept.name = name
        kept.full_clean(exclude=["proposal"], validate_unique=False)
        kept.save(update_fields=["name"])
        elements = [MassElement(module=kept, position=number, **line) for number, line in enumerate(lines, 1)]
        for element in elements:
            element.clean_fields(exclude=["module"])
        kept.elements.all().delete()
        MassElement.objects.bulk_create(elements)
    touch(proposal, now=now)
    return section
