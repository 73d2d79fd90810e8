"""What a reviewer may say a wish about, before anybody is assigned."""

from dataclasses import dataclass
from typing import Any

from proposals.calls.models import Phase
from proposals.calls.states import Level
from proposals.intake.models import Proposal
from proposals.intake.states import Status
from proposals.partners.gateways import unrestricted
from proposals.partners.states import StaffRole
from proposals.review.models import Bid
from proposals.review.queries.conflicts import conflicts_between
from proposals.review.queries.experts import expert_of, has_undertaken


@dataclass(frozen=True)
class Wished:
    """One proposal as it is shown for a wish: title, class and level, and what was wished so far."""

    proposal: Proposal
    wish: str


def asking_phases(user: Any) -> list[Phase]:
    """The phases that ask this expert's wishes now: something is under review, and their undertaking is accepted."""
    expert = expert_of(user)
    found = Phase.objects.filter(review_plan__asks_wishes=True, proposals__status=Status.UNDER_REVIEW)
    with unrestricted():  # which phases have something under review is no secret; nothing of a proposal leaves here
        phases = list(found.select_related("call").distinct().order_by("pk"))
    return [phase for phase in phases if has_undertaken(expert, phase)]


def wishes_for(user: Any, phase: Phase) -> list[Wished]:
    """What may be wished for in a phase: under review, free of conflicts with this person; payloads only for assessors.

    Row-level security shows an expert nothing before an assignment: so this is read past it, and only what is shown leaves.
    """
    with unrestricted():
        found = Proposal.objects.filter(phase=phase, status=Status.UNDER_REVIEW).exclude(access__in=_bars(user))
        if user.staff_role == StaffRole.ASSESSOR:
            found = found.exclude(level=Level.MISSION)
        rows = list(found.only("reference", "title", "payload_class", "forms", "level", "lead").order_by("title", "pk"))
        barred = conflicts_between(phase, [user], rows)
        wishes = dict(Bid.objects.filter(user=user.pk, proposal__in=rows).values_list("proposal", "wish"))
    return [Wished(row, wishes.get(row.pk, "")) for row in rows if not barred.get((user.pk, row.pk))]


def _bars(user: Any) -> Any:
    return user.access.filter(grant=False)
