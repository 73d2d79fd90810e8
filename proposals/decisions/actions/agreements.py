"""Verbs of the agreement about a selected project: prepare it, work through its checklist, conclude it."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from proposals.audit.actions import record
from proposals.decisions.calculations.days import day_of
from proposals.decisions.models import Agreement, AgreementItem
from proposals.decisions.rules.agreements import may_keep_agreement
from proposals.intake import emails
from proposals.intake.models import Proposal
from proposals.intake.rules import may_triage
from proposals.intake.states import Status
from proposals.partners.models import User

# What most agreements need; copied into rows that the secretariat edits, and read in each reader's language.
CHECKLIST = (
    gettext_lazy("Counterpart institute named and both sides introduced"),
    gettext_lazy("Scope of work and deliverables agreed"),
    gettext_lazy("Interface control document, first issue"),
    gettext_lazy("Schedule of models and deliveries agreed"),
    gettext_lazy("Export licences applied for, or confirmed as not needed"),
    gettext_lazy("Data policy and publication plan signed"),
    gettext_lazy("Funding confirmed in writing"),
    gettext_lazy("Liability and registration settled"),
)


class StaleAgreement(ValidationError):
    """Someone saved the agreement since the page was opened; nothing was changed."""


@transaction.atomic
def open_agreement(
    proposal: Proposal, *, by: User, now: datetime, counterpart: str = "", contact: str = "", planned_on: date | None = None
) -> Agreement:
    """This will begin the agreement about a selected project, with the shipped checklist, and tell its team.

    Raises PermissionDenied, ValidationError or MoveNotAllowed.
    """
    if not may_triage(by):
        raise PermissionDenied
    agreement = Agreement(
        proposal=proposal,
        counterpart=counterpart.strip(),
        contact=contact.strip(),
        planned_on=planned_on,
        opened_by=by,
        opened_at=now,
    )
    agreement.clean_fields(exclude=["proposal", "opened_by"])
    move = proposal.move(Status.AGREEMENT, by=by, now=now)
    agreement.save(force_insert=True)
    with translation.override("en"):
        lines = [str(line) for line in CHECKLIST]
    AgreementItem.objects.bulk_create(
        AgreementItem(agreement=agreement, position=number, text=text) for number, text in enumerate(lines, 1)
    )
    record("agreement.opened", by=by, about=proposal, agreement=agreement.pk)
    emails.moved(move, proposal=proposal)
    return agreement


@transaction.atomic
def save(
    agreement: Agreement,
    *,
    by: User,
    now: datetime,
    revision: int | None = None,
    rows: Iterable[models.Model] = (),
    removed: Iterable[models.Model] = (),
) -> Agreement:
    """This will save an agreement with the changed lines of its checklist and without the removed ones.

    A line that is ticked stays as it was ticked. Raises PermissionDenied, StaleAgreement or ValidationError.
    """
    held = _hold(agreement, by=by)
    if revision is not None and held.revision != revision:
        raise StaleAgreement(_("Someone saved this agreement after you opened it. Nothing of yours was saved; compare first."))
    rows, removed = list(rows), list(removed)
    done = {item.pk for item in held.items.all() if item.done_at}
    if any(row.pk in done for row in (*rows, *removed)):
        raise ValidationError(_("A line that is ticked stays as it is. Take its tick back first."))
    agreement.revision = held.revision + 1
    agreement.save(update_fields=["counterpart", "contact", "planned_on", "note", "revision"])
    for row in removed:
        row.delete()
    for row in rows:
        row.agreement = agreement  # type: ignore[attr-defined]
        row.save()
    record("agreement.changed", by=by, about=agreement.proposal, lines=len(rows), removed=len(removed))
    return agreement


@transaction.atomic
def tick(agreement: Agreement, *, items: Sequence[AgreementItem], by: User, now: datetime) -> None:
    """This will mark lines of the checklist as done. Raises PermissionDenied or ValidationError (none chosen)."""
    held = _hold(agreement, by=by)
    found = held.items.filter(pk__in=[item.pk for item in items], done_at=None)
    _record_lines("agreement.ticked", held, found, by=by)
    found.update(done_at=now, done_by=by)


@transaction.atomic
def take_back(agreement: Agreement, *, items: Sequence[AgreementItem], by: User, now: datetime) -> None:
    """This will take back ticks that were wrong. Raises PermissionDenied or ValidationError (none chosen)."""
    held = _hold(agreement, by=by)
    found = held.items.filter(pk__in=[item.pk for item in items], done_at__isnull=False)
    _record_lines("agreement.tick_taken_back", held, found, by=by)
    found.update(done_at=None, done_by=None)


@transaction.atomic
def agree(agreement: Agreement, *, signed_on: date, by: User, now: datetime) -> None:
    """This will conclude an agreement that was signed on a day (of Beijing) and whose checklist is done, and tell the team.

    Raises PermissionDenied, ValidationError (lines open, a day to come, concluded before) or MoveNotAllowed.
    """
    held = _hold(agreement, by=by)
    if signed_on > day_of(now):
        raise ValidationError({"signed_on": _("The day of the signature is still to come.")})
    left = held.items.filter(done_at=None).count()
    if left:
        says = ngettext(
            "%(n)d line of the checklist is not done yet: tick it, or take it off the list.",
            "%(n)d lines of the checklist are not done yet: tick them, or take them off the list.",
            left,
        )
        raise ValidationError(says % {"n": left})
    held.signed_on = signed_on
    held.revision += 1
    held.save(update_fields=["signed_on", "revision"])
    move = held.proposal.move(Status.AGREED, by=by, now=now)
    record("agreement.agreed", by=by, about=held.proposal, signed_on=signed_on.isoformat())
    emails.moved(move, proposal=held.proposal)


def _hold(agreement: Agreement, *, by: User) -> Agreement:
    """The agreement, locked until the end of the transaction; raises PermissionDenied, or ValidationError once concluded."""
    if not may_triage(by):
        raise PermissionDenied
    rows = Agreement.objects.select_for_update(of=("self",)).select_related("proposal__call", "proposal__phase")
    held = rows.get(pk=agreement.pk)
    if not may_keep_agreement(by, held):
        raise ValidationError(_("This agreement is no longer in preparation; it stays as it is."))
    return held


def _record_lines(verb: str, agreement: Agreement, lines: Any, *, by: User) -> None:
    chosen = list(lines.values_list("pk", flat=True))
    if not chosen:
        raise ValidationError(_("Choose at least one line."))
    record(verb, by=by, about=agreement.proposal, lines=chosen)
