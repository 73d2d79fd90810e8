"""The one verb of a condition: it is met, and with the last one the project is selected."""

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.decisions.models import Condition
from proposals.intake import emails
from proposals.intake.models import MoveNotAllowed, Proposal
from proposals.intake.rules import may_triage
from proposals.intake.states import Status
from proposals.partners.models import User


@transaction.atomic
def confirm(condition: Condition, *, note: str, by: User, now: datetime) -> bool:
    """This will confirm that a condition is met, and how; with the last one the project is selected and its team told.

    Returns whether it was the last. Raises PermissionDenied, ValidationError (no note, met before) or MoveNotAllowed.
    """
    if not may_triage(by):
        raise PermissionDenied
    if not note.strip():
        raise ValidationError({"note": _("Say in a few words how the condition was met.")})
    # All of them are locked: of two people who confirm the last two at once, the second finds that it is the last.
    siblings = {
        one.pk: one for one in Condition.objects.select_for_update().filter(decision=condition.decision_id).order_by("pk")
    }
    held = siblings[condition.pk]
    proposal = Proposal.objects.select_related("call", "phase", "lead").get(decisions=held.decision_id)
    if held.decision.released_at is None or proposal.status != Status.CONDITIONAL:
        raise MoveNotAllowed(proposal.status, Status.SELECTED)
    if held.met_at is not None:
        raise ValidationError(_("%(who)s confirmed this condition before you.") % {"who": held.met_by})
    held.met_at, held.met_by, held.note = now, by, note.strip()
    held.clean_fields(exclude=["decision", "met_by"])
    held.save(update_fields=["met_at", "met_by", "note"])
    record("condition.met", by=by, about=proposal, condition=held.pk)
    if any(one.met_at is None for one in siblings.values()):
        return False
    if proposal.decisions.open().exists():
        raise ValidationError(_("Another decision about this project waits: drop it first, or let it be released."))
    move = proposal.move(Status.SELECTED, by=by, now=now)
    record("proposal.selected", by=by, about=proposal, was=move.was)
    emails.moved(move, proposal=proposal, template="conditions_met")
    return True
