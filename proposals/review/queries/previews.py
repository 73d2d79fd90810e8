"""A plan of assignment as it is kept and read: each pair with what it is made of, who would be next, what stays open."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from proposals.intake.models import Proposal
from proposals.partners.models import User
from proposals.review.calculations.case import Pair, exact_sum
from proposals.review.calculations.preview import next_best, shortages
from proposals.review.calculations.reasons import Contribution, Explanation, explain
from proposals.review.models import Expert, Pairing
from proposals.review.queries.experts import topics
from proposals.review.queries.pairings import CONFLICT, WISH_TOPIC, Bar, Drawn
from proposals.review.states import Choice, ConflictKind

Row = dict[str, Any]


def as_rows(drawn: Drawn, chosen: Collection[Pair], *, kept: Collection[Pair] = ()) -> list[Row]:
    """The pairs as a plan keeps them: person, proposal, affinity, what it is made of, and how the pair came to be."""
    rows = []
    for name, ref in sorted(chosen, key=lambda pair: (pair[1], pair[0])):
        told = explain(drawn.case, chosen, (name, ref))
        how = "standing" if (name, ref) in drawn.standing else "kept" if (name, ref) in kept else "made"
        why = in_line(told.contributions)
        rows.append({"user": int(name), "ref": ref, "affinity": str(told.affinity), "why": why, "how": how})
    return rows


def told_of(drawn: Drawn, chosen: Collection[Pair]) -> Row:
    """What is kept beside the pairs: of each proposal its places, the next best and why one is open; of each expert the room."""
    following, short = next_best(drawn.case, chosen), shortages(drawn.case, chosen, drawn.because)
    about = {
        proposal.ref: {
            "needed": proposal.needed,
            "next": [int(best.reviewer), str(best.affinity), best.is_full] if (best := following.get(proposal.ref)) else None,
            "short": short.get(proposal.ref, {}),
        }
        for proposal in drawn.case.proposals
    }
    room = {reviewer.id: reviewer.max_load for reviewer in drawn.case.reviewers}
    return {"about": about, "room": room}


def in_line(contributions: Iterable[Contribution]) -> str:
    """What an affinity is made of, in one line: each topic's code, weight x expertise."""
    return "; ".join(
        f"{part.topic.partition(':')[0]} {part.weight.normalize():f} × {part.expertise.normalize():f}"
        for part in contributions
        if part.product
    )


def in_words(line: str) -> str:
    """Such a line as it is shown: each topic by its name."""
    names = {**{code: str(label) for code, label in topics()}, WISH_TOPIC: _("wish")}
    parts = [part.partition(" ") for part in line.split("; ") if part]
    return "; ".join(f"{names.get(code, code)} {figures}" for code, _space, figures in parts)


def why_not_added(drawn: Drawn, chosen: Collection[Pair], pair: Pair) -> str:
    """In words, why a pair cannot be in a plan whose pairs are `chosen`, itself among them; empty where it can."""
    name, ref = pair
    if name not in drawn.experts:
        return _("Somebody you chose for %(ref)s is not among those who do this review.") % {"ref": ref}
    person = drawn.experts[name].user
    if ref not in drawn.proposals:
        return _("%(ref)s is no longer under review.") % {"ref": ref}
    if pair in drawn.conflicts:
        kinds = ", ".join(str(ConflictKind(kind).label) for kind in sorted(drawn.conflicts[pair]))
        return _("%(person)s may not judge %(ref)s: %(why)s.") % {"person": person, "ref": ref, "why": kinds}
    if pair in drawn.because:
        why = bar_word(drawn.because[pair])
        return _("%(person)s cannot be asked to judge %(ref)s: %(why)s.") % {"person": person, "ref": ref, "why": why}
    most = next(each.max_load for each in drawn.case.reviewers if each.id == name)
    load = sum(1 for other, _ref in chosen if other == name)
    if load > most:
        told = {"person": person, "load": load, "most": most}
        return _("%(person)s would have %(load)d proposals in this plan and has room for %(most)d.") % told
    return ""


def bar_word(why: str) -> str:
    """The reason of a bar as it is shown."""
    if why == CONFLICT:
        return _("conflict of interest")
    return str(Bar(why).label) if why in Bar.values else _("load full")


@dataclass(frozen=True)
class Shown:
    """One proposal of a plan: its people, the sum of their affinities, and what to know of it."""

    proposal: Proposal
    people: list[Row]
    total: Decimal
    needed: int
    following: Row | None
    short: list[tuple[str, int]]

    @property
    def unfilled(self) -> int:
        """Places that nobody fills."""
        return max(self.needed - len(self.people), 0)


@dataclass(frozen=True)
class Overview:
    """A plan as one reader may see it: proposals that bar the reader are neither listed nor counted."""

    shown: list[Shown]
    loads: list[tuple[User, int, int]]
    experts: int
    worst: Shown | None
    total: Decimal
    new: int
    refused: list[str]

    @property
    def unfilled(self) -> int:
        """Open places in all."""
        return sum(each.unfilled for each in self.shown)


def overview(pairing: Pairing, reader: Any) -> Overview:
    """The plan over the proposals that this reader may know of, the worst-served first. Two statements."""
    about = pairing.result.get("about", {})
    found = Proposal.objects.visible_to(reader).filter(reference__in=list(about)).select_related("lead").defer("search")
    proposals = {str(proposal.reference): proposal for proposal in found}
    rows = [row for row in pairing.pairs if row["ref"] in proposals]
    room = pairing.result.get("room", {})
    people = User.objects.in_bulk({int(name) for name in room} | {row["user"] for row in rows})
    of: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        told = {"person": people[row["user"]], "affinity": Decimal(row["affinity"]), "words": in_words(row["why"])}
        of[row["ref"]].append({**row, **told})
    shown = [_shown(proposal, of[ref], about[ref], people) for ref, proposal in sorted(proposals.items())]
    shown.sort(key=lambda each: (-each.unfilled, each.total, each.proposal.reference or ""))
    loads = Counter(row["user"] for row in rows)
    return Overview(
        shown=shown,
        loads=sorted(
            ((people[int(name)], loads[int(name)], most) for name, most in room.items() if loads[int(name)]),
            key=lambda each: (-each[1], str(each[0])),
        ),
        experts=len(room),
        worst=min((each for each in shown if each.needed), key=lambda each: each.total, default=None),
        total=exact_sum(each.total for each in shown),
        new=sum(1 for row in rows if row["how"] != "standing"),
        refused=[each["said"] for each in pairing.result.get("refused", []) if each["ref"] in proposals],
    )


def _shown(proposal: Proposal, people: list[Row], about: Row, users: dict[int, User]) -> Shown:
    following = about["next"]
    return Shown(
        proposal=proposal,
        people=sorted(people, key=lambda row: -row["affinity"]),
        total=exact_sum(row["affinity"] for row in people),
        needed=about["needed"],
        following={"person": users.get(following[0]), "affinity": Decimal(following[1]), "is_full": following[2]}
        if following
        else None,
        short=[(bar_word(why), count) for why, count in sorted(about["short"].items(), key=lambda each: -each[1])],
    )


@dataclass(frozen=True)
class Candidate:
    """One expert for one proposal: why, or why not, and what the plan says now."""

    expert: Expert
    told: Explanation
    bar: str
    conflicts: list[str]
    choice: str
    stands: bool

    @property
    def parts(self) -> str:
        """What the affinity is made of."""
        return in_words(in_line(self.told.contributions))


def candidates(drawn: Drawn, pairing: Pairing, ref: str) -> list[Candidate]:
    """Every expert for one proposal of a plan: the assigned first, then by affinity, the barred last."""
    chosen = {(str(row["user"]), row["ref"]) for row in pairing.pairs} | drawn.standing
    kept = {(str(row["user"]), row["ref"]) for row in pairing.pairs if row["how"] == "kept"}
    never = {(str(user), of) for user, of in pairing.result.get("never", [])}
    found = []
    for name, expert in drawn.experts.items():
        pair = (name, ref)
        choice = Choice.KEPT if pair in kept else Choice.ASSIGNED if pair in chosen else Choice.OPEN
        why = drawn.because.get(pair, "")
        found.append(
            Candidate(
                expert=expert,
                told=explain(drawn.case, chosen, pair),
                bar=bar_word(why) if why else "",
                conflicts=[str(ConflictKind(kind).label) for kind in sorted(drawn.conflicts.get(pair, ()))],
                choice=Choice.NEVER if pair in never else choice,
                stands=pair in drawn.standing,
            )
        )
    order = {Choice.ASSIGNED: 0, Choice.KEPT: 0}
    return sorted(found, key=lambda one: (order.get(Choice(one.choice), 1), bool(one.bar), -one.told.affinity, str(one.expert)))
