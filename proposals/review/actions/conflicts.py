"""Conflicts as hard rules: found in the data or declared, each that stands is a bar; the chair alone lifts one."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.intake.models import Access, Proposal, ProposalQuerySet
from proposals.partners.gateways import unrestricted
from proposals.partners.models import User
from proposals.review.actions.access import end_barred
from proposals.review.models import Conflict, ReviewPlan
from proposals.review.queries.conflicts import facts_of, found_between, parties_of
from proposals.review.queries.experts import judges
from proposals.review.rules.conflicts import may_declare, may_override, may_withdraw_declaration
from proposals.review.states import DECLARED, FOUND, ConflictKind

ONE_AT_A_TIME = 0xC0F1  # the advisory lock's number
BARS = "conflict:"
AT_ONCE = 50  # the watch holds its lock for one part: so long may a triage wait
IN_A_REQUEST = 1000  # proposals looked at while somebody waits for a page
WATCHED = "review:watch"
WHOLE_EVERY, OVERLAP = timedelta(hours=1), timedelta(minutes=5)


@transaction.atomic
def refresh(proposals: Iterable[Proposal], *, now: datetime, by: Any = None) -> int:
    """This will write down what the data says now of these proposals: new conflicts with their bars, and ended ones.

    What was declared or overridden stays as it is. Gives how many began or ended. Waits for another refresh to end.
    """
    with unrestricted():
        _one_at_a_time()
        rows = list(Proposal.objects.filter(pk__in=[proposal.pk for proposal in proposals]).only("phase"))
        found = _found(rows)
        known = Conflict.objects.filter(proposal__in=rows, ended_at=None, kind__in=sorted(FOUND))
        held = {(row.user_id, row.proposal_id, ConflictKind(row.kind)): row for row in known}
        begun = sorted(found - held.keys(), key=str)
        ended = sorted(held.keys() - found, key=str)
        Conflict.objects.bulk_create(Conflict(user_id=u, proposal_id=p, kind=kind, at=now) for u, p, kind in begun)
        Conflict.objects.filter(pk__in=[held[key].pk for key in ended]).update(ended_at=now)
        _bar(rows)
        _tell("conflict.found", begun, by=by)
        _tell("conflict.ended", ended, by=by)
        end_barred(rows, by=by, now=now)
    return len(begun) + len(ended)


def _one_at_a_time() -> None:
    """Until the transaction ends nobody else writes conflicts: two that look at once would both find the same."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])


def _found(rows: list[Proposal]) -> set[tuple[int, Any, ConflictKind]]:
    """Every (person, proposal, kind) that the data says, each proposal under the plan of the phase it is in."""
    facts, parties = facts_of(judges()), parties_of(rows)
    plans = {plan.phase_id: plan for plan in ReviewPlan.objects.filter(phase__in={row.phase_id for row in rows})}
    by_phase: dict[int, list[Proposal]] = defaultdict(list)
    for row in rows:
        by_phase[row.phase_id].append(row)
    found = set()
    for phase, of_phase in by_phase.items():
        pairs = found_between(facts, {row.pk: parties[row.pk] for row in of_phase}, plan=plans.get(phase))
        found |= {(user, proposal, kind) for (user, proposal), kinds in pairs.items() for kind in kinds}
    return found


def _bar(rows: Iterable[Proposal]) -> None:
    """Make the bars of these proposals what their standing conflicts are, neither more nor less."""
    pks = [row.pk for row in rows]
    stand = set(Conflict.objects.standing().filter(proposal__in=pks).values_list("proposal_id", "user_id", "kind"))
    bars = Access.objects.filter(proposal__in=pks, grant=False, why__startswith=BARS)
    present = {(bar.proposal_id, bar.user_id, bar.why.removeprefix(BARS)): bar.pk for bar in bars}
    missing = [Access(proposal_id=p, user_id=u, grant=False, why=BARS + kind) for p, u, kind in stand - present.keys()]
    Access.objects.bulk_create(missing, ignore_conflicts=True)
    Access.objects.filter(pk__in=[present[key] for key in present.keys() - stand]).delete()


def _tell(verb: str, keys: Iterable[tuple[int, Any, ConflictKind]], *, by: Any) -> None:
    """One line of the trail for each proposal."""
    of: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for user, proposal, kind in keys:
        of[proposal].append({"user": user, "kind": kind.value})
    for proposal, people in of.items():
        record(verb, by=by, about=Proposal(pk=proposal), people=people)


@transaction.atomic
def declare(proposal: Proposal, *, user: User, kind: ConflictKind, note: str = "", by: User, now: datetime) -> Conflict:
    """This will write down a conflict that somebody declares, and bar the person at once; the same one twice is one.

    Raises PermissionDenied (also over what `by` does not know of), or ValidationError for a kind that is not declared.
    """
    with unrestricted():
        if not may_declare(by, proposal, user=user):
            raise PermissionDenied
        if kind not in DECLARED:
            raise ValidationError({"kind": _("Choose what kind of conflict it is.")})
        _one_at_a_time()
        held = Conflict.objects.filter(proposal=proposal, user=user, kind=kind, ended_at=None).first()
        if held is not None and held.overridden_at is None:
            return held
        if held is not None:  # overridden once; declared anew it stands again
            Conflict.objects.filter(pk=held.pk).update(ended_at=now)
        conflict = Conflict(proposal=proposal, user=user, kind=kind, note=note.strip(), by=by, at=now)
        conflict.clean_fields(exclude=["proposal", "user", "by"])
        conflict.save(force_insert=True)
        _bar([proposal])
        record("conflict.declared", by=by, about=proposal, conflict=conflict.pk, user=user.pk, kind=kind)
        end_barred([proposal], by=by, now=now)
    return conflict


@transaction.atomic
def withdraw_declaration(conflict: Conflict, *, reason: str, by: User, now: datetime) -> None:
    """This will end a conflict that was declared in error, with its bar; the reason stands in the trail.

    Raises PermissionDenied, or ValidationError without a reason.
    """
    locked = _locked(conflict)
    if not may_withdraw_declaration(by, locked):
        raise PermissionDenied
    Conflict.objects.filter(pk=locked.pk).update(ended_at=now)
    _bar([locked.proposal])
    about = {"conflict": locked.pk, "user": locked.user_id, "kind": locked.kind, "reason": _said(reason)}
    record("conflict.withdrawn", by=by, about=locked.proposal, **about)


@transaction.atomic
def override(conflict: Conflict, *, reason: str, by: User, now: datetime) -> None:
    """This will let a person judge in spite of a conflict: its bar ends; who, when and why stay with it and in the trail.

    Raises PermissionDenied for all but the chair, and for the chair's own; ValidationError without a reason.
    """
    locked = _locked(conflict)
    if not may_override(by, locked):
        raise PermissionDenied
    said = _said(reason)
    Conflict.objects.filter(pk=locked.pk).update(overridden_at=now, overridden_by=by, override_reason=said)
    _bar([locked.proposal])
    about = {"conflict": locked.pk, "user": locked.user_id, "kind": locked.kind, "reason": said}
    record("conflict.overridden", by=by, about=locked.proposal, **about)


def _locked(conflict: Conflict) -> Conflict:
    """The conflict as it is now, until the transaction ends."""
    _one_at_a_time()
    return Conflict.objects.select_for_update(of=("self",)).select_related("proposal").get(pk=conflict.pk)


def _said(reason: str) -> str:
    if not reason.strip():
        raise ValidationError({"reason": _("Say why.")})
    return reason.strip()


def watch(*, now: datetime) -> int:
    """This will look anew at what changed since the last look, and at everything when people or plans have changed.

    The safety net behind `refresh`: it also bars from drafts, so that a submission finds its bars in place. What it knows
    of the last look lies in the cache; without that, and once an hour, it looks at all. Gives how many began or ended.
    """
    said = _fingerprint()
    last: dict[str, Any] = cache.get(WATCHED) or {}
    whole = last.get("said") != said or now - last["whole_at"] >= WHOLE_EVERY
    rows = Proposal.objects.order_by("pk")
    if not whole:
        rows = rows.filter(updated_at__gte=last["at"] - OVERLAP)
    changed = _in_parts(rows, now=now, by=None)
    cache.set(WATCHED, {"said": said, "at": now, "whole_at": now if whole else last["whole_at"]}, None)
    return changed


@transaction.atomic
def refresh_all(*, now: datetime, by: Any) -> int:
    """This will look anew at the proposals that moved last, drafts too, as when a person's part changed.

    The watch sees the same change within a minute, and takes all others. Gives how many began or ended.
    """
    return _in_parts(Proposal.objects.order_by("-moved_at", "-pk")[:IN_A_REQUEST], now=now, by=by)


def _in_parts(proposals: ProposalQuerySet, *, now: datetime, by: Any) -> int:
    """So many at once that neither memory nor a lock grows with them."""
    with unrestricted():
        pks = list(proposals.values_list("pk", flat=True))
    parts = [pks[start : start + AT_ONCE] for start in range(0, len(pks), AT_ONCE)]
    return sum(refresh([Proposal(pk=pk) for pk in part], now=now, by=by) for part in parts)


def _fingerprint() -> str:
    """What all conflicts follow from but the proposals themselves: facts of people, and plans."""
    people = [
        (one.user, sorted(one.organisations), sorted(one.countries), sorted(map(sorted, one.names)), sorted(one.addresses))
        for one in facts_of(judges())
    ]
    plans = list(ReviewPlan.objects.order_by("pk").values_list("phase", "country_conflict", "exempt_countries"))
    return hashlib.sha256(repr((people, plans)).encode()).hexdigest()
