"""The invitation to the next phase: the same proposal, under the same reference and lead, becomes a draft there."""

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.calls.models import Phase
from proposals.decisions.queries.inviting import next_phase
from proposals.intake import emails
from proposals.intake.models import Move, Proposal
from proposals.intake.queries.deadlines import closing
from proposals.intake.rules import may_triage
from proposals.intake.states import Status
from proposals.partners.models import User


@transaction.atomic
def invite(proposals: Sequence[Proposal], *, by: User, now: datetime) -> list[Move]:
    """This will invite proposals to the next phase of their call, all or none, and mail each team its deadline.

    What was submitted before stays frozen; the draft begins with it. Raises PermissionDenied, ValidationError (none, no
    next phase, or one that has closed) or MoveNotAllowed for one that is not preliminarily selected.
    """
    known = set(Proposal.objects.visible_to(by).filter(pk__in=[one.pk for one in proposals]).values_list("pk", flat=True))
    if not may_triage(by) or any(one.pk not in known for one in proposals):
        raise PermissionDenied
    if not proposals:
        raise ValidationError(_("Choose at least one proposal."))
    return [_invite(one, _open_next(one.phase, now), by, now) for one in sorted(proposals, key=lambda one: str(one.pk))]


def _open_next(phase: Phase, now: datetime) -> Phase:
    following = next_phase(phase)
    if following is None:
        raise ValidationError(_("The call has no phase after “%(phase)s”.") % {"phase": phase})
    if following.closes_at <= now:
        raise ValidationError(_("“%(phase)s” has closed; move its deadline first.") % {"phase": following})
    return following


def _invite(proposal: Proposal, following: Phase, by: User, now: datetime) -> Move:
    # the flags are those of the phase that begins; who found it by its words still does
    move = proposal.move(Status.DRAFT, by=by, now=now, also={"phase": following, "is_late": False, "correct_by": None})
    record("proposal.invited", by=by, about=proposal, phase=following.pk)
    emails.moved(move, proposal=proposal, due=closing(following, set_at=now), closes_at=following.closes_at)
    return move
