"""A partner organisation's part of a proposal in words: line by line what its signature stands for."""

from typing import Any

from django.utils.translation import gettext as _

from proposals.calls.states import Form, Level
from proposals.intake.calculations.signing import part_of
from proposals.intake.models import Proposal
from proposals.intake.queries.readable import figure
from proposals.intake.states import TeamRole
from proposals.partners.models import Organisation


def part_in_words(proposal: Proposal, document: dict[str, Any], organisation: Organisation) -> list[tuple[str, str]]:
    """Label and value of everything in the organisation's part; "" for what was not given; nothing where it takes no part."""
    part = part_of(document, organisation.pk)
    if part is None:
        return []
    levels, forms, roles = dict(Level.choices), dict(Form.choices), dict(TeamRole.choices)
    lines = [
        (_("Organisation"), organisation.name),
        (_("Lead organisation"), str(proposal.lead or "")),
        (_("Call and phase"), f"{proposal.call.title} · {proposal.phase.title}"),
        (_("Level"), str(levels.get(part["level"], part["level"]))),
    ]
    if part["forms"]:
        lines.append((_("Forms of cooperation"), "; ".join(str(forms.get(one, one)) for one in part["forms"])))
    lines += [
        (_("Role in the project"), part["role"]),
        (_("Share"), figure(part["share_percent"], "%") if part["share_percent"] is not None else ""),
        (_("Cost of the whole"), _cost(part)),
    ]
    people = [", ".join(filter(None, (one["full_name"], one["native_name"], one["email"]))) for one in part["people"]]
    named = [f"{who} ({roles.get(one['role'], one['role'])})" for who, one in zip(people, part["people"], strict=True)]
    return [*lines, (_("People of the organisation"), "\n".join(named))]


def _cost(part: dict[str, Any]) -> str:
    return figure(part["cost_amount"], part["cost_currency"]) if part["cost_amount"] is not None else ""
