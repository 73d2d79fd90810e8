"""The letters of intent: written and submitted by their teams, most in the last days, and checked by the secretariat."""

import copy
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

from proposals.demo.filling import Filing
from proposals.demo.reference import load
from proposals.demo.story.calendar import LETTERS_CLOSE
from proposals.demo.story.stage import Stage
from proposals.intake import actions
from proposals.intake.models import Proposal
from proposals.intake.states import Status
from proposals.review.actions.opening import open_review

HEAVY_KG = 20
STORY = uuid.UUID("0b7f1f0a-4f0f-4b52-9a64-6f1f4c2f7f0e")


class StoryFiling(Filing):
    """A letter of intent of the story: the content of a synthetic proposal, under a key of its own."""

    @property
    def request_key(self) -> uuid.UUID:
        """Another key than that of the demonstration's proposal with the same content."""
        return uuid.uuid5(STORY, f"{self.call.pk}:{self.entry['key']}")


def under_the_cap(entry: dict[str, Any]) -> dict[str, Any]:
    """The same content; where the data has a draft above the cap for one module, its heaviest element is 2 kg lighter."""
    lighter = copy.deepcopy(entry)
    for module in lighter.get("modules", []):
        heaviest = max(module["elements"], key=lambda element: Decimal(element["cbe_kg"]))
        if entry["status"] == Status.DRAFT and Decimal(heaviest["cbe_kg"]) > HEAVY_KG:
            heaviest["cbe_kg"] = str(Decimal(heaviest["cbe_kg"]) - 2)
    return lighter


def file_letters(stage: Stage) -> list[Proposal]:
    """File them at spread instants: a few early, most in the last days, the last a quarter of an hour before the close."""
    entries = load("synthetic_proposals")[: stage.size.letters]
    filed = []
    for number, entry in enumerate(entries):
        left_days = LETTERS_CLOSE * (1 - (number + 1) / len(entries)) ** 2
        submitted_at = stage.clock.at(LETTERS_CLOSE - left_days) - timedelta(minutes=15)
        filing = StoryFiling(under_the_cap(entry), stage.call, stage.bodies, stage.desk, submitted_at - timedelta(hours=14))
        proposal = filing.begin()
        actions.submit(proposal, by=filing.author, now=submitted_at)
        filed.append(Proposal.objects.get(pk=proposal.pk))
    return filed


def check_letters(stage: Stage) -> None:
    """Take every submission in, end what is not eligible, and pass the rest on to review."""
    waiting = Proposal.objects.filter(call=stage.call, phase=stage.letters).order_by("submitted_at")
    received = list(waiting.select_related("call", "phase", "lead").defer("search"))
    for number, proposal in enumerate(received):
        now = stage.clock.at(LETTERS_CLOSE + 1, hour=number / 4)
        actions.receive(proposal, by=stage.desk, now=now)
        if number >= len(received) - stage.size.ineligible:
            why = load("story")["why_ineligible"]
            actions.declare_ineligible(proposal, reason=why, by=stage.desk, now=now + timedelta(hours=3))
        else:
            open_review(proposal, by=stage.desk, now=now + timedelta(hours=5))
