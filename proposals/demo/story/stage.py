"""The story's call and its people: made like any other, by the verbs of those who run a call."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from proposals.calls.models import Call, Phase
from proposals.demo.people import seed_experts, seed_organisations, seed_staff
from proposals.demo.reference import load, make_call
from proposals.demo.story.calendar import FULL_CLOSES, FULL_OPENS, LETTERS_CLOSE, Clock, Size
from proposals.intake.actions import save_wording
from proposals.outbox.models import Wording, WordingVersion
from proposals.partners.models import Organisation, User
from proposals.partners.states import StaffRole
from proposals.review.actions.experts import accept_undertaking, appoint, save_expert
from proposals.review.actions.plans import save_plan
from proposals.review.models import Expert, ReviewPlan
from proposals.review.queries.experts import undertaking_of

WEIGHTS = (Decimal(1), Decimal("0.7"), Decimal("0.5"), Decimal("0.3"))
MOST = {StaffRole.REVIEWER: 9, StaffRole.ASSESSOR: 8}


@dataclass(frozen=True)
class Stage:
    """Who and what the story plays with."""

    clock: Clock
    size: Size
    call: Call
    letters: Phase
    full: Phase
    bodies: list[Organisation]
    desk: User
    second: User
    chair: User
    board: User
    wordings: dict[str, WordingVersion]


def set_stage(clock: Clock, size: Size) -> Stage:
    """Make the call with its two phases and plans, appoint the experts, and write the wordings of the letters."""
    people = {user.email.split("@")[0]: user for user in seed_staff()}
    desk = people["secretariat"]
    seed_experts(desk, clock.at(-5))
    bodies = seed_organisations(clock.at(-5), desk)
    call = Call.objects.get(pk=make_call(_entry(clock), clock.at(-4)).pk)  # figures as the database holds them
    letters, full = call.phases.order_by("position")
    for phase, due in ((letters, 66), (full, 180)):
        plan = ReviewPlan(
            phase=phase,
            reviewers=size.reviewers,
            assessors=size.assessors,
            due_at=clock.at(due),
            exempt_countries=["CN"],
            languages=["en"],
        )
        save_plan(plan, by=desk, now=clock.at(-3))
    _experts(clock, size, bodies, letters, desk)
    wordings = {
        entry["key"]: save_wording(_wording(entry["name"]), texts=entry["texts"], by=desk, now=clock.at(-2))
        for entry in load("story")["wordings"]
    }
    return Stage(
        clock=clock,
        size=size,
        call=call,
        letters=letters,
        full=full,
        bodies=bodies,
        desk=desk,
        second=people["secretariat2"],
        chair=people["chair"],
        board=people["board"],
        wordings=wordings,
    )


def _wording(name: str) -> Wording:
    return Wording.objects.filter(name=name).first() or Wording(name=name)


def _entry(clock: Clock) -> dict[str, Any]:
    """The call's data: the terms of the demonstration round, its own words, two phases."""
    terms = next(entry for entry in load("calls") if entry["code"] == "CE8D")
    spans = (("loi", "Letter of intent", 0, LETTERS_CLOSE), ("full", "Full proposal", FULL_OPENS, FULL_CLOSES))
    phases = [
        {
            "kind": kind,
            "title": title,
            "opens_at": clock.midnight(opens).isoformat(),
            "closes_at": (clock.midnight(closes + 1) - timedelta(minutes=1)).isoformat(),
            "late_until": None,
            "zone": "Asia/Shanghai",
            "two_key": kind == "full",
        }
        for kind, title, opens, closes in spans
    ]
    return {**terms, **load("story")["call"], "phases": phases, "dates": []}


def _experts(clock: Clock, size: Size, bodies: list[Organisation], phase: Phase, desk: User) -> None:
    """Appoint them, keep their profiles, and let each accept the undertaking; the demonstration's own two judge as well."""
    now = clock.at(-1)
    for entry in load("story")["experts"][: size.experts]:
        role = StaffRole(entry["role"])
        user = appoint(entry["email"], full_name=entry["full_name"], role=role, by=desk, now=now)
        expert = Expert.objects.get(user=user)
        expert.country, expert.languages, expert.max_load = entry["country"], entry["languages"], MOST[role]
        expert.organisation = None if entry["organisation"] is None else bodies[entry["organisation"]]
        save_expert(expert, weights=dict(zip(entry["topics"], WEIGHTS, strict=False)), by=desk, now=now + timedelta(hours=1))
    undertaking = undertaking_of(phase)
    for expert in Expert.objects.select_related("user"):
        accept_undertaking(expert.user, phase=phase, sha256=undertaking.sha256, by=expert.user, now=now + timedelta(hours=9))
