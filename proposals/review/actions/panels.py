"""What is done with a panel: opened, given its proposals, kept, and its record frozen for good."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from proposals.audit.actions import record
from proposals.audit.calculations import canonical, sha256
from proposals.calls.models import Phase
from proposals.intake.models import MoveNotAllowed, Proposal
from proposals.intake.states import Status
from proposals.partners.calculations import one_line
from proposals.partners.models import User
from proposals.partners.states import StaffRole
from proposals.review.models import Panel, PanelItem
from proposals.review.queries.panels import record_of
from proposals.review.queries.results import results_of
from proposals.review.rules.panels import RECOMMENDABLE, may_freeze, may_keep, may_name_chair, may_run_panels


class PanelChanged(Exception):
    """Someone saved or froze this panel meanwhile; nothing was changed."""

    def __init__(self) -> None:
        super().__init__(_("Someone saved this panel meanwhile. Nothing of yours was saved over it."))


class ReviewsMissing(ValidationError):
    """Reviews of some of these proposals are not in yet, and nobody said to go on without them."""


@dataclass(frozen=True)
class Entry:
    """What a panel says of one proposal."""

    item: int
    recommends: str = ""
    note: str = ""


@dataclass(frozen=True)
class Sheet:
    """What one page of a panel says: its entries in their order, and `revision`, of what it was made from."""

    revision: int
    held_on: date | None = None
    chair: User | None = None
    present: str = ""
    minutes: str = ""
    entries: Sequence[Entry] = field(default_factory=list)


@transaction.atomic
def open_panel(
    phase: Phase, *, title: str, held_on: date | None = None, chair: User | None = None, by: User, now: datetime
) -> Panel:
    """This will open a panel over the proposals of a phase. Raises PermissionDenied or ValidationError."""
    if not may_run_panels(by):
        raise PermissionDenied
    if not one_line(title):
        raise ValidationError({"title": _("Give the panel a title.")})
    _check_chair(chair)
    panel = Panel.objects.create(phase=phase, title=one_line(title)[:200], held_on=held_on, chair=chair, made_by=by, made_at=now)
    record("panel.opened", by=by, about=panel, phase=phase.pk)
    return panel


@transaction.atomic
def bring_before_panel(
    proposals: Sequence[Proposal], *, by: User, now: datetime, panel: Panel | None = None, despite_missing: bool = False
) -> Panel:
    """This will move proposals under review before a panel, at the end of its order: all of them or none.

    Without a panel it is the newest open one of their phase, and where there is none, one is opened.
    Raises PermissionDenied, ReviewsMissing (unless `despite_missing`), ValidationError or MoveNotAllowed.
    """
    if not may_run_panels(by):
        raise PermissionDenied
    seen = Proposal.objects.visible_to(by).filter(pk__in=[one.pk for one in proposals])
    chosen = list(seen.select_related("call", "phase").defer("search").order_by("pk"))
    if not chosen or len(chosen) != len({one.pk for one in proposals}):
        raise ValidationError(_("Choose at least one proposal."))
    phase = panel.phase if panel else chosen[0].phase
    if {one.phase_id for one in chosen} != {phase.pk}:
        raise ValidationError(_("A panel judges the proposals of one phase."))
    panel = _locked(panel) if panel else _open_one(phase, by=by, now=now)
    if panel.frozen_at:
        raise PanelChanged
    missing = [row.proposal for row in results_of(chosen, phase=phase).rows if row.missing]
    if missing and not despite_missing:
        raise ReviewsMissing(_says_missing(missing))
    last = panel.items.aggregate(last=Max("position"))["last"] or 0
    for place, proposal in enumerate(chosen, last + 1):
        move = proposal.move(Status.PANEL, by=by, now=now)
        # One that was sent back and comes again takes its old line, at the end.
        PanelItem.objects.update_or_create(panel=panel, proposal=proposal, defaults={"position": place})
        record("proposal.panel", by=by, about=proposal, was=move.was, panel=panel.pk, missing=proposal in missing)
    _touch(panel)
    return panel


@transaction.atomic
def send_back(item: PanelItem, *, by: User, now: datetime) -> None:
    """This will take a proposal from a panel, back to its reviewers. Raises PermissionDenied or MoveNotAllowed."""
    panel = _locked(item.panel)
    proposal = Proposal.objects.visible_to(by).filter(pk=item.proposal_id).first()
    if proposal is None or not may_keep(by, panel):
        raise PermissionDenied
    if proposal.status != Status.PANEL:
        raise MoveNotAllowed(proposal.status, Status.UNDER_REVIEW)
    proposal.move(Status.UNDER_REVIEW, by=by, now=now)
    item.delete()
    record("proposal.sent_back", by=by, about=proposal, panel=panel.pk)
    _touch(panel)


@transaction.atomic
def keep(panel: Panel, *, sheet: Sheet, by: User, now: datetime) -> Panel:
    """This will save what a panel's page says: order, recommendations, notes, minutes and who was present.

    Whom a conflict bars from an item neither sees nor moves it: it keeps its place, and the others change theirs around it.
    Raises PermissionDenied, ValidationError, or PanelChanged when someone saved since `sheet.revision`.
    """
    held = _locked(panel)
    if not may_run_panels(by):
        raise PermissionDenied
    seen = Proposal.objects.visible_to(by).values("pk")
    mine = {item.pk: item for item in held.items.filter(proposal__in=seen).select_related("proposal")}
    wanted = [entry.item for entry in sheet.entries]
    if held.frozen_at or held.revision != sheet.revision or sorted(wanted) != sorted(mine):
        raise PanelChanged
    _check(held, sheet, by=by)
    order = iter(wanted)
    places = [next(order) if pk in mine else pk for pk in held.items.values_list("pk", flat=True)]
    for entry in sheet.entries:
        item = mine[entry.item]
        if item.recommends != entry.recommends:
            record("panel.recommended", by=by, about=item.proposal, panel=held.pk, was=item.recommends, now=entry.recommends)
        item.recommends, item.note = entry.recommends, entry.note.strip()
    PanelItem.objects.bulk_update(mine.values(), ["recommends", "note"])
    PanelItem.objects.bulk_update([PanelItem(pk=pk, position=place) for place, pk in enumerate(places, 1)], ["position"])
    held.held_on, held.chair = sheet.held_on, sheet.chair
    held.present, held.minutes = sheet.present.strip(), sheet.minutes.strip()
    _touch(held, "held_on", "chair", "present", "minutes")
    record("panel.kept", by=by, about=held, revision=held.revision)
    return held


@transaction.atomic
def freeze(panel: Panel, *, revision: int, by: User, now: datetime) -> Panel:
    """This will freeze a panel's record: ranking, order, recommendations, minutes, digests of the reviews; for good.

    Raises PermissionDenied, ValidationError while an item has no recommendation, PanelChanged when someone saved meanwhile.
    """
    held = _locked(panel)
    if held.frozen_at or held.revision != revision:
        raise PanelChanged
    if not may_freeze(by, held):
        raise PermissionDenied
    # Only what this person may know of is held against them: a refusal must not tell of the rest.
    seen = Proposal.objects.visible_to(by).values("pk")
    recommended = list(held.items.filter(proposal__in=seen).values_list("recommends", flat=True))
    if not recommended:
        raise ValidationError(_("No proposal is before this panel yet."))
    if not all(recommended):
        raise ValidationError(_("Write down what the panel recommends for each proposal first."))
    held.canonical = canonical(record_of(held, by=by, now=now))
    held.sha256, held.frozen_by, held.frozen_at = sha256(held.canonical), by, now
    _touch(held, "canonical", "sha256", "frozen_by", "frozen_at")
    # It names the proposals, so that whoever is barred from one does not read it: another digest than theirs would tell.
    named = [str(pk) for pk in held.items.values_list("proposal_id", flat=True)]
    record("panel.frozen", by=by, about=held, sha256=held.sha256, proposals=named)
    return held


def _locked(panel: Panel) -> Panel:
    """The panel as it is now, for this transaction alone."""
    return Panel.objects.select_for_update(of=("self",)).select_related("phase__call", "chair", "made_by").get(pk=panel.pk)


def _open_one(phase: Phase, *, by: User, now: datetime) -> Panel:
    newest = Panel.objects.select_for_update(of=("self",)).filter(phase=phase, frozen_at=None).order_by("-pk").first()
    return newest or open_panel(phase, title=_("Panel: %(phase)s") % {"phase": phase.title}, by=by, now=now)


def _touch(panel: Panel, *fields: str) -> None:
    """Save these fields, as the next revision."""
    panel.revision += 1
    panel.save(update_fields=[*fields, "revision"])


def _says_missing(proposals: Sequence[Proposal]) -> str:
    names = ", ".join(sorted(str(proposal.reference) for proposal in proposals))
    return ngettext(
        "Reviews of %(n)d proposal are missing: %(names)s. Tick the box to go on without them.",
        "Reviews of %(n)d proposals are missing: %(names)s. Tick the box to go on without them.",
        len(proposals),
    ) % {"n": len(proposals), "names": names}


def _check_chair(chair: User | None) -> None:
    if chair is not None and (not chair.is_active or chair.staff_role != StaffRole.CHAIR):
        raise ValidationError({"chair": _("Only a person with the role of chair can chair a panel.")})


def _check(panel: Panel, sheet: Sheet, *, by: User) -> None:
    """Raise ValidationError where a page says what it may not."""
    if any(entry.recommends and entry.recommends not in RECOMMENDABLE for entry in sheet.entries):
        raise ValidationError(_("Choose one of the recommendations that are offered."))
    if sheet.chair != panel.chair:
        if not may_name_chair(by, panel):
            raise ValidationError({"chair": _("Only a chair hands the chair over.")})
        _check_chair(sheet.chair)
    # Minutes are read by all; what concerns one proposal must stay where a conflict hides it.
    if re.search(rf"\b{re.escape(panel.phase.call.code)}-\w{{4,}}", sheet.minutes + "\n" + sheet.present, re.IGNORECASE):
        raise ValidationError(
            {"minutes": _("Leave references out of the minutes: what concerns one proposal belongs in its own note.")}
        )
