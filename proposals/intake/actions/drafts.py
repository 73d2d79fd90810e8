"""Beginning a proposal and saving its pages; two people on one page never overwrite each other unseen."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Expression, Func, Value
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.calls.calculations import standing
from proposals.calls.models import Call, Phase
from proposals.calls.queries import first_phase
from proposals.calls.states import Level, Standing
from proposals.intake.calculations.search import index_words
from proposals.intake.calculations.sections import BY_KEY
from proposals.intake.emails import moved
from proposals.intake.models import Access, MissionSheet, Proposal, Section, TeamMember
from proposals.intake.queries import modules_of, search_texts
from proposals.intake.rules import may_discard, may_edit, may_triage
from proposals.intake.states import Status, TeamRole
from proposals.partners.gateways import Compiled, Given
from proposals.partners.models import Organisation, User

_BEGUN = Compiled(lambda: Proposal.objects.filter(request_key=Given("key", models.UUIDField()), created_by=Given("by")))


class SavedMeanwhile(Exception):
    """Someone saved the page after it was opened; nothing was overwritten."""

    def __init__(self, section: Section) -> None:
        super().__init__(
            _("%(person)s saved this page meanwhile. Your text is kept below: compare, then save again.")
            % {"person": section.saved_by}
        )
        self.section = section


@transaction.atomic
def start(
    call: Call,
    *,
    level: str,
    forms: Sequence[str] = (),
    title: str = "",
    by: User,
    now: datetime,
    request_key: uuid.UUID | None = None,
    on_behalf_of: User | None = None,
    lead: Organisation | None = None,
) -> Proposal:
    """This will begin a draft in the call's open phase; the second click gets the first click's draft.

    The secretariat may begin one `on_behalf_of` a partner, marked so. Raises PermissionDenied,
    or ValidationError when no phase takes letters now or the call does not allow the level or a form.
    """
    author = on_behalf_of or by
    if (on_behalf_of is not None and not may_triage(by)) or (on_behalf_of is None and by.is_staff):
        raise PermissionDenied
    # Everyone has keys of their own: nobody else's key can be met. A second click waits for the first, and finds its draft.
    request_key = uuid.uuid5(request_key or uuid.uuid4(), str(by.pk))
    User.objects.select_for_update(no_key=True).only("pk").get(pk=by.pk)
    if begun := _BEGUN(key=request_key, by=by.pk):
        return begun[0]
    proposal = Proposal(
        id=uuid.uuid4(),
        request_key=request_key,
        call=call,
        phase=_open_phase(call, now),
        level=level,
        forms=_allowed(call, level, forms),
        title=title,
        lead=lead,
        created_by=by,
        filed_by_staff=on_behalf_of is not None,
        created_at=now,
        updated_at=now,
        moved_at=now,
    )
    # Row security shows a proposal by its rows of Access, so the grant is written first.
    Access.objects.bulk_create([Access(proposal_id=proposal.pk, user=author, why="author")])
    proposal.save(force_insert=True)
    TeamMember.objects.create(
        proposal=proposal,
        full_name=author.full_name,
        native_name=author.native_name,
        email=author.email,
        role=TeamRole.ADMINISTRATIVE if on_behalf_of else TeamRole.PI,
        organisation=lead,
        user=author,
        accepted_at=now,
    )
    record("proposal.begun", by=by, about=proposal, call=call.code, level=level, on_behalf_of=getattr(on_behalf_of, "pk", None))
    return proposal


def _open_phase(call: Call, now: datetime) -> Phase:
    """The first phase, if it takes proposals now; later phases are entered by invitation only."""
    phase = first_phase(call)
    if phase is None or not call.is_published:
        raise ValidationError(_("This call takes no proposals."))
    stands = standing(phase.opens_at, phase.closes_at, phase.late_until, now)
    if stands == Standing.NOT_YET:
        raise ValidationError(_("This call is not open yet."))
    if stands == Standing.CLOSED:
        raise ValidationError(_("This call is closed."))
    return phase


def _allowed(call: Call, level: str, forms: Sequence[str]) -> list[str]:
    """The forms in order; raises ValidationError for a level or form that the call does not allow."""
    if level not in call.levels:
        raise ValidationError({"level": _("This call does not take proposals of that level.")})
    if level != Level.MISSION:
        return []
    chosen = sorted(set(forms))
    if not chosen or not set(chosen) <= set(call.forms):
        raise ValidationError({"forms": _("Choose at least one form of cooperation that the call offers.")})
    return chosen


@transaction.atomic
def save_section(
    proposal: Proposal,
    *,
    key: str,
    values: Mapping[str, Any],
    revision: int,
    by: User,
    now: datetime,
) -> Section:
    """This will save one page of plain fields; `values` maps field names (`title`, `mission.craft_name`,
    `module.<id>.power_peak_w`) to cleaned values.

    Raises PermissionDenied, SavedMeanwhile when `revision` is not the page's, or ValidationError.
    """
    section = open_section(proposal, key=key, revision=revision, by=by, now=now)
    allowed = {name.rpartition(".")[2] for name in BY_KEY[key].fields}
    rows: dict[str, models.Model] = {"": proposal}
    proposal.updated_at = now
    changed: dict[str, list[str]] = {"": ["updated_at"]}
    for name, value in values.items():
        owner, _dot, column = name.rpartition(".")
        if column not in allowed:
            raise ValidationError(_("“%(name)s” is not on this page.") % {"name": name})
        if name == "aims":
            proposal.aims.set(value)
            continue
        if owner not in rows:
            rows |= _rows(proposal, owner)
        setattr(rows[owner], column, value)
        changed.setdefault(owner, []).append(column)
    for owner, columns in changed.items():
        _save_columns(rows[owner], columns)
    _index_again(proposal)
    return section


def _rows(proposal: Proposal, owner: str) -> dict[str, models.Model]:
    """The row that a dotted name means, with its like: the mission sheet, or the proposal's own modules."""
    if owner == "mission":
        return {owner: MissionSheet.objects.get_or_create(proposal=proposal)[0]}
    own: dict[str, models.Model] = {f"module.{module.pk}": module for module in modules_of(proposal)}
    if owner not in own:
        raise ValidationError(_("That module was removed meanwhile."))
    return own


def _save_columns(row: models.Model, names: list[str]) -> None:
    """Validate and write these columns only."""
    others = {f.name for f in row._meta.fields if f.name not in names}  # Django's documented interface
    row.clean_fields(exclude=others)
    for rule in row._meta.constraints:
        # those that these columns alone decide; the rest is the database's own
        condition: Any = rule.condition if isinstance(rule, models.CheckConstraint) else None
        if condition is not None and condition.referenced_base_fields <= set(names):
            rule.validate(type(row), row, exclude=others)
    row.save(update_fields=names)


def open_section(proposal: Proposal, *, key: str, revision: int, by: User, now: datetime) -> Section:
    """Take the page for this save: the rule, then a compare-and-swap on its revision.

    Raises PermissionDenied or SavedMeanwhile.
    """
    if not may_edit(by, proposal):
        raise PermissionDenied
    section = Section.take(proposal, key=key, revision=revision, by=by, now=now)
    if section is None:
        raise SavedMeanwhile(Section.objects.select_related("saved_by").get(proposal=proposal, key=key))
    return section


def touch(proposal: Proposal, *, now: datetime, **columns: Any) -> None:
    """Save the figures of the queue that follow from what was just saved, such as `report.facts()`."""
    proposal.record_facts(updated_at=now, **columns)
    _index_again(proposal)


def _index_again(proposal: Proposal) -> None:
    """What staff have received they find by its present words; a draft, of whichever phase, by those it was submitted with."""
    if proposal.submitted_at is not None and proposal.status != Status.DRAFT:
        index(proposal)


def index(proposal: Proposal) -> None:
    """Make the proposal findable by its present words."""
    Proposal.objects.filter(pk=proposal.pk).update(search=words_of(proposal))


def words_of(proposal: Proposal) -> Expression:
    """The words by which staff find the proposal, as the database keeps them."""
    return as_vector(index_words(search_texts(proposal)))


def as_vector(words: list[str]) -> Expression:
    """Words as a tsvector, without any dictionary of PostgreSQL's."""
    from django.contrib.postgres.fields import ArrayField

    column = ArrayField(models.TextField())
    return Func(Value(words, output_field=column), function="array_to_tsvector")


@transaction.atomic
def discard(proposal: Proposal, *, by: User, now: datetime) -> None:
    """This will withdraw a draft that was never submitted, and tell its team.

    Raises PermissionDenied or MoveNotAllowed.
    """
    if not may_discard(by, proposal):
        raise PermissionDenied
    move = proposal.move(Status.WITHDRAWN, by=by, now=now)
    record("proposal.discarded", by=by, about=proposal)
    moved(move, proposal=proposal, discarded=True)
