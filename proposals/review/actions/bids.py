"""What a reviewer would like to judge, said before the assignment."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction

from proposals.audit.actions import record
from proposals.calls.models import Phase
from proposals.partners.gateways import unrestricted
from proposals.partners.models import User
from proposals.review.models import Bid
from proposals.review.queries.bids import asking_phases, wishes_for
from proposals.review.rules.bids import may_wish
from proposals.review.states import Wish


@transaction.atomic
def wish(phase: Phase, *, wishes: Mapping[UUID, str], by: User, now: datetime) -> int:
    """This will keep one's wishes for the proposals of a phase, an empty one taking a wish back; says how many changed.

    Raises PermissionDenied where no wish is asked of this person; a proposal they may not wish for does not exist for them.
    """
    if not may_wish(by) or phase not in asking_phases(by):
        raise PermissionDenied
    shown = {each.proposal.pk: each.wish for each in wishes_for(by, phase)}
    changed = {pk: Wish(said) if said else None for pk, said in wishes.items() if pk in shown and said != shown[pk]}
    with unrestricted():
        Bid.objects.filter(user=by, proposal__in=changed).delete()
        rows = [Bid(proposal_id=pk, user=by, wish=said, at=now) for pk, said in changed.items() if said]
        Bid.objects.bulk_create(rows)
    if changed:
        record("wishes.kept", by=by, about=phase, changed=len(changed))
    return len(changed)
