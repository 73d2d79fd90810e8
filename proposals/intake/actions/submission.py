"""Submitting and withdrawing: what is received is frozen, numbered and receipted in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.audit.calculations import canonical, sha256
from proposals.calls.calculations import standing
from proposals.calls.states import Standing
from proposals.intake import emails
from proposals.intake.actions.clarifications import close_question
from proposals.intake.actions.drafts import words_of
from proposals.intake.calculations.reference import draw
from proposals.intake.models import MoveNotAllowed, Proposal, Version
from proposals.intake.queries import Gap, content, gaps, mass_report
from proposals.intake.queries.at_hand import proposal_for
from proposals.intake.queries.signing import keys_of
from proposals.intake.rules import files_for_partner, may_edit, may_submit, may_withdraw
from proposals.intake.states import EDITABLE, Status
from proposals.partners.gateways import unrestricted
from proposals.partners.models import User


class CallClosed(Exception):
    """The phase does not take submissions at this instant; the message says since or from when."""


class Incomplete(Exception):
    """Something that the phase requires is missing; `gaps` says what and where."""

    def __init__(self, missing: Sequence[Gap]) -> None:
        super().__init__(_("Something is still missing."))
        self.gaps = list(missing)


class NotSigned(Exception):
    """A key that the phase asks for is not turned; `waits` says which, and whose it is."""

    def __init__(self, waits: Sequence[str]) -> None:
        super().__init__(" ".join(waits))
        self.waits = list(waits)


class ChangedMeanwhile(Exception):
    """Something was typed after the page was opened: nobody signs or submits what they have not seen."""

    def __init__(self) -> None:
        super().__init__(_("The proposal was changed after you opened this page. Read it again as it is now."))


@transaction.atomic
def submit(proposal: Proposal, *, seen: str = "", by: User, now: datetime) -> Version:
    """This will freeze the draft as a submitted version, and send its receipt to the team.

    After the deadline the version is kept and marked late. `now` is the instant at which the server
    received the request; `seen` the SHA-256 of what the page showed, where the phase asks for signatures.
    Raises PermissionDenied, CallClosed, Incomplete, NotSigned, ChangedMeanwhile or MoveNotAllowed.
    """
    fresh = proposal_for(by, proposal.pk, lock=True)
    if fresh is None:
        raise PermissionDenied
    if fresh.status not in EDITABLE:
        raise MoveNotAllowed(fresh.status, Status.SUBMITTED)
    if not (may_edit(by, fresh) or may_submit(by, fresh)):
        raise PermissionDenied
    late = is_late(fresh, now)
    report = mass_report(fresh)
    missing = gaps(fresh, report=report)
    if missing:
        raise Incomplete(missing)
    typed = content(fresh, report)
    _check_keys(fresh, typed, seen=seen, by=by)
    fresh.reference = fresh.reference or _new_reference(fresh)
    version = _freeze(fresh, typed, late=late, by=by, now=now)
    received = {"reference": fresh.reference, "submitted_at": now, "is_late": late, "correct_by": None}
    move = fresh.move(Status.LATE if late else Status.SUBMITTED, by=by, now=now, also={**received, "search": words_of(fresh)})
    record("proposal.submitted", by=by, about=fresh, version=version.number, sha256=version.sha256, late=late)
    emails.received(move, version, proposal=fresh)
    for name in ("status", "moved_at", "updated_at", "revision", *received):
        vars(proposal).pop(name, None)  # the caller's copy reads it anew, should anyone ask
    return version


def _check_keys(proposal: Proposal, typed: dict[str, Any], *, seen: str, by: User) -> None:
    """Compare what is about to be frozen with what was signed and seen; what the secretariat files is signed on paper."""
    if files_for_partner(by, proposal):
        return
    if seen and seen != sha256(canonical(typed)):
        raise ChangedMeanwhile
    waits = keys_of(proposal, typed).waits()
    if not may_submit(by, proposal):
        waits.append(_("A representative of the lead organisation has to submit it, or whom they let submit in their place."))
    if waits:
        raise NotSigned(waits)


def is_late(proposal: Proposal, now: datetime) -> bool:
    """Whether a submission at this instant is late; a correction is on time until the day it was asked for.

    Raises CallClosed where it would not be taken at all.
    """
    phase = proposal.phase
    if proposal.status == Status.RETURNED:
        return now > max(phase.closes_at, proposal.correct_by or phase.closes_at)
    stands = standing(phase.opens_at, phase.closes_at, phase.late_until, now)
    if stands == Standing.NOT_YET:
        raise CallClosed(_("This phase is not open yet. Your draft is kept."))
    if stands == Standing.CLOSED:
        raise CallClosed(_("This phase is closed and takes no late submissions any more. Your draft is kept."))
    return stands == Standing.LATE


def _new_reference(proposal: Proposal) -> str:
    """A reference that no proposal has yet; longer ones when the short ones run out."""
    with unrestricted():
        for length in (4, 4, 4, 5, 5, 6, 7, 8):
            reference = draw(proposal.call.code, length=length)
            if not Proposal.objects.filter(reference=reference).exists():
                return reference
    raise RuntimeError("no free reference was drawn")


def _freeze(proposal: Proposal, typed: dict[str, Any], *, late: bool, by: User, now: datetime) -> Version:
    """Write the next version: the canonical JSON of everything typed, and its SHA-256."""
    number = proposal.versions.count() + 1
    document = {**typed, "reference": proposal.reference, "version": number, "received_at": now, "late": late}
    text = canonical(document)
    return Version.objects.create(
        proposal=proposal,
        phase=proposal.phase,
        number=number,
        canonical=text,
        sha256=sha256(text),
        is_late=late,
        frozen_at=now,
        frozen_by=by,
        on_behalf=proposal.filed_by_staff,
    )


@transaction.atomic
def withdraw(proposal: Proposal, *, reason: str, by: User, now: datetime) -> None:
    """This will withdraw a submitted proposal for good, with a reason, and tell its team.

    Raises PermissionDenied, ValidationError or MoveNotAllowed.
    """
    if not may_withdraw(by, proposal):
        raise PermissionDenied
    reason = reason.strip()
    if not reason:
        raise ValidationError({"reason": _("Say in a few words why you withdraw it.")})
    move = proposal.move(Status.WITHDRAWN, by=by, now=now, note=reason)
    close_question(proposal, by=by, now=now)
    record("proposal.withdrawn", by=by, about=proposal)
    emails.moved(move, proposal=proposal)
