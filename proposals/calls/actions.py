"""Verbs of a call: save it with its rows, publish it, extend a deadline, remove it while nothing hangs on it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.calls import gateways
from proposals.calls.calculations import days_later, write_instant
from proposals.calls.models import Call, DependentDate, Document, Phase
from proposals.calls.queries import last_saved
from proposals.calls.rules import may_delete_call, may_edit_calls, may_publish_call

TOLD_AT_MOST = 200  # characters of a long text that the trail repeats


class StaleCall(Exception):
    """Someone saved the call since the page was opened; nothing was changed."""


class DeadlineNotMovable(ValidationError):
    """The new instant is not after the present one, or already past; nothing was changed."""


@transaction.atomic
def save(
    call: Call,
    *,
    by: Any,
    now: datetime,
    revision: int | None = None,
    rows: Iterable[models.Model] = (),
    removed: Iterable[models.Model] = (),
) -> Call:
    """This will save a call with its changed rows and without the removed ones, and record what changed.

    `rows` are unsaved changes of anything that belongs to the call, its phases included. `revision` is the one
    the page was opened at. Raises PermissionDenied, StaleCall, or ValidationError when an edit would extend a
    deadline that partners work towards: that is `extend`, which moves the dates that follow.
    """
    if not may_edit_calls(by):
        raise PermissionDenied
    rows, removed = list(rows), list(removed)
    is_new = call._state.adding
    if not is_new:
        _claim(call, revision)
    changes = _changes([call, *rows])
    _refuse_extension(call, rows, now)
    call.save()
    for row in removed:
        changes[_name(row)] = "removed"
        _remove(row)
    for row in rows:
        _adopt(row, call)
        row.save()
    record("call.created" if is_new else "call.changed", by=by, about=call, changes=changes, revision=call.revision)
    return call


def save_phase(
    phase: Phase,
    *,
    by: Any,
    now: datetime,
    revision: int | None = None,
    rows: Iterable[models.Model] = (),
    removed: Iterable[models.Model] = (),
) -> Call:
    """This will save a phase with its rows, as `save` does for the whole call, and raise what it raises."""
    return save(phase.call, by=by, now=now, revision=revision, rows=[phase, *rows], removed=removed)


def _claim(call: Call, revision: int | None) -> None:
    """Lock the call and raise its revision, or say who was faster."""
    held = Call.objects.select_for_update().only("revision", "is_published").get(pk=call.pk)
    if revision is not None and held.revision != revision:
        last = last_saved(call)
        raise StaleCall(
            _("%(who)s saved this call after you opened it, at %(when)s UTC. Nothing of yours was saved, and all you typed is "
              "still here. Open the call in another tab, compare, and bring over what you want to keep.")
            % {"who": last.actor_label if last else _("Someone"), "when": f"{last.at:%Y-%m-%d %H:%M}" if last else ""}
        )  # fmt: skip
    call.revision, call.is_published = held.revision + 1, held.is_published


def _adopt(row: models.Model, call: Call) -> None:
    """Point a new row at its parent, which has its key only now; look into a new file."""
    if hasattr(row, "call_id"):
        row.call = call  # type: ignore[attr-defined]
    elif hasattr(row, "phase_id"):
        row.phase = row.phase  # type: ignore[attr-defined]
    if isinstance(row, Document) and row.file and not getattr(row.file, "_committed", True):
        _take_in(row)


def _take_in(document: Document) -> None:
    """Look into a new file: only a PDF of a sane size is kept, under a name that ends so."""
    try:
        gateways.examine_pdf(document.file.file, limit_bytes=settings.ATTACHMENT_MAX_BYTES)
    except gateways.NotAcceptable as error:
        raise ValidationError(str(error)) from error
    name = str(document.file.name)
    document.file.name = name if name.lower().endswith(".pdf") else f"{name}.pdf"
    document.sha256 = gateways.sha256_of(document.file.file)


def _remove(row: models.Model) -> None:
    try:
        row.delete()
    except models.ProtectedError as error:
        raise ValidationError(_("“%(row)s” stays: proposals refer to it.") % {"row": row}, code="protected") from error


def _refuse_extension(call: Call, rows: Sequence[models.Model], now: datetime) -> None:
    """Once a published phase has opened, its deadline moves later only by `extend`."""
    if not call.is_published:
        return
    held = {phase.pk: phase for phase in Phase.objects.filter(call=call)}
    for row in rows:
        was = held.get(row.pk) if isinstance(row, Phase) else None
        if isinstance(row, Phase) and was is not None and was.opens_at <= now and row.closes_at > was.closes_at:
            raise ValidationError(
                _("“%(phase)s” of a published call is extended by “Extend the deadline”, which moves the dates that follow "
                  "and tells everyone with a draft.") % {"phase": was.title}
            )  # fmt: skip


def _changes(rows: Iterable[models.Model]) -> dict[str, Any]:
    """What differs from the database, row by row: {row: {field: [was, now]}}; a new row is only named."""
    told: dict[str, Any] = {}
    for row in rows:
        held = None if row._state.adding else type(row)._default_manager.filter(pk=row.pk).first()
        if held is None:
            told[_name(row)] = "added"
            continue
        differs = {
            field.attname: [_brief(getattr(held, field.attname)), _brief(getattr(row, field.attname))]
            for field in row._meta.concrete_fields
            if field.attname != "revision" and getattr(held, field.attname) != getattr(row, field.attname)
        }
        if differs:
            told[_name(row)] = differs
    return told


def _name(row: models.Model) -> str:
    return f"{row._meta.model_name}:{row.pk or str(row)[:80]}"


def _brief(value: Any) -> Any:
    return value if isinstance(value, bool | int | list) or value is None else str(value)[:TOLD_AT_MOST]


@transaction.atomic
def publish(call: Call, *, by: Any, now: datetime) -> None:
    """This will show a call on the public pages. Raises PermissionDenied; ValidationError without a phase."""
    if not may_edit_calls(by):
        raise PermissionDenied
    held = Call.objects.select_for_update().get(pk=call.pk)
    if not held.phases.exists():
        raise ValidationError(_("Add a phase first: without one nobody knows when the call is open."))
    if not may_publish_call(by, held):
        return
    Call.objects.filter(pk=call.pk).update(is_published=True, revision=models.F("revision") + 1)
    call.refresh_from_db(fields=["is_published", "revision"])
    record("call.published", by=by, about=call, at=now)


def check_extension(phase: Phase, *, closes_at: datetime, now: datetime) -> None:
    """Pass for an instant to which the phase's deadline can move; raises DeadlineNotMovable. Changes nothing."""
    if closes_at <= phase.closes_at:
        raise DeadlineNotMovable(
            _("The new deadline must be after the present one, %(present)s (%(zone)s).")
            % {"present": write_instant(phase.closes_at, phase.zone), "zone": phase.zone}
        )
    if closes_at <= now:
        raise DeadlineNotMovable(_("The new deadline is already past. Choose an instant that is still to come."))


@transaction.atomic
def extend(phase: Phase, *, closes_at: datetime, by: Any, now: datetime) -> list[DependentDate]:
    """This will move a deadline later, with the last instant for late ones and the days that follow; returns those days.

    Dependent days move by whole days of the phase's own calendar. Tells nobody: `intake.actions.extend_deadline`
    does. Raises PermissionDenied, or DeadlineNotMovable for an instant not after the present deadline or already past.
    """
    if not may_edit_calls(by):
        raise PermissionDenied
    call = Call.objects.select_for_update().get(pk=phase.call_id)
    held = Phase.objects.select_for_update().get(pk=phase.pk)
    check_extension(held, closes_at=closes_at, now=now)
    was, shift = held.closes_at, days_later(held.closes_at, closes_at, held.zone)
    held.late_until = held.late_until and held.late_until + (closes_at - was)
    held.closes_at = closes_at
    held.save(update_fields=["closes_at", "late_until"])
    moved = list(held.dates.filter(moves_with_deadline=True))
    for date in moved:
        date.on += shift
        date.save(update_fields=["on"])
    call.revision += 1
    call.save(update_fields=["revision"])
    record("call.deadline_extended", by=by, about=call, phase=held.pk, was=was, now=closes_at, days_moved=shift.days)
    phase.refresh_from_db()
    return moved


@transaction.atomic
def delete(call: Call, *, by: Any, now: datetime) -> None:
    """This will remove a call that was never published. Raises PermissionDenied; ValidationError once published."""
    if not may_edit_calls(by):
        raise PermissionDenied
    held = Call.objects.select_for_update().get(pk=call.pk)
    if not may_delete_call(by, held):
        raise ValidationError(_("A published call stays: partners and mails point to it."))
    record("call.deleted", by=by, about=held, code=held.code, title=held.title, at=now)
    _remove(held)
