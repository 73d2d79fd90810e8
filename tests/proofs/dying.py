"""Submits proposals, each in a process of its own that dies by kill -9 where its plan says; played by row N3.

python -m tests.proofs.dying PLANS.json   (a list of {"proposal", "person", "step", "after", "rolls_back"})
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Where a process may die: at one of the statements ("after" so many), around COMMIT, around the ring that follows it.
AROUND = ("before commit", "after commit", "before the bell", "after the bell")


class RolledBack(Exception):
    """Raised by a plan after everything was written, as any fault of the code would."""


def main(path: Path) -> None:
    """Play each plan; the file becomes the list of how each process ended (a signal's number, or 0)."""
    import django

    django.setup()
    ends = []
    for plan in json.loads(path.read_text()):
        child = os.fork()
        if not child:
            play(plan)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        ends.append(os.waitstatus_to_exitcode(status))
    path.write_text(json.dumps(ends))


def play(plan: dict[str, Any]) -> None:
    """Submit one proposal, and die on the way."""
    from django.db import transaction
    from django.utils import timezone

    from proposals.intake import actions
    from proposals.intake.models import Proposal
    from proposals.partners.models import User

    proposal, person = Proposal.objects.get(pk=plan["proposal"]), User.objects.get(pk=plan["person"])
    arm(plan["step"], plan["after"])
    try:
        with transaction.atomic():
            actions.submit(proposal, by=person, now=timezone.now())
            if plan["rolls_back"]:
                raise RolledBack
    except RolledBack:
        pass


def arm(step: str, after: int) -> None:
    """Have this process killed at the step."""
    from celery.signals import after_task_publish, before_task_publish
    from django.db import connection

    def die(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    if step == "statement":
        connection.execute_wrappers.append(_counted(after, die))
    elif step == "before the bell":
        before_task_publish.connect(die, weak=False)
    elif step == "after the bell":
        after_task_publish.connect(die, weak=False)
    elif step:
        connection.ensure_connection()
        commit = connection.connection.commit

        def dying() -> None:
            if step == "before commit":
                die()
            commit()
            die()

        connection.connection.commit = dying


def _counted(after: int, die: Callable[[], None]) -> Callable[..., Any]:
    done = 0

    def run(execute: Callable[..., Any], *words: Any) -> Any:
        nonlocal done
        answer = execute(*words)
        done += 1
        if done == after:
            die()
        return answer

    return run


if __name__ == "__main__":
    main(Path(sys.argv[1]))
