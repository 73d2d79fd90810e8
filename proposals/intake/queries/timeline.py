"""What a partner may read of a proposal's way: only moves that changed what they are shown, and no name of staff."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from proposals.intake.models import Move, Proposal
from proposals.intake.states import SHOWN_AS, SILENT, Status

# The only notes of moves that are written for the partner, or by them.
NOTE_SHOWN = {
    *(Status.RETURNED, Status.INELIGIBLE, Status.WITHDRAWN),
    # What became of a project after its selection; a note at `agreed` says why a deferred one goes on.
    *(Status.AGREED, Status.DESCOPED, Status.DEFERRED, Status.TRANSFERRED, Status.CANCELLED),
}


@dataclass(frozen=True)
class Step:
    """One step: what it is called, when, by whom, and why where a reason was given; `state` is past or current."""

    title: str
    at: datetime
    by: str
    note: str = ""
    state: str = "past"


def timeline(proposal: Proposal) -> list[Step]:
    """The steps that a partner may see, oldest first, the last one current. One query."""
    shown = [
        move
        for move in proposal.moves.select_related("by", "phase")
        if str(SHOWN_AS[Status(move.was)]) != str(SHOWN_AS[Status(move.now)])
    ]
    begun = Step(_("Begun"), proposal.created_at, _secretariat() if proposal.filed_by_staff else str(proposal.created_by))
    steps = [begun, *(_step(move) for move in shown)]
    last = steps[-1]
    return [*steps[:-1], Step(last.title, last.at, last.by, last.note, "current")]


def last_shown() -> Coalesce:
    """The instant of a proposal's last step that its team is shown, as an annotation of proposals."""
    silent = Q()
    for was, now in sorted(SILENT):
        silent |= Q(was=was, now=now)
    shown = Move.objects.filter(~silent, proposal=OuterRef("pk")).order_by("-id")
    return Coalesce(Subquery(shown.values("at")[:1]), F("created_at"))


def _secretariat() -> str:
    return _("the secretariat")


def _step(move: Move) -> Step:
    title = str(SHOWN_AS[Status(move.now)])
    if move.was == Status.CLARIFICATION and move.now != Status.WITHDRAWN:
        title = _("Your answer was received")
    if move.now == Status.DRAFT:
        title = _("Invited to the next phase: %(phase)s") % {"phase": move.phase}
    by = _secretariat() if move.by is None or move.by.is_staff else move.by_label
    return Step(title, move.at, by, move.note if Status(move.now) in NOTE_SHOWN else "")
