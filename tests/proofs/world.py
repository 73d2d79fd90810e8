"""A small world for the state machine: a call of two phases, a few teams, staff of each role, and every verb there is.

Each verb picks its own subject and words by chance, legal or not; what the business refuses is counted, what breaks is not
caught. The same seed picks the same way.
"""

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction

from proposals.calls.models import Criterion, Phase
from proposals.calls.states import PhaseKind
from proposals.intake import actions as intake
from proposals.intake.models import MoveNotAllowed, Proposal
from proposals.intake.states import MOVES, Status
from proposals.outbox.models import Wording, WordingVersion
from proposals.partners.models import User
from proposals.review.queries.experts import undertaking_of
from tests.factories import (
    make_call,
    make_expert,
    make_member,
    make_organisation,
    make_plan,
    make_proposal,
    make_staff,
    make_user,
)
from tests.intake.conftest import fill

REFUSALS = (PermissionDenied, ValidationError, MoveNotAllowed, intake.CallClosed, intake.Incomplete)
Verb = Callable[["World"], Any]  # False: there was nothing to do it on


class World:
    """The things that verbs act on, the chance that picks them, and a clock that every step moves on."""

    def __init__(self, chance: random.Random, *, proposals: int, now: datetime) -> None:
        self.chance, self.now = chance, now
        self.counts: Counter[str] = Counter()
        self.call = make_call(opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=3650))
        first = self.call.phases.get()
        self.last_phase = Phase.objects.create(
            call=self.call, kind=PhaseKind.FULL, position=2, title="Full proposal", opens_at=first.opens_at,
            closes_at=first.closes_at,
        )  # fmt: skip
        for phase in (first, self.last_phase):
            Criterion.objects.create(phase=phase, name="Science", weight=60, maximum=10, pass_minimum=4)
            Criterion.objects.create(phase=phase, name="Engineering", weight=40, maximum=10)
        self.partners = [make_user() for _ in range(3)]
        self.secretariat = [make_staff() for _ in range(3)]
        self.staff = {role: make_staff(role=role) for role in ("chair", "board", "observer")}
        for phase in (first, self.last_phase):
            make_plan(phase, due_at=now + timedelta(days=3650))
        asked = undertaking_of(first).sha256
        self.reviewers = [make_expert(undertaken_sha256=asked, max_load=40).user for _ in range(4)]
        self.assessors = [make_expert(undertaken_sha256=asked, max_load=40, role="assessor").user for _ in range(2)]
        self.everybody = [*self.partners, *self.secretariat, *self.staff.values(), *self.reviewers, *self.assessors]
        self.wording = WordingVersion.objects.create(
            wording=Wording.objects.create(name="Decision (synthetic)"), number=1, made_by=self.secretariat[0], made_at=now,
            texts={"en": {"subject": "About {reference}", "body": "Dear {name}: {outcome}. {feedback} {conditions}"}},
        )  # fmt: skip
        lead = make_organisation(country="IT")
        for partner in self.partners:
            make_member(partner, lead)
        self.drafts = [
            fill(make_proposal(call=self.call, by=chance.choice(self.partners), lead=lead, at=now)).pk for _ in range(proposals)
        ]

    def proposal(self) -> Proposal:
        """One of the proposals, as it is now."""
        return Proposal.objects.select_related("call", "phase", "lead").get(pk=self.chance.choice(self.drafts))

    def fellow(self) -> User:
        """Mostly somebody of the secretariat, sometimes anybody."""
        return self.chance.choice(self.secretariat if self.chance.random() < 0.85 else self.everybody)

    def of_the_team(self, proposal: Proposal) -> User:
        """Mostly the author, sometimes anybody."""
        return proposal.created_by if self.chance.random() < 0.85 else self.chance.choice(self.everybody)

    def step(self, verbs: "list[tuple[str, Verb]]", refusals: tuple[type[Exception], ...]) -> tuple[str, str]:
        """One verb by chance that has something to do: its name and how it ended. What is no refusal is a fault, and rises."""
        self.now += timedelta(minutes=self.chance.randint(1, 600))
        while True:
            name, verb = self.chance.choice(verbs)
            try:
                with transaction.atomic():
                    if verb(self) is False:
                        continue
                told = "done"
            except (*REFUSALS, *refusals) as refusal:
                told = type(refusal).__name__
            self.counts[told] += 1
            return name, told


def _submit(world: World) -> None:
    proposal = world.proposal()
    intake.submit(proposal, by=world.of_the_team(proposal), now=world.now)


def _answer(world: World) -> None:
    proposal = world.proposal()
    intake.answer(proposal, text="Yes.", by=world.of_the_team(proposal), now=world.now)


def _ask(world: World) -> bool | None:
    if world.chance.random() > 0.4:
        return False
    due = world.now + timedelta(days=world.chance.choice([-1, 1, 7]))
    intake.ask(world.proposal(), question="Which way is up?", due_at=due, by=world.fellow(), now=world.now)
    return None


def _return(world: World) -> bool | None:
    if world.chance.random() > 0.3:
        return False
    by = world.now + timedelta(days=world.chance.choice([-1, 7]))
    intake.return_for_correction(world.proposal(), reason="The mass.", correct_by=by, by=world.fellow(), now=world.now)
    return None


def _receive(world: World) -> None:
    intake.receive(world.proposal(), by=world.fellow(), now=world.now)


def _ineligible(world: World) -> bool | None:
    if world.chance.random() > 0.1:
        return False
    intake.declare_ineligible(world.proposal(), reason="Of another kind.", by=world.fellow(), now=world.now)
    return None


class Slipped(AssertionError):
    """The database let something through that it must refuse."""


def _raw_move(world: World) -> None:
    """An illegal move by raw SQL: the database must refuse it."""
    proposal = world.proposal()
    forbidden = [to for to in Status if to not in MOVES[Status(proposal.status)] and to != proposal.status]
    to = world.chance.choice(forbidden)
    _refused(f"{proposal.status} > {to}", "UPDATE proposals_proposal SET status = %s WHERE id = %s", [to, proposal.pk])
    world.counts["raw moves refused"] += 1


def _raw_phase(world: World) -> None:
    """Another phase by raw SQL, without an invitation."""
    proposal = world.proposal()
    other = next(phase for phase in world.call.phases.all() if phase.pk != proposal.phase_id)
    _refused("phase", "UPDATE proposals_proposal SET phase_id = %s WHERE id = %s", [other.pk, proposal.pk])
    world.counts["raw phases refused"] += 1


def _refused(what: str, statement: str, values: list[Any]) -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
    except DatabaseError:
        return
    raise Slipped(f"the database let it through: {what}")


INTAKE: list[tuple[str, Verb]] = [
    ("submit", _submit),
    ("submit", _submit),
    ("answer", _answer),
    ("ask", _ask),
    ("return", _return),
    ("receive", _receive),
    ("ineligible", _ineligible),
    ("raw move", _raw_move),
    ("raw phase", _raw_phase),
]
