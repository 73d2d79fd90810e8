"""The case of a phase as the database tells it: who could judge what, what bars them, and what already stands."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from proposals.calls.models import Phase
from proposals.calls.states import Level
from proposals.intake.models import Proposal
from proposals.intake.states import Status
from proposals.review.calculations import case as laid
from proposals.review.calculations.case import Case, Pair
from proposals.review.models import Assignment, Bid, Expert, ReviewPlan
from proposals.review.queries.assignments import outstanding
from proposals.review.queries.conflicts import conflicts_between
from proposals.review.queries.experts import available, topics_of
from proposals.review.rules.assignments import JUDGES
from proposals.review.states import STANDING, Answer, ConflictKind, ReviewKind, Wish

# A wish counts as one more topic of the proposal: a whole point of expertise outweighs it, equal experts it decides.
WISH_TOPIC = "wish"
WISHES = {Wish.EAGER: Decimal("0.2"), Wish.WILLING: Decimal("0.1"), Wish.RELUCTANT: Decimal(0)}
NO_WISH = WISHES[Wish.WILLING]


class Bar(TextChoices):
    """Why a pair may not be made, but for conflicts, which have kinds of their own."""

    LANGUAGE = "language", _("reads none of the call's languages")
    AWAY = "away", _("away when the review is due")
    DECLINED = "declined", _("declined")
    REMOVED = "removed", _("taken off")
    OTHER_REVIEW = "other", _("does the other review of it")
    NEVER = "never", _("ruled out by hand")


CONFLICT = "conflict"


@dataclass(frozen=True)
class Drawn:
    """A case, with the rows behind its ids and refs, and why each pair that may not be made is barred.

    `standing` are the assignments that are asked or accepted: they are fixed.
    """

    case: Case
    plan: ReviewPlan
    experts: Mapping[str, Expert]
    proposals: Mapping[str, Proposal]
    because: Mapping[Pair, str]
    conflicts: Mapping[Pair, frozenset[ConflictKind]]
    standing: frozenset[Pair]


def draw(phase: Phase, kind: ReviewKind, reader: Any, *, kept: Collection[Pair] = (), never: Collection[Pair] = ()) -> Drawn:
    """The case of one review of a phase, over the proposals that `reader` may know of.

    `kept` pairs are fixed by hand and `never` ones ruled out; a kept pair that is barred, or whose expert or proposal is no
    longer in the case, is left out. Raises ReviewPlan.DoesNotExist for a phase without a plan.
    """
    plan = ReviewPlan.objects.get(phase=phase)
    experts = {str(expert.user_id): expert for expert in available(JUDGES[kind])}
    proposals = {str(proposal.reference): proposal for proposal in _proposals(phase, kind, reader)}
    conflicts = _conflicts(phase, experts, proposals)
    assignments = list(Assignment.objects.filter(phase=phase, proposal__in=list(proposals.values())).select_related("proposal"))
    because = {
        **_bars(plan, experts, proposals, assignments, kind),
        **dict.fromkeys(never, Bar.NEVER.value),
        **dict.fromkeys(conflicts, CONFLICT),
    }
    held = {_pair(each) for each in assignments if each.kind == kind and each.answer in STANDING and str(each.user_id) in experts}
    known = {pair for pair in kept if pair[0] in experts and pair[1] in proposals}
    standing, by_hand = frozenset(held - conflicts.keys()), frozenset(known - because.keys() - held)
    because = {pair: why for pair, why in because.items() if pair not in standing and pair[0] in experts and pair[1] in proposals}
    return Drawn(
        case=Case(
            reviewers=tuple(_reviewers(experts, proposals, plan, standing, by_hand)),
            proposals=tuple(_wanting(proposals, plan, kind, standing | by_hand)),
            country_conflict=False,  # told pair by pair: exempt countries and overridden conflicts are the database's to know
            conflicts=frozenset(conflicts),
            fixed=standing | by_hand,
            forbidden=frozenset(because),
        ),
        plan=plan,
        experts=experts,
        proposals=proposals,
        because=because,
        conflicts=conflicts,
        standing=standing,
    )


def places(plan: ReviewPlan, kind: ReviewKind) -> int:
    """How many judge one proposal."""
    return plan.reviewers if kind == ReviewKind.SCIENCE else plan.assessors


def _proposals(phase: Phase, kind: ReviewKind, reader: Any) -> Iterable[Proposal]:
    found = Proposal.objects.visible_to(reader).filter(phase=phase, status=Status.UNDER_REVIEW)
    if kind == ReviewKind.TECHNICAL:
        found = found.exclude(level=Level.MISSION)
    return found.select_related("phase__call").defer("search", "abstract", "objectives").order_by("reference")


def _conflicts(
    phase: Phase, experts: Mapping[str, Expert], proposals: Mapping[str, Proposal]
) -> dict[Pair, frozenset[ConflictKind]]:
    refs = {proposal.pk: ref for ref, proposal in proposals.items()}
    found = conflicts_between(phase, [expert.user for expert in experts.values()], proposals.values())
    return {(str(user), refs[pk]): frozenset(kinds) for (user, pk), kinds in found.items() if kinds}


def _bars(
    plan: ReviewPlan,
    experts: Mapping[str, Expert],
    proposals: Mapping[str, Proposal],
    assignments: Iterable[Assignment],
    kind: ReviewKind,
) -> dict[Pair, str]:
    """What else than a conflict keeps a pair from being made."""
    found: dict[Pair, str] = {}
    for name, expert in experts.items():
        why = Bar.LANGUAGE if not _reads(expert, plan) else Bar.AWAY if _is_away(expert, plan) else None
        if why:
            found |= dict.fromkeys(((name, ref) for ref in proposals), why.value)
    ended = {Answer.DECLINED: Bar.DECLINED.value, Answer.REMOVED: Bar.REMOVED.value}
    for each in assignments:
        if each.answer in ended:
            found[_pair(each)] = ended[Answer(each.answer)]
    for each in assignments:
        if each.answer in STANDING and each.kind != kind:
            found[_pair(each)] = Bar.OTHER_REVIEW.value
    return found


def _reads(expert: Expert, plan: ReviewPlan) -> bool:
    """Whether the expert reads one of the plan's languages, by the first part of its tag; all do where it names none."""
    wanted = {tag.split("-")[0].lower() for tag in plan.languages}
    return not wanted or any(tag.split("-")[0].lower() in wanted for tag in expert.languages)


def _is_away(expert: Expert, plan: ReviewPlan) -> bool:
    """Whether the day by which reviews are due (UTC) lies in the expert's absence."""
    if plan.due_at is None or expert.away_from_on is None or expert.away_to_on is None:
        return False
    return expert.away_from_on <= plan.due_at.date() <= expert.away_to_on


def _reviewers(
    experts: Mapping[str, Expert],
    proposals: Mapping[str, Proposal],
    plan: ReviewPlan,
    standing: Collection[Pair],
    by_hand: Collection[Pair],
) -> Iterable[laid.Reviewer]:
    """Each with the room that is left: what they still have to judge anywhere counts, what they have judged does not."""
    busy = Counter(outstanding([expert.user for expert in experts.values()]).values_list("user", flat=True))
    has, more = Counter(name for name, _ in standing), Counter(name for name, _ in by_hand)
    wished = _wishes(experts, proposals) if plan.asks_wishes else {}
    for name, expert in experts.items():
        room = has[name] + max(expert.max_load - busy[expert.user_id], more[name])
        known = {row.topic: row.weight for row in expert.expertise.all()}
        yield laid.Reviewer(id=name, max_load=room, topics={**known, **wished.get(name, {})})


def _wanting(
    proposals: Mapping[str, Proposal], plan: ReviewPlan, kind: ReviewKind, fixed: Collection[Pair]
) -> Iterable[laid.Proposal]:
    held = Counter(ref for _, ref in fixed)
    for ref, proposal in proposals.items():
        topics = topics_of(proposal)
        if plan.asks_wishes:
            topics = {**topics, f"{WISH_TOPIC}:{ref}": Decimal(1)}
        yield laid.Proposal(ref=ref, needed=max(places(plan, kind), held[ref]), topics=topics)


def _wishes(experts: Mapping[str, Expert], proposals: Mapping[str, Proposal]) -> dict[str, dict[str, Decimal]]:
    """For each expert a topic a proposal: who said nothing is as willing as who said "if needed"."""
    refs = {proposal.pk: ref for ref, proposal in proposals.items()}
    nothing_said = {f"{WISH_TOPIC}:{ref}": NO_WISH for ref in proposals}
    found = {name: dict(nothing_said) for name in experts}
    said = Bid.objects.filter(proposal__in=list(refs)).values_list("user", "proposal", "wish")
    for user, proposal, wish in said:
        if str(user) in found:
            found[str(user)][f"{WISH_TOPIC}:{refs[proposal]}"] = WISHES[Wish(wish)]
    return found


def _pair(assignment: Assignment) -> Pair:
    return str(assignment.user_id), str(assignment.proposal.reference)
