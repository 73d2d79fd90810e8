"""How a proposal's own pages reach it: what one may not know of does not exist."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest

from proposals.intake.models import Proposal
from proposals.intake.queries.at_hand import proposal_for
from proposals.partners.states import EXPERTS


def visible_or_404(request: HttpRequest, proposal: UUID, *, to_experts: bool = False) -> Proposal:
    """The proposal, to those who may know of it; to all others it does not exist.

    Reviewers and assessors read what they judge on the staff's pages; here is also what its team and the secretariat write
    to each other, so to them these pages do not exist but where `to_experts` says so.
    """
    reader: Any = request.user
    found = proposal_for(reader, proposal)
    if found is None or (reader.staff_role in EXPERTS and not to_experts):
        raise Http404
    return found
