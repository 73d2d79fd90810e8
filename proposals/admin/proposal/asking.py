"""The way from a proposal's page to its assignments, and to asking one person more."""

from typing import Any

from django.urls import reverse

from proposals.intake.models import Proposal
from proposals.review.rules.assignments import IN_REVIEW, may_assign


def asking_part(proposal: Proposal, reader: Any) -> dict[str, Any]:
    """The address of the page that asks for a review; empty where this reader may not, or nothing is under review."""
    asks = may_assign(reader) and proposal.status in IN_REVIEW
    return {"ask_url": reverse("admin:proposals_assignment_ask", args=[proposal.pk]) if asks else ""}
