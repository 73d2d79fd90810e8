"""N6: rolling restarts under load: no mail lost, no request failed, no memory grown.

50,000 mails are written while people use the site (quick: 2,000). Twice ten rolling restarts spread over the first
three fifths of them: one of two worker groups, then the web server, by SIGTERM as a deployment does it (quick: 4).
The people call as through the proxy of docker-compose.yml: a refused connection is tried again for 15 s, a request
cut off only if it was a GET; a form cut off or answered by 5xx is a failure, and the last form acknowledged
must be what the database holds. Over the last two fifths nothing is restarted; from their first tenth to
their end the memory of workers, web and beat may grow by a tenth. Goal: each mail exactly once, 0 5xx.
"""

import random
import threading
import time

from django.db import connections

from proposals.partners.models import User
from tests.proofs.callers import PARTNER, Callers
from tests.proofs.letters import write
from tests.proofs.stage import Group, Stage, wait_until
from tests.proofs.tally import drain, tally
from tests.proofs.verdict import Verdict

MAILS, RESTARTS = 50_000, 20
QUICK_MAILS, QUICK_RESTARTS = 2_000, 4
IN_RESTARTS, SETTLED = 0.6, 0.64  # of the mails: the last restart, and where memory is first measured
GROWTH = 1.1
CHUNK = 50
AHEAD = 1_500  # so many mails are written before they are sent, no more: it is a steady day, not a backlog
PATIENCE_S = 240


def prove(stage: Stage, *, full: bool, chance: random.Random) -> Verdict:
    """Play the row."""
    mails, restarts = (MAILS, RESTARTS) if full else (QUICK_MAILS, QUICK_RESTARTS)
    stage.manage("seed")
    beat, web, groups = stage.beat(), stage.web(WEB_WORKERS="2"), [stage.worker(), stage.worker()]
    drain(stage, seconds=PATIENCE_S)  # what the seed wrote
    writer = Writer(stage, mails)
    with Callers(stage, web.port) as callers:
        writer.start()
        for number in range(restarts):
            _await(stage, writer, mails * IN_RESTARTS * (number + chance.random()) / restarts)
            groups.append(_restarted(stage, groups.pop(0)))
            web.stop()
            stage.forget(web)
            web = stage.web(port=web.port, WEB_WORKERS="2")
        _await(stage, writer, mails * SETTLED)
        before = _memory(groups, beat, web)
        writer.join(PATIENCE_S * 10)
        drain(stage, seconds=PATIENCE_S)
        after = _memory(groups, beat, web)
    growth = {name: after[name] / before[name] for name in after}

    verdict = Verdict()
    found = tally(stage.sink.mails, only="steady-")
    verdict.require(not writer.error, f"the writer broke: {writer.error}")
    verdict.require(not found.lost, f"{found.lost} mails were lost")
    verdict.require(not found.strange and not found.duplicates, f"{found.strange} strange mails, {found.duplicates} copies")
    verdict.require(not callers.failures, f"{len(callers.failures)} requests failed: {callers.failures[:3]}")
    verdict.require(callers.answered >= restarts * 5, f"only {callers.answered} requests were answered")
    held = User.objects.get(email=PARTNER).full_name
    verdict.require(held == callers.acknowledged, f"the database holds {held!r}, acknowledged was {callers.acknowledged!r}")
    for name, times in growth.items():
        verdict.require(times <= GROWTH, f"{name} grew from {before[name]} to {after[name]} KiB")
    verdict.figures |= {
        **found.figures(), "restarts": restarts, "requests": callers.answered, "forms": callers.forms,
        "failed": len(callers.failures), "longest_wait_s": round(callers.longest_s, 1),
        **{f"memory_{name}_x": times for name, times in growth.items()},
    }  # fmt: skip
    return verdict


def _restarted(stage: Stage, group: Group) -> Group:
    group.stop()
    stage.forget(group)
    return stage.worker()


def _memory(groups: list[Group], beat: Group, web: Group) -> dict[str, int]:
    """KiB by part."""
    return {"workers": sum(group.memory_kib() for group in groups), "web": web.memory_kib(), "beat": beat.memory_kib()}


def _await(stage: Stage, writer: "Writer", mails: float) -> None:
    """Wait until so many of the writer's mails have come."""
    wanted = writer.before + mails
    wait_until(
        lambda: writer.error or len(stage.sink.mails) >= wanted, seconds=PATIENCE_S, what=f"{wanted:.0f} mails came", every_s=0.05
    )


class Writer(threading.Thread):
    """Writes mails in small transactions, a little ahead of what is delivered."""

    def __init__(self, stage: Stage, mails: int) -> None:
        super().__init__(daemon=True)
        self.stage, self.mails = stage, mails
        self.before = len(stage.sink.mails)
        self.error = ""

    def run(self) -> None:
        """Until all are written."""
        try:
            for first in range(0, self.mails, CHUNK):
                while self.before + first - len(self.stage.sink.mails) > AHEAD:
                    time.sleep(0.05)
                write(first, min(CHUNK, self.mails - first), prefix="steady")
        except Exception as error:  # noqa: BLE001  # told by the row
            self.error = f"{type(error).__name__}: {error}"
        finally:
            connections.close_all()
