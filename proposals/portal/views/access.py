"""How a proposal's own pages reach it: what one may not know of does not exist."""

from uuid import UUID

from django.http import Http404, HttpRequest

from proposals.intake.models import Proposal
from proposals.intake.queries.at_hand import proposal_for


def visible_or_404(request: HttpRequest, proposal: UUID) -> Proposal:
    """The proposal, to those who may know of it; to all others it does not exist."""
    found = proposal_for(request.user, proposal)
    if found is None:
        raise Http404
    return found
