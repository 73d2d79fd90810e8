"""What a release holds: how many of which outcome, who is told, and what stands in its way."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from proposals.calls.models import Phase
from proposals.decisions.models import Decision, Release, ReleaseQuerySet
from proposals.decisions.queries.deciding import decisions_for
from proposals.decisions.queries.letters import digest_of, letters_of_all
from proposals.decisions.states import LEADS_TO, Outcome
from proposals.intake.calculations.placeholders import used
from proposals.intake.models import Proposal
from proposals.intake.queries.letters import Written
from proposals.intake.queries.queue import told_of
from proposals.intake.states import MOVES, Status
from proposals.partners.models import Mailbox, User

# What a proposal may be by the end of a release for another one to go into it.
_TAKES = {Status.PRELIMINARY, Status.SELECTED, Status.CONDITIONAL, Status.RESERVE}
_READY = {Status.DECIDED, Status.RESERVE, Status.CONDITIONAL}


@dataclass(frozen=True)
class Obstacle:
    """One thing that stands in the way of a release: about which decision, and what."""

    decision: Decision
    why: str

    def __str__(self) -> str:
        return f"{self.decision.proposal.reference}: {self.why}"


@dataclass(frozen=True)
class Entry:
    """One letter of a release: its decision, who gets the mail that it waits, and the texts as they were prepared."""

    decision: Decision
    told: list[User | Mailbox]
    letters: list[Any] = field(default_factory=list)


def releases_for(user: Any) -> ReleaseQuerySet:
    """The releases that hold no proposal from which a conflict bars this reader, newest first."""
    about = Proposal.objects.visible_to(user).values("pk")
    barred = Decision.objects.exclude(proposal__in=about).exclude(release=None).values("release")
    people = ("prepared_by", "approved_by", "stopped_by")
    return Release.objects.exclude(pk__in=barred).select_related("phase__call", *people)


def waiting_for(user: Any, phase: Phase, release: Release | None = None) -> list[Decision]:
    """The decisions of a phase that no release holds yet, and those of this one, by reference."""
    free = decisions_for(user).open().filter(phase=phase)
    held = free.filter(release=None) if release is None else free.filter(release=None) | free.filter(release=release)
    return list(held.select_related("wording__wording").order_by("proposal__reference"))


def phases_waiting(user: Any) -> list[tuple[Phase, int]]:
    """The phases with decisions that no release holds, each with how many."""
    rows = decisions_for(user).open().filter(release=None).order_by("phase__call_id", "phase__position")
    counted = Counter(row.phase_id for row in rows)
    phases = Phase.objects.filter(pk__in=counted).select_related("call").order_by("call_id", "position")
    return [(phase, counted[phase.pk]) for phase in phases]


def decisions_of(release: Release) -> list[Decision]:
    """The decisions of a release with all that their letters tell, by reference; dropped ones too: they stand in the way."""
    rows = release.decisions.select_related("proposal__call", "proposal__phase", "proposal__lead", "phase", "wording")
    more = rows.select_related("merged_into__lead", "drafted_by", "amended_by", "wording__wording")
    return list(more.prefetch_related("conditions", "letters", "proposal__team__user").order_by("proposal__reference"))


def counts(decisions: Iterable[Decision]) -> list[tuple[str | Promise, int]]:
    """How many of each outcome, in the order of the outcomes."""
    counted = Counter(one.outcome for one in decisions)
    return [(LEADS_TO[outcome].label, counted[outcome]) for outcome in Outcome if counted[outcome]]


def entries(decisions: Sequence[Decision]) -> list[Entry]:
    """Who will be told of each decision: the proposal's team and mailboxes, and the teams that join it."""
    told = told_of([one.proposal for one in decisions])
    found = []
    for decision in decisions:
        joining = [told[one.proposal_id] for one in decisions if one.merged_into_id == decision.proposal_id]
        team = list(told[decision.proposal_id])
        team += [one for other in joining for one in other if isinstance(one, User) and one not in team]
        found.append(Entry(decision, list(dict.fromkeys(team)), list(decision.letters.all())))
    return found


def obstacles(decisions: Sequence[Decision], *, read_again: bool = True) -> list[Obstacle]:
    """What stands in the way of releasing these together, each a sentence.

    `read_again` compares each letter with what it would say now: for an approval, not at the instant itself.
    """
    by_proposal = {one.proposal_id: one for one in decisions if one.dropped_at is None}
    now_said = letters_of_all(decisions) if read_again else None
    return [
        Obstacle(decision, why)
        for decision in decisions
        for why in (_state(decision), _merge(decision, by_proposal), *_letter(decision, now_said))
        if why
    ]


def _state(decision: Decision) -> str:
    proposal = decision.proposal
    if decision.dropped_at is not None:
        return _("The decision was dropped: the proposal is “%(state)s” now.") % {"state": proposal.get_status_display()}
    leads_to = LEADS_TO[Outcome(decision.outcome)]
    if proposal.phase_id != decision.phase_id or proposal.status not in _READY or leads_to not in MOVES[Status(proposal.status)]:
        return _("The proposal is “%(state)s” and cannot take this decision.") % {"state": proposal.get_status_display()}
    if decision.outcome == Outcome.CONDITIONAL and not decision.conditions.all():
        return _("It is conditional, and no condition is listed.")
    return ""


def _merge(decision: Decision, by_proposal: dict[Any, Decision]) -> str:
    """A merge needs its other side in the same release, or released before and not ended."""
    target = decision.merged_into
    if target is None:
        return ""
    beside = by_proposal.get(target.pk)
    becomes = beside.outcome if beside else target.status
    if target.phase_id == decision.phase_id and becomes in _TAKES:
        return ""
    told = {"reference": target.reference}
    return _("%(reference)s, into which it is merged, is selected neither in this release nor before.") % told


def _letter(decision: Decision, now_said: dict[int, list[Written]] | None) -> list[str]:
    """What is wrong with a letter as it was prepared; `now_said` is what it would say now."""
    if decision.wording is None:
        return [_("No wording is chosen for its letter.")]
    found = []
    held = {one.language: one.sha256 for one in decision.letters.all()}
    if not held or (now_said and held != {one.language: digest_of(one) for one in now_said[decision.pk]}):
        found.append(_("The letter no longer says what the decision says: prepare the release again."))
    lost = [name for name, value in (("feedback", decision.feedback), ("conditions", decision.conditions.all())) if value]
    for name in lost:
        without = [code for code, text in decision.wording.texts.items() if name not in used(text["body"])]
        if without:
            told = {"name": f"{{{name}}}", "languages": ", ".join(sorted(without))}
            found.append(_("The wording has no place for “%(name)s” in: %(languages)s.") % told)
    return found


def in_words(decisions: Sequence[Decision]) -> str:
    """How many letters a release holds."""
    number = len(decisions)
    return ngettext("%(n)d letter", "%(n)d letters", number) % {"n": number}
