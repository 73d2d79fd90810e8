"""Who is barred from one proposal, for its page."""

from typing import Any

from django.urls import reverse

from proposals.intake.models import Proposal
from proposals.review.queries.conflicts import conflicts_of


def conflicts_part(proposal: Proposal) -> dict[str, Any]:
    """The page's variables: every conflict with its state, and the way for whoever sees it to declare one."""
    address = reverse("admin:proposals_conflict_declare", args=[proposal.pk])
    return {"conflicts": list(conflicts_of(proposal)), "declare_url": address}
