"""The verbs of review and decisions for the state machine, each with a subject and words by chance."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from django.db import DatabaseError, connection, models, transaction

from proposals.decisions.actions import after, agreements, announcing, conditions, deciding, inviting, releases
from proposals.decisions.models import Agreement, Condition, Decision, Letter, Release
from proposals.decisions.queries.announcing import entry_of
from proposals.decisions.queries.deciding import outcomes_for
from proposals.decisions.states import Outcome
from proposals.intake.models import Proposal
from proposals.intake.states import Status
from proposals.review.actions import assessments, assignments, conflicts, discussion, opening, panels
from proposals.review.models import Assignment, Conflict, Panel, PanelItem
from proposals.review.states import DECLARED, ReviewKind, Verdict
from tests.proofs.world import INTAKE, Slipped, Verb, World

REFUSALS = (
    assessments.SavedElsewhere,
    assessments.NotComplete,
    panels.PanelChanged,
    deciding.AmendedMeanwhile,
    releases.NotHeld,
    releases.Obstructed,
    discussion.ConcludedMeanwhile,
)
Row = TypeVar("Row", bound=models.Model)


def one_of(world: World, rows: "models.QuerySet[Row, Row]") -> Row | None:
    """One of these rows by chance, None where there is none."""
    found = sorted(rows, key=lambda row: world.drafts.index(row.pk) if isinstance(row, Proposal) else row.pk)
    return world.chance.choice(found) if found else None


def standing(world: World, *statuses: Status) -> Proposal | None:
    """A proposal in one of these statuses, where there is one."""
    found = Proposal.objects.select_related("call", "phase", "lead").filter(call=world.call, status__in=statuses)
    return one_of(world, found)


def on(rows: "Callable[[], models.QuerySet[Row, Row]]", verb: "Callable[[World, Row], Any]") -> Verb:
    """A verb on one of some rows; nothing to do where there is none."""

    def act(world: World) -> bool | None:
        row = one_of(world, rows())
        return False if row is None else verb(world, row)

    return act


def _open(world: World) -> None:
    opening.open_review(world.proposal(), by=world.fellow(), now=world.now)


def _ask(world: World) -> bool | None:
    proposal = standing(world, Status.UNDER_REVIEW)
    if proposal is None:
        return False
    kind = world.chance.choice([ReviewKind.SCIENCE, ReviewKind.SCIENCE, ReviewKind.TECHNICAL])
    user = world.chance.choice(world.assessors if kind == ReviewKind.TECHNICAL else world.reviewers)
    due = world.now + timedelta(days=world.chance.choice([-1, 30, 30]))
    assignments.ask(proposal, user=user, kind=kind, due_at=due, by=world.fellow(), now=world.now)
    return None


def _by_reviewer(world: World, given: Assignment) -> Any:
    return given.user if world.chance.random() < 0.9 else world.chance.choice(world.everybody)


def _accept(world: World, given: Assignment) -> None:
    assignments.accept(given, by=_by_reviewer(world, given), now=world.now)


def _decline(world: World, given: Assignment) -> bool | None:
    if world.chance.random() > 0.3:
        return False
    assignments.decline(given, reason="No time.", by=_by_reviewer(world, given), now=world.now)
    return None


def _take_off(world: World, given: Assignment) -> None:
    assignments.take_off(given, reason="Another is better.", by=world.fellow(), now=world.now)


def _assess(world: World, given: Assignment) -> None:
    criteria = list(given.phase.criteria.all())
    scores = {one.pk: {"value": world.chance.choice([0, 3, 7, 10, 11]), "unable": False} for one in criteria}
    columns = {"confidence": world.chance.choice([1, 2, 3]), "to_panel": "Sound."}
    if given.kind == ReviewKind.TECHNICAL:
        columns |= {"verdict": Verdict.CONDITIONS, "conditions": "A longer harness."}
    before = getattr(given, "assessment", None)
    assessments.submit_assessment(
        given,
        written=assessments.Written(scores=scores, findings=[("major_strength", "A strong team.")], columns=columns),
        revision=before.revision if before else 0,
        by=_by_reviewer(world, given),
        now=world.now,
    )


def _say(world: World, given: Assignment) -> None:
    key = uuid.UUID(int=world.chance.getrandbits(128))
    discussion.say(given.proposal, text="I agree.", request_key=key, by=_by_reviewer(world, given), now=world.now)


def _declare(world: World) -> bool | None:
    if world.chance.random() > 0.2:  # soon nobody could be asked any more
        return False
    person = world.chance.choice([*world.reviewers, *world.assessors, world.staff["chair"]])
    kind = world.chance.choice(sorted(DECLARED))
    conflicts.declare(world.proposal(), user=person, kind=kind, by=world.chance.choice([person, world.fellow()]), now=world.now)
    return None


def _override(world: World, conflict: Conflict) -> None:
    by = world.chance.choice([world.staff["chair"], world.staff["chair"], world.fellow()])
    conflicts.override(conflict, reason="Nobody else knows the field.", by=by, now=world.now)


def _before_panel(world: World) -> bool | None:
    proposal = standing(world, Status.UNDER_REVIEW)
    if proposal is None:
        return False
    missing = world.chance.random() < 0.8
    panels.bring_before_panel([proposal], by=world.fellow(), now=world.now, despite_missing=missing)
    return None


def _send_back(world: World, item: PanelItem) -> bool | None:
    if world.chance.random() > 0.3:
        return False
    panels.send_back(item, by=world.fellow(), now=world.now)
    return None


def _keep(world: World, panel: Panel) -> None:
    items = list(panel.items.values_list("pk", flat=True))
    world.chance.shuffle(items)
    entries = [panels.Entry(item, recommends=world.chance.choice(["selected", "reserve", ""])) for item in items]
    seen = panel.revision if world.chance.random() < 0.9 else panel.revision - 1
    sheet = panels.Sheet(revision=seen, minutes="All agreed.", entries=entries)
    panels.keep(panel, sheet=sheet, by=world.fellow(), now=world.now)


def _freeze(world: World, panel: Panel) -> bool | None:
    if world.chance.random() > 0.1:  # the next proposals would need another panel
        return False
    by = world.chance.choice([world.staff["chair"], world.fellow()])
    panels.freeze(panel, revision=panel.revision, by=by, now=world.now)
    return None


def _what(world: World, proposal: Proposal) -> dict[str, Any]:
    """An outcome with what belongs to it, or sometimes with what does not."""
    possible = outcomes_for(proposal) if world.chance.random() < 0.8 else list(Outcome)
    outcome = world.chance.choice(possible or list(Outcome))
    others = Proposal.objects.filter(call=world.call).exclude(pk=proposal.pk)
    return {
        "outcome": outcome,
        "reason": "As the panel said.",
        "feedback": "A clear aim; the mass is not shown.",
        "wording": world.wording,
        "merged_into": one_of(world, others) if outcome == Outcome.MERGED else None,
        "conditions": [{"text": "Show the mass."}] if outcome == Outcome.CONDITIONAL else [],
    }


def _decide(world: World) -> bool | None:
    proposal = standing(world, Status.UNDER_REVIEW, Status.PANEL, Status.PANEL, Status.RESERVE, Status.CONDITIONAL)
    if proposal is None:
        return False
    deciding.decide(proposal, **_what(world, proposal), by=world.fellow(), now=world.now)
    return None


def _amend(world: World, decision: Decision) -> bool | None:
    if world.chance.random() > 0.3:  # its letter would have to be prepared again each time
        return False
    revision = decision.revision if world.chance.random() < 0.9 else decision.revision + 1
    what = _what(world, decision.proposal)
    deciding.amend(decision, **what, revision=revision, by=world.fellow(), now=world.now)
    return None


def _drop(world: World, decision: Decision) -> bool | None:
    if world.chance.random() > 0.2:
        return False
    deciding.drop(decision, by=world.fellow(), now=world.now)
    return None


def _prepare(world: World) -> bool | None:
    waiting = list(Decision.objects.open().filter(release=None).select_related("phase").order_by("pk"))
    if not waiting:
        return False
    phase = waiting[0].phase
    chosen = [one for one in waiting if one.phase_id == phase.pk]
    releases.prepare(phase, decisions=chosen, title="Decisions", by=world.fellow(), now=world.now)
    return None


def _approve(world: World, release: Release) -> None:
    by = world.chance.choice([world.staff["board"], world.staff["board"], world.fellow()])
    later = world.now + timedelta(minutes=world.chance.choice([0, 300]))
    releases.approve(release, release_at=later, by=by, now=world.now)


def _stop(world: World, release: Release) -> bool | None:
    if world.chance.random() > 0.2:
        return False
    releases.stop(release, by=world.fellow(), now=world.now)
    return None


def _withdraw(world: World) -> bool | None:
    if world.chance.random() > 0.05:  # else every life would end early
        return False
    proposal = world.proposal()
    deciding.withdraw(proposal, reason="No funds.", by=world.of_the_team(proposal), now=world.now)
    return None


def _release_due(world: World) -> bool | None:
    return None if releases.release_due(now=world.now) else False


def _invite(world: World) -> bool | None:
    proposal = standing(world, Status.PRELIMINARY)
    return False if proposal is None else inviting.invite([proposal], by=world.fellow(), now=world.now) and None


def _confirm(world: World, condition: Condition) -> None:
    conditions.confirm(condition, note="Shown.", by=world.fellow(), now=world.now)


def _open_agreement(world: World) -> bool | None:
    proposal = standing(world, Status.SELECTED)
    if proposal is None:
        return False
    agreements.open_agreement(proposal, counterpart="An institute (synthetic)", by=world.fellow(), now=world.now)
    return None


def _tick(world: World, agreement: Agreement) -> None:
    agreements.tick(agreement, items=list(agreement.items.filter(done_at=None)), by=world.fellow(), now=world.now)


def _agree(world: World, agreement: Agreement) -> None:
    agreements.agree(agreement, signed_on=world.now.date() - timedelta(days=1), by=world.fellow(), now=world.now)


def _announce(world: World) -> bool | None:
    proposal = standing(world, Status.AGREED, Status.DESCOPED)
    return False if proposal is None else announcing.announce([entry_of(proposal)], by=world.fellow(), now=world.now) and None


def _after(name: str, **more: str) -> Verb:
    def act(world: World) -> bool | None:
        proposal = standing(world, Status.AGREED, Status.ANNOUNCED, Status.DESCOPED, Status.DEFERRED, Status.SELECTED)
        if proposal is None or world.chance.random() < 0.5:
            return False
        getattr(after, name)(proposal, reason="The launch moved.", by=world.fellow(), now=world.now, **more)
        return None

    return act


def _raw_release(world: World) -> bool | None:
    """A released decision, its letter and a frozen panel, changed by raw SQL: the database must refuse it."""
    decision = one_of(world, Decision.objects.filter(released_at__isnull=False))
    if decision is None:
        return False
    letter = one_of(world, Letter.objects.filter(decision=decision))
    for statement, key in (
        ("UPDATE proposals_decision SET outcome = 'selected' WHERE id = %s", decision.pk),
        ("UPDATE proposals_letter SET body = 'Yes.' WHERE id = %s", letter.pk if letter else 0),
    ):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement, [key])
                touched = cursor.rowcount
        except DatabaseError:
            continue
        if touched:
            raise Slipped(statement)
    world.counts["raw moves refused"] += 1
    return None


def _given() -> "models.QuerySet[Assignment, Assignment]":
    return Assignment.objects.select_related("user", "proposal__call", "phase")


VERBS: list[tuple[str, Verb]] = [
    *INTAKE,
    ("open review", _open),
    ("open review", _open),
    ("withdraw", _withdraw),
    ("ask reviewer", _ask),
    ("ask reviewer", _ask),
    ("accept assignment", on(lambda: _given().filter(answer="asked"), _accept)),
    ("accept assignment", on(lambda: _given().filter(answer="asked"), _accept)),
    ("decline", on(lambda: _given().filter(answer__in=["asked", "accepted"]), _decline)),
    ("take off", on(lambda: _given().filter(answer="accepted"), _take_off)),
    ("assess", on(lambda: _given().filter(answer="accepted", proposal__status="under_review"), _assess)),
    ("assess", on(lambda: _given().filter(answer="accepted"), _assess)),
    ("assess", on(lambda: _given().filter(answer="accepted", proposal__status="under_review"), _assess)),
    ("say", on(lambda: _given().filter(answer="accepted"), _say)),
    ("declare", _declare),
    ("override", on(Conflict.objects.standing, _override)),
    ("before panel", _before_panel),
    ("before panel", _before_panel),
    ("send back", on(lambda: PanelItem.objects.select_related("panel"), _send_back)),
    ("keep panel", on(Panel.objects.all, _keep)),
    ("freeze panel", on(Panel.objects.all, _freeze)),
    ("decide", _decide),
    ("decide", _decide),
    ("amend", on(lambda: Decision.objects.open().select_related("proposal__phase"), _amend)),
    ("drop", on(Decision.objects.open, _drop)),
    ("prepare release", _prepare),
    ("prepare release", _prepare),
    ("approve release", on(lambda: Release.objects.held().filter(approved_at=None), _approve)),
    ("approve release", on(lambda: Release.objects.held().filter(approved_at=None), _approve)),
    ("stop release", on(Release.objects.held, _stop)),
    ("release", _release_due),
    ("release", _release_due),
    ("invite", _invite),
    ("invite", _invite),
    ("confirm condition", on(lambda: Condition.objects.filter(met_at=None), _confirm)),
    ("open agreement", _open_agreement),
    ("open agreement", _open_agreement),
    ("tick", on(Agreement.objects.all, _tick)),
    ("agree", on(Agreement.objects.all, _agree)),
    ("announce", _announce),
    ("descope", _after("descope")),
    ("defer", _after("defer")),
    ("resume", _after("resume")),
    ("transfer", _after("transfer", mission="Another mission")),
    ("cancel", _after("cancel")),
    ("raw release", _raw_release),
]
