"""N1: worker groups end by kill -9 and by SIGTERM while they deliver; every mail arrives.

10,000 mails written by `post`, each in a transaction of its own, while 200 groups of two processes are killed and
50 asked to stop, each after a random number of further mails (quick: 1,000, 20, 5). Goal: all delivered; at most one
second copy per killed process, each with the Message-ID of the first and the evidence of a broken-off try; nothing
waits 60 s after the last end. The next group starts before the last one ends, as in a rolling restart.
"""

import contextlib
import random

from proposals.outbox.models import Attempt
from proposals.outbox.states import Result
from tests.proofs.letters import write
from tests.proofs.stage import Group, Late, Stage, wait_until
from tests.proofs.tally import copies, drain, tally
from tests.proofs.verdict import Verdict

MAILS, KILLS, STOPS = 10_000, 200, 50
DRAINED_WITHIN_S = 60
PATIENCE_S = 60


def prove(stage: Stage, *, full: bool, chance: random.Random) -> Verdict:
    """Play the row."""
    mails, kills, stops = (MAILS, KILLS, STOPS) if full else (MAILS // 10, KILLS // 10, STOPS // 10)
    ends = ["kill"] * kills + ["stop"] * stops
    chance.shuffle(ends)
    each = mails // len(ends)
    killed, statuses = 0, set()
    stage.beat()
    groups = [stage.worker(), stage.worker()]
    for number, end in enumerate(ends):
        _work(stage, number * each, each, chance)
        group = groups.pop(0)
        groups.append(stage.worker())
        if end == "kill":
            killed += group.kill()
        else:
            statuses.add(group.stop())
        stage.forget(group)
    drained = drain(stage, seconds=PATIENCE_S + DRAINED_WITHIN_S)
    verdict = _judge(stage, killed)
    verdict.require(statuses <= {0}, f"a group asked to stop ended with {sorted(statuses - {0})}")
    verdict.require(drained <= DRAINED_WITHIN_S, f"drained {drained:.0f} s after the last end")
    left = [pid for group in groups for pid in _end(group)]
    verdict.require(not left, f"{len(left)} processes outlived their group")
    verdict.figures |= {"kills": kills, "stops": stops, "killed_processes": killed, "drained_s": round(drained, 1)}
    return verdict


def _work(stage: Stage, first: int, count: int, chance: random.Random) -> None:
    """Write so many mails and let a random number of them go out: the group is in the middle of the rest then."""
    before = len(stage.sink.mails)
    write(first, count, each=True)
    further = chance.randrange(count)
    wait_until(
        lambda: len(stage.sink.mails) > before + further, seconds=PATIENCE_S, what="a worker group delivers", every_s=0.0005
    )


def _judge(stage: Stage, killed: int) -> Verdict:
    """Nothing lost, nothing made up, no copy without a cause."""
    found = tally(stage.sink.mails)
    twice = copies(stage.sink.mails)
    crashed = set(Attempt.objects.filter(outcome=Result.CRASHED).values_list("message__address", flat=True))
    verdict = Verdict(found.figures())
    verdict.require(not found.lost, f"{found.lost} mails were lost")
    verdict.require(not found.strange, f"{found.strange} mails came with a Message-ID that was not theirs")
    verdict.require(found.same_id == found.duplicates, f"{found.duplicates - found.same_id} copies had another Message-ID")
    verdict.require(found.duplicates <= killed, f"{found.duplicates} copies by {killed} killed processes")
    verdict.require(twice <= crashed, f"{len(twice - crashed)} mails came twice though no process died over them")
    return verdict


def _end(group: Group) -> list[int]:
    """Kill a group; what is left of it once the kernel has had its moment."""
    group.kill()
    with contextlib.suppress(Late):
        wait_until(lambda: not group.members(), seconds=5, what="the group is gone")
    return group.members()
