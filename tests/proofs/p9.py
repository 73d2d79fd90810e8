"""P9: the state machine in the hands of chance: lives of proposals made of every verb there is, legal and not.

200 worlds x 500 steps (quick: 4 x 250); each world has six proposals, people of each role, and a clock of its own. A step
is one verb by one person at one moment, or an illegal change by raw SQL. Goal: after every 50 steps and at the end each
rule of `manage.py check_invariants` holds (there are at least 25), nothing breaks but by a refusal that the business
knows, the database refuses every illegal change; the same seed takes the same way.
"""

import random
from collections import Counter
from datetime import UTC, datetime

from django.utils import timezone

from proposals.audit.queries import verify
from proposals.decisions.queries.invariants import RULES, broken
from proposals.intake.models import Proposal
from proposals.intake.states import Status
from tests.proofs.stage import Stage
from tests.proofs.verbs import REFUSALS, VERBS
from tests.proofs.verdict import Verdict
from tests.proofs.world import World

WORLDS, STEPS, PROPOSALS, CHECKED_EVERY = 200, 500, 6, 50
QUICK_WORLDS, QUICK_STEPS, QUICK_VERBS = 4, 250, 30  # so few steps need not meet every verb
LEAST_RULES = 25
BEGIN = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


def prove(stage: Stage, *, full: bool, chance: random.Random) -> Verdict:
    """Play the row."""
    worlds, steps = (WORLDS, STEPS) if full else (QUICK_WORLDS, QUICK_STEPS)
    verdict, counts, ends = Verdict(), Counter[str](), Counter[str]()
    ways: list[list[tuple[str, str]]] = []
    for number in range(worlds):
        seed = chance.getrandbits(32)
        stage.fresh()
        world, way = _live(seed, steps, verdict, number)
        counts += world.counts
        ends.update(Proposal.objects.values_list("status", flat=True))
        if number == 0:  # once more, the same way
            stage.fresh()
            verdict.require(_live(seed, steps, verdict, number)[1] == way, "the same seed took another way")
        ways.append(way)
        if verdict.failures:
            break
    for problem in verify(now=timezone.now()):
        verdict.require(holds=False, why=f"the trail: {problem.says}")
    done = Counter(name for way in ways for name, told in way if told == "done")
    never = sorted({name for name, _ in VERBS} - set(done))
    verdict.require(len(RULES) >= LEAST_RULES, f"there are {len(RULES)} rules only")
    met = len({name for name, _ in VERBS}) - len(never)
    verdict.require(not never if full else met >= QUICK_VERBS, f"never done, so never tested: {', '.join(never)}")
    verdict.figures |= {
        "worlds": len(ways), "steps": sum(map(len, ways)), "rules": len(RULES) + 1, "done": counts["done"],
        "refused": sum(counts[kind] for kind in counts if kind != "done" and not kind.startswith("raw")),
        "raw_refused": counts["raw moves refused"] + counts["raw phases refused"],
        "verbs_done": met, "verbs": met + len(never), "statuses_at_the_end": len(ends), "of": len(Status),
        "violations": len(verdict.failures),
    }  # fmt: skip
    return verdict


def _live(seed: int, steps: int, verdict: Verdict, number: int) -> tuple[World, list[tuple[str, str]]]:
    """One world to its end; what it did, step by step."""
    world = World(random.Random(seed), proposals=PROPOSALS, now=BEGIN)
    way: list[tuple[str, str]] = []
    for step in range(1, steps + 1):
        way.append(world.step(VERBS, REFUSALS))
        if step % CHECKED_EVERY == 0 or step == steps:
            for rule in broken():
                verdict.require(holds=False, why=f"world {number} (seed {seed}), step {step}: {rule.rule}: {rule.rows[0]}")
            if verdict.failures:
                break
    return world, way
