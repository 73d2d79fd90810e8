"""After the answers: conditions met, agreements worked through, projects announced, and what became of two of them."""

from datetime import timedelta

from proposals.decisions.actions import after, agreements
from proposals.decisions.actions.announcing import announce
from proposals.decisions.actions.conditions import confirm
from proposals.decisions.queries.agreements import conditions_of
from proposals.decisions.queries.announcing import entries_of
from proposals.demo.reference import load
from proposals.demo.story.stage import Stage
from proposals.intake.models import Proposal
from proposals.intake.states import Status

MET = "Seen and accepted by the engineers (synthetic)."


def _in(stage: Stage, status: Status) -> list[Proposal]:
    found = Proposal.objects.filter(call=stage.call, status=status).select_related("call", "phase", "lead").defer("search")
    return list(found.order_by("reference"))


def meet_conditions(stage: Stage, *, day: float) -> None:
    """All conditions are met, but those of the last project: it stays conditionally selected where there is another."""
    waiting = _in(stage, Status.CONDITIONAL)
    for number, proposal in enumerate(waiting[:-1] or waiting):
        for condition in conditions_of(proposal):
            confirm(condition, note=MET, by=stage.second, now=stage.clock.at(day + number, hour=condition.position))


def agree(stage: Stage, *, first_day: float, last_day: float) -> None:
    """Begin an agreement with every selected project; all are concluded but the last, whose list is half done."""
    said, selected = load("story"), _in(stage, Status.SELECTED)
    for number, proposal in enumerate(selected):
        agreement = agreements.open_agreement(
            proposal,
            counterpart=said["counterparts"][number % len(said["counterparts"])],
            contact=said["contact"],
            planned_on=stage.clock.on(last_day),
            by=stage.desk,
            now=stage.clock.at(first_day, hour=number),
        )
        items = list(agreement.items.all())
        stays_open = proposal is selected[-1] and len(selected) > 1
        done = items[: len(items) // 2] if stays_open else items
        agreements.tick(agreement, items=done, by=stage.second, now=stage.clock.at(last_day - 5, hour=number))
        if not stays_open:
            signed_at = stage.clock.at(last_day - 1, hour=number)
            agreements.agree(agreement, signed_on=signed_at.date(), by=stage.desk, now=signed_at + timedelta(hours=12))


def announce_all(stage: Stage, *, day: float) -> None:
    """Everything agreed becomes public in one act."""
    announce(entries_of(_in(stage, Status.AGREED)), by=stage.desk, now=stage.clock.at(day))


def change_two(stage: Stage, *, day: float) -> None:
    """One project is descoped and another deferred, where there are enough to leave some as they were."""
    said, public = load("story")["after"], _in(stage, Status.ANNOUNCED)
    if len(public) > 3:
        after.descope(public[0], reason=said["descope"], by=stage.desk, now=stage.clock.at(day))
        after.defer(public[1], reason=said["defer"], by=stage.desk, now=stage.clock.at(day + 20))
