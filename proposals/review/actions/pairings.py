"""A plan of assignment: asked for on the site, made by a worker off the request, edited by hand, applied as one act."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.calls.models import Phase
from proposals.intake.models import Proposal
from proposals.outbox.gateways.bell import bell
from proposals.partners.models import User
from proposals.review.actions.assignments import passed, write
from proposals.review.actions.conflicts import refresh
from proposals.review.calculations.case import Impossible, Pair
from proposals.review.calculations.optimum import SECONDS, assign
from proposals.review.calculations.programme import SolverFailed
from proposals.review.emails import assignments as emails
from proposals.review.models import Assignment, Pairing, ReviewPlan
from proposals.review.queries.pairings import Drawn, draw
from proposals.review.queries.previews import as_rows, told_of, why_not_added
from proposals.review.rules.pairings import may_change, may_pair
from proposals.review.states import Choice, PairingState, ReviewKind

log = structlog.get_logger(__name__)

# A worker that died over a plan leaves it to the next after this long; after so many tries the plan itself is the trouble.
LEASE = timedelta(seconds=60)
MOST_TRIES = 3
SIX_PLACES = Decimal("0.000001")
IN_WORK = {PairingState.WAITING.value, PairingState.RUNNING.value}


class ChangedMeanwhile(ValidationError):
    """Somebody has changed, remade or applied the plan since it was read. Nothing was changed."""


@transaction.atomic
def make_pairing(phase: Phase, *, kind: ReviewKind, by: User, now: datetime) -> Pairing:
    """This will have a worker find the best assignment; what was kept or ruled out by hand stays so.

    A second click while one is being made does nothing. Raises PermissionDenied, or ValidationError without a review plan.
    """
    if not may_pair(by):
        raise PermissionDenied
    Phase.objects.select_for_update(no_key=True).get(pk=phase.pk)
    if not ReviewPlan.objects.filter(phase=phase).exists():
        raise ValidationError(_("This phase has no review plan yet: say first how many review each proposal, and until when."))
    pairing = Pairing.objects.filter(phase=phase, kind=kind, applied_at=None).first() or Pairing(phase=phase, kind=kind)
    if pairing.result.get("state") in IN_WORK:
        return pairing
    never = pairing.result.get("never", [])
    pairing.result = {"state": PairingState.WAITING.value, "since": _iso(now), "never": never, "tries": 0}
    pairing.made_by, pairing.made_at, pairing.revision = by, now, pairing.revision + 1
    pairing.save()
    record("pairing.asked", by=by, about=pairing, phase=phase.pk, kind=str(kind))
    transaction.on_commit(lambda: bell.ring("review.pair"), robust=True)
    return pairing


def solve(*, now: datetime, seconds: float = SECONDS) -> bool:
    """This will make the plan that has waited longest, for at most `seconds`; False where none waits.

    The search holds no lock: a plan that another worker has taken over meanwhile is left to it.
    """
    pairing = _taken(now)
    if pairing is None:
        return False
    kept = [_pair(row) for row in pairing.pairs if row["how"] == "kept"]
    never = [(str(user), ref) for user, ref in pairing.result["never"]]
    try:
        drawn = draw(pairing.phase, ReviewKind(pairing.kind), pairing.made_by, kept=kept, never=never)
        outcome = assign(drawn.case, seconds=seconds)
    except (Impossible, SolverFailed, ReviewPlan.DoesNotExist) as error:
        log.exception("pairing.failed", pairing=pairing.pk)
        _keep(pairing, pairing.pairs, {"state": PairingState.FAILED.value, "error": type(error).__name__})
        return True
    chosen = {(name, ref) for ref, names in outcome.assigned.items() for name in names}
    gap = [str(outcome.gap.min_affinity), str(outcome.gap.total_affinity)] if outcome.gap else None
    _keep(pairing, as_rows(drawn, chosen, kept=kept), {**told_of(drawn, chosen), "state": PairingState.READY.value, "gap": gap})
    return True


@transaction.atomic
def _taken(now: datetime) -> Pairing | None:
    """The plan that waits, or that a worker died over, now taken by this one."""
    free = Pairing.objects.filter(applied_at=None, result__state__in=sorted(IN_WORK)).order_by("made_at", "pk")
    for pairing in free.select_for_update(of=("self",), skip_locked=True).select_related("phase", "made_by"):
        begun = datetime.fromisoformat(pairing.result["since"])
        if pairing.result["state"] == PairingState.RUNNING and now - begun < LEASE:
            continue
        tries = pairing.result["tries"] + 1
        gives_up = tries > MOST_TRIES
        state = PairingState.FAILED if gives_up else PairingState.RUNNING
        pairing.result = {**pairing.result, "state": state.value, "since": _iso(now), "tries": tries}
        pairing.revision += 1
        pairing.save(update_fields=["result", "revision"])
        if not gives_up:
            return pairing
    return None


@transaction.atomic
def _keep(pairing: Pairing, rows: list[dict[str, Any]], result: dict[str, Any]) -> None:
    """Write what was found, unless the plan was taken over or remade meanwhile."""
    held = Pairing.objects.select_for_update().get(pk=pairing.pk)
    if held.revision != pairing.revision or held.applied_at:
        log.warning("pairing.overtaken", pairing=pairing.pk)
        return
    held.pairs, held.result, held.revision = rows, {**held.result, **result}, held.revision + 1
    held.save(update_fields=["pairs", "result", "revision"])
    record("pairing.made", by=None, about=held, state=result["state"], pairs=len(rows), gap=result.get("gap"))


@transaction.atomic
def choose(pairing: Pairing, *, proposal: Proposal, choices: Mapping[int, str], revision: int, by: User, now: datetime) -> None:
    """This will set who reviews one proposal in a plan, whom a remade plan keeps, and whom it leaves out.

    What is asked or accepted already stays; experts that are not named are not assigned. Raises PermissionDenied,
    ChangedMeanwhile, or ValidationError in words for whoever has a conflict, is barred otherwise, or has no room.
    """
    pairing = held(pairing, revision=revision, by=by)
    ref = str(proposal.reference)
    never = [[user, of] for user, of in pairing.result["never"] if of != ref]
    drawn = draw(pairing.phase, ReviewKind(pairing.kind), by)
    if ref not in drawn.proposals:
        raise PermissionDenied
    wanted = {(str(user), ref): Choice(said) for user, said in choices.items()}
    mine = {pair for pair, said in wanted.items() if said in {Choice.ASSIGNED, Choice.KEPT}} - drawn.standing
    others = [row for row in pairing.pairs if row["ref"] != ref]
    chosen = mine | drawn.standing | {_pair(row) for row in others if _is_possible(drawn, _pair(row))}
    if refusals := [said for pair in sorted(mine) if (said := why_not_added(drawn, chosen, pair))]:
        raise ValidationError(refusals)
    kept = [_pair(row) for row in others if row["how"] == "kept"] + [p for p, said in wanted.items() if said == Choice.KEPT]
    unseen = [row for row in others if row["ref"] not in drawn.proposals]
    told = told_of(drawn, chosen)
    told["about"] = {**pairing.result["about"], **told["about"]}
    never += [[int(name), ref] for (name, _ref), said in wanted.items() if said == Choice.NEVER]
    pairing.pairs = as_rows(drawn, chosen, kept=kept) + unseen
    pairing.result = {**pairing.result, **told, "never": never}
    pairing.revision += 1
    pairing.save(update_fields=["pairs", "result", "revision"])
    record("pairing.edited", by=by, about=pairing, reference=ref, users=sorted(int(name) for name, _ref in mine))


@dataclass(frozen=True)
class Applied:
    """What an applied plan came to: the assignments written, and in words each pair that was refused."""

    written: int
    people: int
    refused: list[str]


@transaction.atomic
def apply_pairing(pairing: Pairing, *, revision: int, by: User, now: datetime) -> Applied:
    """This will write every assignment of a plan, and tell each reviewer once of all that are new to them.

    Conflicts are looked for anew: a pair that one has overtaken, or that lost its proposal, person or room, is refused and
    named, and so is nothing else. Raises PermissionDenied, ChangedMeanwhile, or ValidationError for a day that has passed.
    """
    pairing = held(pairing, revision=revision, by=by)
    plan = ReviewPlan.objects.get(phase=pairing.phase)
    if refusal := passed(plan.due_at, now):
        raise ValidationError(refusal)
    rows = {_pair(row): row for row in pairing.pairs if row["how"] != "standing"}
    seen = Proposal.objects.visible_to(by).filter(reference__in={ref for _, ref in rows})
    refresh(seen, now=now, by=by)
    proposals = list(Proposal.objects.filter(pk__in=seen.values("pk")).order_by("pk").select_for_update(no_key=True))
    list(User.objects.filter(pk__in={int(name) for name, _ in rows}).order_by("pk").select_for_update(no_key=True))
    drawn = draw(pairing.phase, ReviewKind(pairing.kind), by)
    done, refused = set(drawn.standing), []
    known = {str(proposal.reference) for proposal in proposals}
    for pair in sorted(rows.keys() - done):
        if pair[1] not in known:
            continue  # barred to whoever applies: it does not exist for them, and another applies a plan of its own
        if said := why_not_added(drawn, done | {pair}, pair):
            refused.append({"ref": pair[1], "said": said})
        else:
            done.add(pair)
    written = _write(drawn, {pair: rows[pair] for pair in done - drawn.standing}, pairing=pairing, by=by, now=now)
    pairing.applied_by, pairing.applied_at, pairing.revision = by, now, pairing.revision + 1
    pairing.result = {**pairing.result, "written": sum(map(len, written.values())), "refused": refused}
    pairing.save(update_fields=["applied_by", "applied_at", "result", "revision"])
    record("pairing.applied", by=by, about=pairing, written=pairing.result["written"], refused=len(refused))
    return Applied(written=pairing.result["written"], people=len(written), refused=[each["said"] for each in refused])


def _write(
    drawn: Drawn, rows: Mapping[Pair, Mapping[str, Any]], *, pairing: Pairing, by: User, now: datetime
) -> dict[str, list[Assignment]]:
    """The assignments, each with its line in the trail, and one mail a reviewer."""
    written: dict[str, list[Assignment]] = {}
    for (name, ref), row in sorted(rows.items()):
        assignment = write(
            drawn.proposals[ref],
            user=drawn.experts[name].user,
            kind=ReviewKind(pairing.kind),
            due_at=drawn.plan.due_at,
            why=row["why"],
            affinity=Decimal(row["affinity"]).quantize(SIX_PLACES),
            by=by,
            now=now,
        )
        written.setdefault(name, []).append(assignment)
    for name, assignments in written.items():
        emails.asked(drawn.experts[name].user, assignments, key=f"review-asked:pairing:{pairing.pk}:{name}", now=now)
    return written


def held(pairing: Pairing, *, revision: int, by: User) -> Pairing:
    """The plan, locked, as its reader saw it. Raises ChangedMeanwhile, or PermissionDenied."""
    found = Pairing.objects.select_for_update(of=("self",)).select_related("phase__call").get(pk=pairing.pk)
    if found.revision != revision or found.applied_at:
        raise ChangedMeanwhile(_("Somebody has changed or applied this plan since you opened it. Look at it again."))
    if not may_change(by, found):
        raise PermissionDenied
    return found


def _is_possible(drawn: Drawn, pair: Pair) -> bool:
    """Whether a pair kept from before is still in the case and not barred since."""
    return pair[0] in drawn.experts and pair[1] in drawn.proposals and pair not in drawn.because


def _pair(row: Mapping[str, Any]) -> Pair:
    return str(row["user"]), row["ref"]


def _iso(now: datetime) -> str:
    return now.astimezone(UTC).isoformat()
