"""The keys of a submission: the PI releases, partner organisations sign their part, a representative may send another.

What is signed is the SHA-256 of what is typed at that moment: whatever is edited afterwards makes the signature stale by
itself, and a submission compares again. Every verb holds the proposal's row, as a submission does.
"""

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.intake.actions.submission import ChangedMeanwhile, Incomplete, is_late
from proposals.intake.calculations.signing import REPRESENTATIVE
from proposals.intake.emails import signing as emails
from proposals.intake.models import Access, Delegation, Proposal, Signature
from proposals.intake.queries import content, gaps, mass_report
from proposals.intake.queries.at_hand import proposal_for
from proposals.intake.queries.signing import STANDS, Key, delegations_of, keys_of, lapsed, readers_of, release_of, representatives
from proposals.intake.rules import (
    may_ask_to_sign,
    may_delegate,
    may_end_delegation,
    may_release,
    may_sign,
    may_take_back,
)
from proposals.partners.models import Organisation, User


def _held(proposal: Proposal, by: User) -> Proposal:
    """The proposal as it is now, its row held until the transaction ends."""
    fresh = proposal_for(by, proposal.pk, lock=True)
    if fresh is None:
        raise PermissionDenied
    return fresh


@transaction.atomic
def release(proposal: Proposal, *, seen: str = "", by: User, now: datetime) -> Signature:
    """This will release the proposal for submission, as it is typed now, and tell who may submit it.

    The representatives of the lead organisation may read it from now on. `seen` is the SHA-256 of what the page showed. The
    second click gets the first click's release. Raises PermissionDenied, CallClosed, Incomplete, or ChangedMeanwhile.
    """
    fresh = _held(proposal, by)
    if not may_release(by, fresh):
        raise PermissionDenied
    is_late(fresh, now)
    report = mass_report(fresh)
    if missing := gaps(fresh, report=report):
        raise Incomplete(missing)
    key = release_of(fresh, content(fresh, report))
    if (standing := _standing(key, seen)) is not None:
        return standing
    signature = _give(fresh, key, by=by, now=now)
    _let_read(fresh, representatives([fresh.lead_id]))
    people = {one.pk: one for one in readers_of(fresh, [fresh.lead_id])}
    people |= {one.to_id: one.to for one in delegations_of(fresh)}
    emails.released(signature, [one for pk, one in people.items() if pk != by.pk], proposal=fresh, now=now)
    return signature


@transaction.atomic
def sign(proposal: Proposal, *, organisation: Organisation, seen: str = "", by: User, now: datetime) -> Signature:
    """This will sign a partner organisation's part of the proposal, as it is typed now.

    The part is what `part_of` says: an edit elsewhere leaves the signature standing. Raises PermissionDenied or ChangedMeanwhile.
    """
    fresh = _held(proposal, by)
    if not may_sign(by, fresh, organisation):
        raise PermissionDenied
    key = next(key for key in keys_of(fresh).parts if key.organisation == organisation)
    return _standing(key, seen) or _give(fresh, key, by=by, now=now)


def _standing(key: Key, seen: str) -> Signature | None:
    """The first click's signature, where it stands; raises ChangedMeanwhile where the page showed something else."""
    if seen and seen != key.sha256:
        raise ChangedMeanwhile
    return key.signature if key.state == STANDS else None


def _give(proposal: Proposal, key: Key, *, by: User, now: datetime) -> Signature:
    """Write a signature in place of one that no longer stands."""
    earlier = Signature.objects.filter(proposal=proposal, phase=proposal.phase, kind=key.kind, organisation=key.organisation)
    earlier.filter(taken_back_at=None).update(taken_back_at=now)
    signature = Signature.objects.create(
        proposal=proposal, phase=proposal.phase, kind=key.kind, organisation=key.organisation, sha256=key.sha256, by=by, at=now
    )
    facts = {"kind": key.kind, "organisation": key.organisation and key.organisation.pk, "sha256": key.sha256}
    record("proposal.signed", by=by, about=proposal, **facts)
    return signature


@transaction.atomic
def take_back(signature: Signature, *, by: User, now: datetime) -> None:
    """This will take a signature back before the submission; the second click does nothing. Raises PermissionDenied."""
    fresh = _held(signature.proposal, by)
    signature.proposal = fresh
    if not may_take_back(by, signature):
        raise PermissionDenied
    if Signature.objects.filter(pk=signature.pk, taken_back_at=None).update(taken_back_at=now):
        record("proposal.signature_taken_back", by=by, about=fresh, kind=signature.kind, organisation=signature.organisation_id)


@transaction.atomic
def ask_to_sign(proposal: Proposal, *, by: User, now: datetime) -> None:
    """This will let the representatives of the partner organisations read the proposal, and ask them to sign.

    Asked are those whose part is not signed as it stands; whether there are any is their organisations' affair, and not told.
    Raises PermissionDenied, or ValidationError where nothing is to be signed.
    """
    fresh = _held(proposal, by)
    if not may_ask_to_sign(by, fresh):
        raise PermissionDenied
    wanted = [key.organisation for key in keys_of(fresh).parts if key.state != STANDS and key.organisation is not None]
    if not wanted:
        raise ValidationError(_("Every partner organisation has signed its part."))
    for organisation in wanted:
        _let_read(fresh, representatives([organisation.pk]))
        people = readers_of(fresh, [organisation.pk])
        emails.asked_to_sign(organisation, people, proposal=fresh, now=now)
    record("proposal.signatures_asked", by=by, about=fresh, organisations=[one.pk for one in wanted])


def _let_read(proposal: Proposal, people: QuerySet[User]) -> None:
    """Give them the proposal to read; a bar that one of them has goes before it."""
    rows = [Access(proposal=proposal, user=person, why=REPRESENTATIVE) for person in people]
    Access.objects.bulk_create(rows, ignore_conflicts=True)


@transaction.atomic
def delegate(proposal: Proposal, *, to: User, by: User, now: datetime) -> Delegation:
    """This will let a person of the team submit in the representative's place, and tell them; the second click does nothing.

    Raises PermissionDenied, or ValidationError for someone who has not joined the team, or for oneself.
    """
    fresh = _held(proposal, by)
    if not may_delegate(by, fresh):
        raise PermissionDenied
    joined = fresh.team.filter(user=to.pk, accepted_at__isnull=False).exists()
    if to.pk == by.pk or not joined or not to.is_active:
        raise ValidationError({"to": _("Choose a person who has joined the team.")})
    held = next((one for one in delegations_of(fresh) if one.to_id == to.pk), None)
    if held is not None:
        return held
    # One that was given by somebody who no longer stands for the lead makes room.
    Delegation.objects.filter(proposal=fresh, to=to, ended_at=None).update(ended_at=now)
    delegation = Delegation.objects.create(proposal=fresh, to=to, by=by, at=now)
    record("proposal.delegated", by=by, about=fresh, to=to.pk)
    emails.delegated(delegation, proposal=fresh, now=now)
    return delegation


@transaction.atomic
def end_delegation(delegation: Delegation, *, by: User, now: datetime) -> None:
    """This will end a delegation: that person submits in nobody's place any more. Raises PermissionDenied."""
    fresh = _held(delegation.proposal, by)
    delegation.proposal = fresh
    if not may_end_delegation(by, delegation):
        raise PermissionDenied
    if Delegation.objects.filter(pk=delegation.pk, ended_at=None).update(ended_at=now):
        record("proposal.delegation_ended", by=by, about=fresh, to=delegation.to_id)


def close_views() -> int:
    """This will end the view of those who no longer stand for an organisation of the proposal; how many that were."""
    ended: int = lapsed().delete()[0]
    return ended
