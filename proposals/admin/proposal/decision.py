"""What the page of one proposal shows of its decisions and merges, and the way to the next."""

from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from proposals.decisions.queries.deciding import decisions_for
from proposals.decisions.queries.letters import kin_of
from proposals.decisions.rules.deciding import may_decide
from proposals.decisions.rules.inviting import may_invite
from proposals.intake.models import Proposal


def decision_part(proposal: Proposal, user: Any) -> dict[str, Any]:
    """The decisions of all phases, newest first, the other sides of its merges, and where to decide or invite."""
    ways = {}
    if may_decide(user, proposal):
        ways["decide"] = f"{reverse('admin:proposals_decision_add')}?{urlencode({'proposal': str(proposal.pk)})}"
    if may_invite(user, proposal):
        ways["invite"] = reverse("admin:proposals_release_invite")
    return {
        "decisions": list(decisions_for(user).filter(proposal=proposal)),
        "kin": kin_of(proposal, user=user),
        "deciding": ways,
    }
