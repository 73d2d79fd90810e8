"""The whole story in one transaction, as far as it is asked for."""

from collections import Counter
from datetime import datetime

from django.db import transaction

from proposals.calls.models import Call
from proposals.demo.reference import load
from proposals.demo.story.assigning import accept_the_last, assign_reviews
from proposals.demo.story.calendar import STOPS, Clock, Size
from proposals.demo.story.ending import agree, announce_all, change_two, meet_conditions
from proposals.demo.story.filing import check_letters, file_letters
from proposals.demo.story.judging import answer, hold_panel, invite_the_first
from proposals.demo.story.proposing import check_in_full, write_in_full
from proposals.demo.story.reviewing import review_all
from proposals.demo.story.stage import Stage, set_stage
from proposals.intake.models import Proposal


class NotHere(Exception):
    """The story is not played in this database; the message says why. Nothing was changed."""


@transaction.atomic
def play(now: datetime, *, until: str = "announced", size: Size | None = None) -> dict[str, int]:
    """This will play the story up to the state `until`, which is reached at `now`; gives how many proposals are in which state.

    Nothing is shown to anyone, and no mail leaves, before all of it is there. Raises NotHere in a database that holds
    proposals to a real call, or where it was played before.
    """
    code = load("story")["call"]["code"]
    if until not in STOPS:
        raise NotHere(f"The story has no state “{until}”; choose one of: {', '.join(STOPS)}.")
    if Proposal.objects.filter(call__is_synthetic=False).exists():
        raise NotHere("This database holds proposals to a real call: the story belongs in a demonstration only.")
    if Call.objects.filter(code=code).exists():
        raise NotHere(f"The story was played here before (call {code}). Play it in a fresh database to see another state.")
    stage = set_stage(Clock(now, until), size or Size())
    _letters(stage)
    if stage.clock.reaches("full"):
        _projects(stage)
    found = Counter(Proposal.objects.filter(call=stage.call).order_by("status").values_list("status", flat=True))
    return dict(found)


def _letters(stage: Stage) -> None:
    """The first phase: letters, their review, and the answers to them."""
    clock, phase = stage.clock, stage.letters
    file_letters(stage)
    if clock.reaches("assigned"):
        check_letters(stage)
        assign_reviews(stage, phase, day=37)
    if clock.reaches("reviewed"):
        accept_the_last(stage, phase, day=41)
        review_all(stage, phase, first_day=42, last_day=65)
    if clock.reaches("panel"):
        panel = hold_panel(stage, phase, day=73)
        if clock.reaches("released"):
            answer(stage, phase, panel, day=80)


def _projects(stage: Stage) -> None:
    """The second phase: full proposals, their review, the projects that come of them, and what becomes of those."""
    clock, phase = stage.clock, stage.full
    invited = list(invite_the_first(stage, day=83))
    write_in_full(stage, invited, first_day=90, last_day=140)
    if clock.reaches("decided"):
        check_in_full(stage, day=146)
        assign_reviews(stage, phase, day=150)
        accept_the_last(stage, phase, day=153)
        review_all(stage, phase, first_day=155, last_day=178)
        answer(stage, phase, hold_panel(stage, phase, day=190), day=203)
    if clock.reaches("agreed"):
        meet_conditions(stage, day=225)
        agree(stage, first_day=235, last_day=300)
    if clock.reaches("announced"):
        announce_all(stage, day=330)
        change_two(stage, day=370)
