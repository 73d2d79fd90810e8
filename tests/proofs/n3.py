"""N3: a process dies at every step around the commit of a submission; who was told stands and falls with what was kept.

500 submissions, each in a process of its own that is killed (-9) at one of its statements, before or after COMMIT,
before or after the ring that follows it, or lives; and 500 that are rolled back by a fault after everything was
written (quick: 50 and 50). Goal: the receipt of each submission that the database holds arrives within 60 s of the
last death, to each member of the team, once; not one mail of the others.
"""

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

from django.db import connection

from proposals.intake.models import Proposal
from proposals.intake.states import Status
from tests.factories import make_call, make_proposal, make_user
from tests.intake.conftest import fill
from tests.proofs.dying import AROUND, play
from tests.proofs.stage import Stage, wait_until
from tests.proofs.tally import drain, tally
from tests.proofs.verdict import Verdict

SUBMITS, ROLLBACKS = 500, 500
MAILED_WITHIN_S = 60
EACH_S = 5.0  # so long may one process take, on a machine that has other work too


def prove(stage: Stage, *, full: bool, chance: random.Random) -> Verdict:
    """Play the row."""
    submits, rollbacks = (SUBMITS, ROLLBACKS) if full else (SUBMITS // 10, ROLLBACKS // 10)
    call = make_call()
    statements = _statements(_draft(call, "whole"))
    plans = [_plan(call, f"submit-{n}", _step(chance, statements)) for n in range(submits)]
    plans += [_plan(call, f"rollback-{n}", ("", 0), rolls_back=True) for n in range(rollbacks)]
    chance.shuffle(plans)
    stage.worker()
    stage.beat()
    ends = _play(stage, plans)
    drained = drain(stage, seconds=MAILED_WITHIN_S * 2)
    return _judge(stage, plans, ends, drained)


def _draft(call: Any, name: str) -> Proposal:
    """A complete letter of intent whose author has an address of its own."""
    return fill(make_proposal(call=call, by=make_user(email=f"{name}@partner.example")))


def _plan(call: Any, name: str, step: tuple[str, int], *, rolls_back: bool = False) -> dict[str, Any]:
    draft = _draft(call, name)
    person = draft.created_by_id
    return {"proposal": str(draft.pk), "person": person, "step": step[0], "after": step[1], "rolls_back": rolls_back}


def _statements(draft: Proposal) -> int:
    """How many statements a submission is, by one that lives."""
    count = 0

    def counted(execute: Any, *words: Any) -> Any:
        nonlocal count
        count += 1
        return execute(*words)

    with connection.execute_wrapper(counted):
        play({"proposal": str(draft.pk), "person": draft.created_by_id, "step": "", "after": 0, "rolls_back": False})
    return count


def _step(chance: random.Random, statements: int) -> tuple[str, int]:
    """Where one dies: as often at a statement as around the commit; one in ten lives."""
    drawn = chance.random()
    if drawn < 0.1:
        return "", 0
    return ("statement", chance.randint(1, statements)) if drawn < 0.5 else (chance.choice(AROUND), 0)


def _play(stage: Stage, plans: list[dict[str, Any]]) -> list[int]:
    """How each process ended, once the database has let go of them all."""
    path = Path(stage.stack.state) / "plans.json"
    path.write_text(json.dumps(plans))
    group = stage.python("tests.proofs.dying", str(path))
    wait_until(group.ended, seconds=EACH_S * len(plans), what="every plan was played", every_s=0.1)
    if group.status():
        raise RuntimeError(f"the plans broke:\n{stage.log_of('dying')}")
    ends: list[int] = json.loads(path.read_text())
    return ends


def _judge(stage: Stage, plans: list[dict[str, Any]], ends: list[int], drained: float) -> Verdict:
    verdict = Verdict()
    found = tally(stage.sink.mails)
    statuses = {str(pk): status for pk, status in Proposal.objects.values_list("pk", "status")}
    author = {str(pk): email for pk, email in Proposal.objects.values_list("pk", "created_by__email")}
    came = Counter(address for mail in stage.sink.mails for address in mail.to)
    kept = {plan["proposal"] for plan in plans if statuses[plan["proposal"]] == Status.SUBMITTED}
    untold = sum(came[author[proposal]] != 1 for proposal in kept)
    told = sum(came[author[plan["proposal"]]] for plan in plans if plan["proposal"] not in kept)
    broken = [plan for plan in plans if plan["rolls_back"] and plan["proposal"] in kept]
    # a ring that failed, as it may on a busy machine, is not followed by the death that was to come after it
    certain = set(AROUND) - {"after the bell"}
    alive = [plan for plan, end in zip(plans, ends, strict=True) if plan["step"] in certain and end != -9]
    verdict.require(not untold, f"{untold} submissions of {len(kept)} have not one receipt")
    verdict.require(not told, f"{told} mails tell of what was not kept")
    verdict.require(not broken, f"{len(broken)} submissions outlived their rollback")
    verdict.require(not alive, f"{len(alive)} processes lived though their plan was to die")
    verdict.require(not found.lost and not found.strange, f"{found.lost} mails lost, {found.strange} strange")
    verdict.require(drained <= MAILED_WITHIN_S, f"mailed {drained:.0f} s after the last death")
    verdict.figures |= {
        "submits": sum(not plan["rolls_back"] for plan in plans), "rollbacks": sum(plan["rolls_back"] for plan in plans),
        "killed": ends.count(-9), "committed": len(kept), "receipts": sum(came[author[each]] for each in kept),
        "mails_of_others": told, "drained_s": round(drained, 1),
    }  # fmt: skip
    return verdict
