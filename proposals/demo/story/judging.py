"""From the reviews to the answers: the panel's order and record, decisions, and their release by a second person."""

from collections.abc import Sequence
from datetime import timedelta

from proposals.calls.models import Phase
from proposals.decisions.actions.deciding import decide
from proposals.decisions.actions.inviting import invite
from proposals.decisions.actions.releases import approve, prepare, release_due
from proposals.decisions.models import Decision, Release
from proposals.decisions.states import Outcome
from proposals.demo.reference import load
from proposals.demo.story.stage import Stage
from proposals.intake.models import Proposal
from proposals.intake.states import Status
from proposals.review.actions.panels import Entry, Sheet, bring_before_panel, freeze, keep, open_panel
from proposals.review.models import Panel
from proposals.review.queries.results import results_of

NOTE = "Discussed in the order of the ranking (synthetic)."


class NotReleased(Exception):
    """The release met an obstacle; the message says which."""


def outcomes(stage: Stage, phase: Phase, ranked: int) -> list[Outcome]:
    """What the panel recommends by rank: so many as the story needs of each."""
    size = stage.size
    if phase == stage.letters:
        given = [
            (Outcome.PRELIMINARY, size.invited),
            (Outcome.MERGED, size.merged_letters),
            (Outcome.RESERVE, size.reserve_letters),
        ]
        last = Outcome.NOT_SELECTED
    else:
        taken = size.projects - size.conditional
        given = [(Outcome.SELECTED, taken), (Outcome.CONDITIONAL, size.conditional), (Outcome.MERGED, size.merged)]
        last = Outcome.RESERVE
    found = [outcome for outcome, count in given for _ in range(count)]
    return (found + [last] * ranked)[:ranked]


def hold_panel(stage: Stage, phase: Phase, *, day: float) -> Panel:
    """Bring everything under review before the panel; the chair orders it, keeps the minutes, and freezes the record."""
    clock, said = stage.clock, load("story")
    title, held_on = f"Panel: {phase.title} (synthetic)", clock.on(day)
    panel = open_panel(phase, title=title, held_on=held_on, chair=stage.chair, by=stage.desk, now=clock.at(day - 2))
    reviewed = list(Proposal.objects.filter(phase=phase, status=Status.UNDER_REVIEW))
    bring_before_panel(reviewed, panel=panel, despite_missing=True, by=stage.desk, now=clock.at(day - 1))
    rows = results_of(list(Proposal.objects.filter(phase=phase, status=Status.PANEL)), phase=phase).rows
    items = dict(panel.items.values_list("proposal_id", "pk"))
    recommended = outcomes(stage, phase, len(rows))
    entries = [Entry(items[row.proposal.pk], what.value, NOTE) for row, what in zip(rows, recommended, strict=True)]
    sheet = Sheet(
        revision=Panel.objects.get(pk=panel.pk).revision,
        held_on=held_on,
        chair=stage.chair,
        present=said["present"],
        minutes=said["minutes"],
        entries=entries,
    )
    kept = keep(panel, sheet=sheet, by=stage.chair, now=clock.at(day, hour=6))
    return freeze(panel, revision=kept.revision, by=stage.chair, now=clock.at(day, hour=8))


def answer(stage: Stage, phase: Phase, panel: Panel, *, day: float) -> Release:
    """Draft a decision for each, as the panel recommends; the board releases them all at one instant."""
    clock = stage.clock
    items = list(panel.items.select_related("proposal__call", "proposal__phase", "proposal__lead").order_by("position"))
    goes_on = [item.proposal for item in items if item.recommends in {Outcome.PRELIMINARY, Outcome.SELECTED}]
    joined = 0
    for rank, item in enumerate(items, 1):
        target = None
        if item.recommends == Outcome.MERGED:
            target, joined = goes_on[joined % len(goes_on)], joined + 1
        _decide(stage, item.proposal, Outcome(item.recommends), rank, target, day=day - 3 + rank / 100)
    drafted = list(Decision.objects.open().filter(phase=phase))
    title = f"Answers: {phase.title} (synthetic)"
    release = prepare(phase, decisions=drafted, title=title, by=stage.desk, now=clock.at(day - 2))
    held = Release.objects.get(pk=release.pk)
    approve(held, release_at=clock.at(day), by=stage.board, now=clock.at(day - 1))
    release_due(now=clock.at(day))
    done = Release.objects.get(pk=release.pk)
    if done.released_at is None:
        raise NotReleased(done.problem)
    return done


def _decide(stage: Stage, proposal: Proposal, outcome: Outcome, rank: int, target: Proposal | None, *, day: float) -> None:
    said = load("story")
    agreed = proposal.consensus.filter(phase=proposal.phase_id).first()
    key = outcome.value if outcome in {Outcome.CONDITIONAL, Outcome.MERGED} else "phase"
    conditions = [
        {"text": text, "due_on": stage.clock.on(day + 60 + 10 * number)}
        for number, text in enumerate(said["conditions"][: 1 + rank % 2], 1)
    ]
    decide(
        proposal,
        outcome=outcome,
        reason=f"Place {rank} in the order of the panel (synthetic).",
        feedback=agreed.feedback if agreed else NOTE,
        wording=stage.wordings[key],
        merged_into=target,
        conditions=conditions if outcome == Outcome.CONDITIONAL else (),
        by=stage.desk,
        now=stage.clock.at(day),
    )


def invite_the_first(stage: Stage, *, day: float) -> Sequence[Proposal]:
    """Invite what was preliminarily selected to the full proposal."""
    chosen = Proposal.objects.filter(phase=stage.letters, status=Status.PRELIMINARY).select_related("call", "phase", "lead")
    invite(list(chosen), by=stage.desk, now=stage.clock.at(day) + timedelta(hours=1))
    return list(Proposal.objects.filter(phase=stage.full, status=Status.DRAFT).select_related("call", "phase", "lead"))
