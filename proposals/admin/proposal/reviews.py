"""The reviews on a proposal's page, for staff who read all: science and accommodation side by side, consensus, who is awaited."""

from typing import Any

from proposals.intake.models import Proposal
from proposals.review.models import Assignment
from proposals.review.queries.discussion import consensus_of
from proposals.review.queries.reviews import reviews_of
from proposals.review.states import ReviewKind


def reviews_part(proposal: Proposal, reader: Any) -> dict[str, Any]:
    """The variables of the section; `reviewed` is whether anybody was asked to judge it."""
    found = reviews_of(proposal)
    standing = Assignment.objects.standing().filter(proposal=proposal.pk).select_related("user", "phase")
    awaited = list(standing.exclude(assessment__submitted_at__isnull=False).order_by("due_at", "pk"))
    return {
        "reviewed": bool(found or awaited),
        "reviews": [(kind, kind.label, [one for one in found if one.assignment.kind == kind]) for kind in ReviewKind],
        "awaited": awaited,
        "consensus": consensus_of(proposal, reader=reader),
    }
