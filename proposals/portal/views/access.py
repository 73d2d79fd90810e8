"""How a proposal's own pages reach it: what one may not know of does not exist."""

from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from proposals.intake.models import Proposal


def visible_or_404(request: HttpRequest, proposal: UUID) -> Proposal:
    """The proposal, to those who may know of it; to all others it does not exist."""
    mine = Proposal.objects.visible_to(request.user).select_related("call", "phase", "lead")
    # What no page of a proposal shows: search words and the long texts of its call.
    return get_object_or_404(mine.defer("search", "call__summary", "call__description"), pk=proposal)
