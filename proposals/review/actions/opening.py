"""A review begins: the proposal is passed on, and whoever has a conflict with it is barred in the same transaction."""

from datetime import datetime

from django.db import transaction

from proposals.intake.actions import accept_for_review
from proposals.intake.models import Proposal
from proposals.partners.models import User
from proposals.review.actions.conflicts import refresh


@transaction.atomic
def open_review(proposal: Proposal, *, by: User, now: datetime) -> None:
    """This will accept a proposal for review, tell its team, and bar everyone whom a conflict bars.

    Raises PermissionDenied or MoveNotAllowed.
    """
    accept_for_review(proposal, by=by, now=now)
    refresh([proposal], now=now, by=by)
