"""MAIL: how fast one worker group delivers, and what mail that waits costs the web pages.

5,000 mails written by `post` in one transaction go from one group of two processes to the sink (quick: 500), leases
and evidence on; the sink's own limit is taken in the same run, from two plain senders of the same bytes. Goal: each
mail exactly once, over at most a few connections; 300 a second on an idle machine, which is printed and not judged:
a shared machine's figures swing. Then six pages of staff and partners are asked for in turns with no mail and with 10,000
mails waiting (quick: 1,000). Goal: the same statements, and at most 1.25 x the processor time; in quick form, of a page
that takes three milliseconds, the time is printed and not judged.
"""

import random
import time

from proposals.outbox.gateways import knock
from tests.proofs import pages
from tests.proofs.letters import write
from tests.proofs.stage import Stage, wait_until
from tests.proofs.tally import drain, tally
from tests.proofs.verdict import Verdict

MAILS, PENDING = 5_000, 10_000
SENDERS = 2
GOAL_PER_S = 300
PAGES_WITHIN = 1.25
PATIENCE_S = 900  # a machine that others use is slow, not wrong: the rate is printed beside the sink's


def prove(stage: Stage, *, full: bool, chance: random.Random) -> Verdict:
    """Play the row."""
    share = 1 if full else 10
    verdict = Verdict()
    _rate(stage, MAILS // share, verdict)
    stage.fresh()
    costs = pages.compare(stage, PENDING // share, rounds=10 if full else 4)
    verdict.require(len(costs) == len(pages.PAGES), "a page was not measured")
    for cost in costs:
        told = f"{cost.page}: {cost.without_ms:.1f} ms without, {cost.ms:.1f} ms with {PENDING // share} waiting"
        verdict.require(not full or cost.ratio <= PAGES_WITHIN, told)
        counted = f"{cost.page}: {cost.statements_without} statements, {cost.statements} with mail waiting"
        verdict.require(cost.statements == cost.statements_without, counted)
    within = all(cost.ratio <= PAGES_WITHIN for cost in costs)
    verdict.figures |= {
        "pending": PENDING // share,
        "pages_goal": "met" if within else "missed",
        **{f"{cost.page}_x": cost.ratio for cost in costs},
    }
    return verdict


def _rate(stage: Stage, mails: int, verdict: Verdict) -> None:
    """From the ring to the last mail received; then the sink with plain senders."""
    worker = stage.worker()
    write(0, 40, prefix="warm")
    knock()
    knock()
    wait_until(lambda: len(stage.sink.mails) == 40, seconds=PATIENCE_S, what="the worker has begun")
    drain(stage, seconds=PATIENCE_S)
    stage.sink.talks.clear()
    write(0, mails)
    began = time.monotonic()
    knock()  # a ring for each process; posting rang once
    wait_until(lambda: len(stage.sink.mails) >= 40 + mails, seconds=PATIENCE_S, what=f"{mails} mails came", every_s=0.005)
    rate = mails / (time.monotonic() - began)
    drain(stage, seconds=PATIENCE_S)
    found, connections = tally(stage.sink.mails), len(stage.sink.talks)
    worker.stop()
    limit = _sink_limit(stage, mails)
    verdict.require(not found.lost, f"{found.lost} mails were lost")
    verdict.require(not found.duplicates and not found.strange, f"{found.duplicates} copies, {found.strange} strange mails")
    # a run of delivery ends after five seconds or 500 mails, and closes its connection
    most = 2 * (mails // 500 + int(mails / rate / 5) + 3)
    verdict.require(connections <= most, f"{connections} connections for {mails} mails")
    verdict.figures |= {
        **found.figures(), "connections": connections, "mails_per_s": round(rate), "sink_limit_per_s": round(limit),
        "share_of_limit": rate / limit, "goal_300_per_s": "met" if rate >= GOAL_PER_S else "missed",
    }  # fmt: skip


def _sink_limit(stage: Stage, mails: int) -> float:
    """Mails a second that the sink takes from two senders who do nothing else, between the first and the last."""
    sample = stage.stack.state / "sample.eml"
    sample.write_bytes(stage.sink.mails[-1].raw)
    stage.sink.mails.clear()
    for _ in range(SENDERS):
        stage.python("tests.proofs.blast", str(stage.sink.port), str(mails // SENDERS), str(sample))
    total = mails // SENDERS * SENDERS
    wait_until(lambda: len(stage.sink.mails) >= total, seconds=PATIENCE_S, what="the plain senders are done", every_s=0.02)
    return (total - 1) / (stage.sink.mails[-1].at - stage.sink.mails[0].at)
