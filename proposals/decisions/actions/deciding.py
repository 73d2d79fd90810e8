"""Drafting what is answered to a proposal, amending it until it is approved, dropping it; nothing of it is seen before."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.decisions.models import Condition, Decision, Release
from proposals.decisions.queries.deciding import is_joined, outcomes_for, targets_for
from proposals.decisions.rules.deciding import may_amend
from proposals.decisions.states import DECIDABLE, Outcome
from proposals.intake import actions as intake
from proposals.intake.models import MoveNotAllowed, Proposal
from proposals.intake.rules import may_triage
from proposals.intake.states import Status
from proposals.outbox.models import WordingVersion
from proposals.partners.gateways import unrestricted
from proposals.partners.models import User

CONDITIONS_AT_MOST = 30
Terms = Sequence[Mapping[str, Any]]  # each {"text": str, "due_on": date or None}


class AmendedMeanwhile(Exception):
    """Someone amended the decision after its page was opened; nothing was overwritten."""

    def __init__(self, decision: Decision) -> None:
        who = decision.amended_by or decision.drafted_by
        super().__init__(_("%(person)s amended this decision meanwhile. Compare, then save again.") % {"person": who})
        self.decision = decision


@transaction.atomic
def decide(
    proposal: Proposal,
    *,
    outcome: str,
    reason: str,
    feedback: str = "",
    wording: WordingVersion | None = None,
    merged_into: Proposal | None = None,
    conditions: Terms = (),
    by: User,
    now: datetime,
) -> Decision:
    """This will draft a decision, which its team does not see; a proposal under review or before the panel is decided by it.

    Of several decisions at once one wins. Raises PermissionDenied, ValidationError by field, or MoveNotAllowed for the
    others and for a proposal that moved on.
    """
    if not may_triage(by):
        raise PermissionDenied
    fresh = _locked(proposal, merged_into, by=by)
    if fresh.status != proposal.status or fresh.status not in DECIDABLE or fresh.decisions.open().exists():
        raise MoveNotAllowed(fresh.status, Status.DECIDED)
    decision = Decision(proposal=fresh, phase=fresh.phase, drafted_by=by, drafted_at=now)
    _say(decision, conditions, outcome=outcome, reason=reason, feedback=feedback, wording=wording, merged_into=merged_into, by=by)
    if fresh.status in {Status.UNDER_REVIEW, Status.PANEL}:
        fresh.move(Status.DECIDED, by=by, now=now)
    decision.save(force_insert=True)
    _list(decision, conditions)
    record("decision.drafted", by=by, about=fresh, decision=decision.pk, outcome=outcome)
    for name in ("status", "moved_at", "updated_at", "revision"):
        vars(proposal).pop(name, None)  # the caller's copy reads it anew, should anyone ask
    return decision


@transaction.atomic
def amend(
    decision: Decision,
    *,
    outcome: str,
    reason: str,
    feedback: str = "",
    wording: WordingVersion | None = None,
    merged_into: Proposal | None = None,
    conditions: Terms = (),
    revision: int,
    by: User,
    now: datetime,
) -> Decision:
    """This will change a drafted decision; a letter that was prepared from it is prepared again before an approval.

    Raises PermissionDenied (released, dropped or approved meanwhile among others), AmendedMeanwhile when `revision` is
    not the decision's, or ValidationError by field.
    """
    held = _held(decision, merged_into, by=by)
    if held.revision != revision:
        raise AmendedMeanwhile(held)
    _say(held, conditions, outcome=outcome, reason=reason, feedback=feedback, wording=wording, merged_into=merged_into, by=by)
    held.amended_by, held.amended_at, held.revision = by, now, revision + 1
    held.save()
    held.conditions.all().delete()
    _list(held, conditions)
    record("decision.amended", by=by, about=held.proposal, decision=held.pk, outcome=outcome)
    return held


@transaction.atomic
def drop(decision: Decision, *, by: User, now: datetime) -> None:
    """This will end a drafted decision unreleased; a decided proposal is before the panel again.

    Raises PermissionDenied (released, dropped or approved meanwhile among others) or AmendedMeanwhile.
    """
    held = _held(decision, None, by=by)
    if held.proposal.status == Status.DECIDED:
        held.proposal.move(Status.PANEL, by=by, now=now)
    _end(held, by=by, now=now, release=None)


@transaction.atomic
def withdraw(proposal: Proposal, *, reason: str, by: User, now: datetime) -> None:
    """This will withdraw a proposal for its team, as `intake.withdraw` does, and end a decision that waits unseen.

    A release that holds it is stuck until it is prepared again. Raises what `intake.withdraw` raises.
    """
    intake.withdraw(proposal, reason=reason, by=by, now=now)
    with unrestricted():  # the team is not told that there was one
        for decision in Decision.objects.select_for_update().open().filter(proposal=proposal):
            _end(decision, by=by, now=now, release=decision.release)


def _end(decision: Decision, *, by: User, now: datetime, release: Release | None) -> None:
    Decision.objects.filter(pk=decision.pk).update(dropped_at=now, release=release, revision=F("revision") + 1)
    record("decision.dropped", by=by, about=decision.proposal, decision=decision.pk)


def _locked(proposal: Proposal, other: Proposal | None, *, by: User) -> Proposal:
    """The proposal as it is now, locked with the one that it is to be merged into: in one order, whoever asks."""
    keys = {proposal.pk, *([other.pk] if other else [])}
    rows = Proposal.objects.visible_to(by).filter(pk__in=keys).select_related("call", "phase", "lead").defer("search")
    found = {row.pk: row for row in rows.order_by("pk").select_for_update(of=("self",))}
    if proposal.pk not in found:
        raise PermissionDenied
    return found[proposal.pk]


def _held(decision: Decision, other: Proposal | None, *, by: User) -> Decision:
    """A decision that may be changed, locked: its release first, then the proposals, then itself."""
    release = Release.objects.select_for_update().filter(decisions=decision.pk).first()
    proposal = _locked(decision.proposal, other, by=by)
    held = Decision.objects.select_for_update(of=("self",)).select_related("release", "phase").get(pk=decision.pk)
    held.proposal = proposal
    if not may_amend(by, held):
        raise PermissionDenied
    if held.release != release:  # a release took it or let it go in this very moment
        raise AmendedMeanwhile(held)
    return held


def _say(decision: Decision, conditions: Terms, *, by: User, **said: Any) -> None:
    """Write what is decided into the row, checked. Raises ValidationError by field."""
    for name, value in said.items():
        setattr(decision, name, value.strip() if isinstance(value, str) else value)
    proposal, faults = decision.proposal, {}
    if decision.outcome not in outcomes_for(proposal):
        faults["outcome"] = _("This cannot be decided of it now.")
    if not decision.reason:
        faults["reason"] = _("Say why, for the record: the decision is defended by it.")
    if why := _wrong_target(decision, by):
        faults["merged_into"] = why
    if bool(conditions) != (decision.outcome == Outcome.CONDITIONAL):
        faults["conditions"] = (
            _("List at least one condition.") if not conditions else _("Only a conditional selection has conditions.")
        )
    elif len(conditions) > CONDITIONS_AT_MOST:
        faults["conditions"] = _("A decision has at most %(limit)d conditions.") % {"limit": CONDITIONS_AT_MOST}
    for name in ("reason", "feedback"):
        longest: int = getattr(Decision._meta.get_field(name), "max_length", 0)
        if len(getattr(decision, name)) > longest:
            faults[name] = _("This text has more than %(limit)d characters.") % {"limit": longest}
    if faults:
        raise ValidationError(faults)
    decision.clean_fields(exclude=["proposal", "phase", "release", "drafted_by", "wording", "merged_into"])


def _wrong_target(decision: Decision, by: User) -> str:
    """What is wrong with the proposal that this one is to be merged into, if anything."""
    target = decision.merged_into
    if decision.outcome != Outcome.MERGED:
        return _("Only a merge names another proposal.") if target else ""
    if target is None:
        return _("Name the proposal that it is merged into.")
    if not targets_for(decision.proposal, user=by).filter(pk=target.pk).exists():
        return _("It cannot be merged into that one: choose one of the same phase that has not ended and is not merged itself.")
    if is_joined(decision.proposal):
        return _("Another proposal is to be merged into this one; amend that decision first.")
    return ""


def _list(decision: Decision, conditions: Terms) -> None:
    """Write the conditions in their order. Raises ValidationError for one without words."""
    rows = [
        Condition(decision=decision, position=number, text=one["text"].strip(), due_on=one.get("due_on"))
        for number, one in enumerate(conditions, 1)
    ]
    for row in rows:
        row.clean_fields(exclude=["decision"])
    Condition.objects.bulk_create(rows)
