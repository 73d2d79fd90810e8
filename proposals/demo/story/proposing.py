"""The full proposals of those who were invited: what the letter left open is added, then two keys turn."""

from decimal import Decimal

from proposals.demo.reference import load
from proposals.demo.story.filing import StoryFiling
from proposals.demo.story.stage import Stage
from proposals.intake import actions
from proposals.intake.models import Proposal
from proposals.review.actions.opening import open_review

ADDED = {
    "cost_currency": "EUR",
    "schedule": "Preliminary design review after 9 months, flight model after 30 months (synthetic).",
    "risks": "The release device is new; a second source is under study (synthetic).",
}


def write_in_full(stage: Stage, invited: list[Proposal], *, first_day: float, last_day: float) -> None:
    """Each team adds cost, schedule and risks; the principal investigator releases, the representative submits."""
    by_title = {entry["title"]: entry for entry in load("synthetic_proposals")}
    for number, proposal in enumerate(sorted(invited, key=lambda one: one.title)):
        day = first_day + (last_day - first_day) * number / len(invited)
        filing = StoryFiling(by_title[proposal.title], stage.call, stage.bodies, stage.desk, stage.clock.at(day))
        cost = {"cost_amount": Decimal(4_000_000 + 250_000 * number), "funding_secured_percent": Decimal(40 + 3 * number)}
        filing.page(proposal, "cost", {**ADDED, **cost})
        actions.release(proposal, by=filing.author, now=filing.later(hours=2))
        actions.submit(proposal, by=filing.author, now=filing.later(hours=20))


def check_in_full(stage: Stage, *, day: float) -> None:
    """Compliance: every full proposal is taken in and passed on to review."""
    waiting = Proposal.objects.filter(phase=stage.full).order_by("submitted_at").select_related("call", "phase", "lead")
    for number, proposal in enumerate(waiting.defer("search")):
        now = stage.clock.at(day, hour=number / 4)
        actions.receive(proposal, by=stage.desk, now=now)
        open_review(proposal, by=stage.desk, now=stage.clock.at(day + 1, hour=number / 4))
