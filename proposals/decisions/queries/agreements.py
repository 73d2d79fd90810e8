"""An agreement with its checklist as both sides read it, and the conditions that a selection depends on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext

from proposals.decisions.models import Agreement, AgreementItem, Condition, Decision
from proposals.decisions.states import Outcome
from proposals.intake.models import Proposal


@dataclass(frozen=True)
class Line:
    """One line of the checklist, or a condition; shipped lines are in the reader's language. `done_by` is for staff only."""

    text: str
    due_on: date | None
    done_at: datetime | None
    done_by: Any


def words(item: AgreementItem) -> str:
    """What is to do, translated where it is one of the shipped lines."""
    return gettext(item.text)


def checklist(agreement: Agreement) -> list[Line]:
    """Its lines in order. One query."""
    rows = agreement.items.select_related("done_by")
    return [Line(words(row), row.due_on, row.done_at, row.done_by) for row in rows]


def agreement_of(proposal: Proposal) -> Agreement | None:
    """The agreement about a project, if one was begun."""
    return Agreement.objects.filter(proposal=proposal).first()


def agreements_for(user: Any) -> QuerySet[Agreement]:
    """The agreements about proposals that this reader may know of, with how many lines they have and how many are open."""
    rows = Agreement.objects.filter(proposal__in=Proposal.objects.visible_to(user)).select_related("proposal", "opened_by")
    return rows.annotate(lines=Count("items"), open_lines=Count("items", filter=Q(items__done_at=None)))


def conditions_of(proposal: Proposal) -> Sequence[Condition]:
    """The conditions of the last released decision that set any, in order; none before the release."""
    decision = Decision.objects.filter(proposal=proposal, outcome=Outcome.CONDITIONAL, released_at__isnull=False).first()
    return list(decision.conditions.select_related("met_by", "decision__proposal")) if decision else []


def lines_of(conditions: Sequence[Condition]) -> list[Line]:
    """Conditions as lines that are done or still to do, in the words of the decision."""
    return [Line(one.text, one.due_on, one.met_at, one.met_by) for one in conditions]


def conditions_for(user: Any) -> QuerySet[Condition]:
    """The conditions of released decisions about proposals that this reader may know of."""
    known = Proposal.objects.visible_to(user)
    rows = Condition.objects.filter(decision__released_at__isnull=False, decision__proposal__in=known)
    return rows.select_related("decision__proposal", "met_by")
