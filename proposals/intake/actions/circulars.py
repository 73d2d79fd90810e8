"""Letters to the teams of several proposals: written and held by one person, sent or stopped after another has read them."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.intake import emails
from proposals.intake.models import Circular, CircularMail, Proposal
from proposals.intake.queries.letters import needs_decision, newest, written
from proposals.intake.queries.queue import teams_of
from proposals.intake.rules import may_approve, may_stop, may_triage
from proposals.outbox.models import Wording
from proposals.partners.models import User

# A second person has to read them, and one transaction has to write them.
MOST_PROPOSALS = 300
MOST_MAILS = 1500


class NotHeld(Exception):
    """The circular was sent or stopped meanwhile: someone was faster."""

    def __str__(self) -> str:
        return _("Someone was faster: it was sent or stopped meanwhile.")


@transaction.atomic
def draft_circular(
    wording: Wording,
    *,
    proposals: Sequence[Proposal],
    request_key: uuid.UUID,
    filters: str = "",
    by: User,
    now: datetime,
) -> Circular:
    """This will write every mail of a circular, one a team member and proposal, and hold them for a second person.

    It uses the wording's newest version. The same `request_key` makes one circular.
    Raises PermissionDenied, or ValidationError (nobody to write to, too many, a wording that was retired or is for
    decisions).
    """
    if not may_triage(by):
        raise PermissionDenied
    made = Circular.objects.filter(request_key=request_key, drafted_by=by).first()
    if made is not None:
        return made
    version = newest(wording)
    if version is None or wording.retired_at:
        raise ValidationError(_("This wording was retired; choose another."))
    if needs_decision(version):
        raise ValidationError(_("This wording is for the letters of decisions: it holds words that a circular cannot fill."))
    _bounded(len(proposals))
    circular = Circular.objects.create(version=version, request_key=request_key, filters=filters, drafted_by=by, drafted_at=now)
    mails = _mails(circular, proposals)
    CircularMail.objects.bulk_create(mails)
    record("circular.drafted", by=by, about=circular, wording=version.pk, proposals=len(proposals), mails=len(mails))
    return circular


@transaction.atomic
def approve_circular(circular: Circular, *, by: User, now: datetime) -> int:
    """This will send every mail of a held circular as it was read, and say how many left.

    Whoever has left a team or closed the account since gets none. Raises PermissionDenied (its author among others) or NotHeld.
    """
    if not may_approve(by, circular):
        raise PermissionDenied
    if not Circular.objects.held().filter(pk=circular.pk).update(approved_by=by, approved_at=now):
        raise NotHeld
    mails = list(circular.mails.select_related("proposal__call", "person"))
    teams = teams_of({mail.proposal_id: mail.proposal for mail in mails}.values())
    still = {(proposal, person.pk) for proposal, team in teams.items() for person in team}
    leaving = [mail for mail in mails if (mail.proposal_id, mail.person_id) in still]
    for mail in leaving:
        emails.circular(mail, now=now)
    record("circular.approved", by=by, about=circular, mails=len(leaving), left_out=len(mails) - len(leaving))
    return len(leaving)


@transaction.atomic
def stop_circular(circular: Circular, *, by: User, now: datetime) -> None:
    """This will end a held circular unsent. Raises PermissionDenied or NotHeld."""
    if not may_stop(by, circular):
        raise PermissionDenied
    if not Circular.objects.held().filter(pk=circular.pk).update(stopped_by=by, stopped_at=now):
        raise NotHeld
    record("circular.stopped", by=by, about=circular)


def _bounded(proposals: int) -> None:
    if not proposals:
        raise ValidationError(_("No proposal fits these filters: there is nobody to write to."))
    if proposals > MOST_PROPOSALS:
        told = {"n": proposals, "most": MOST_PROPOSALS}
        raise ValidationError(_("%(n)d proposals are too many for one circular; narrow the filters to %(most)d or fewer.") % told)


def _mails(circular: Circular, proposals: Sequence[Proposal]) -> list[CircularMail]:
    """Each mail as its reader will get it. Raises ValidationError where there are none, or too many."""
    teams = teams_of(proposals)
    mails = []
    for proposal in proposals:
        for person in teams.get(proposal.pk, ()):
            letter = written(circular.version, proposal, to=person)
            mails.append(
                CircularMail(
                    circular=circular,
                    proposal=proposal,
                    person=person,
                    language=letter.language,
                    subject=letter.subject[:300],
                    body=letter.body,
                )
            )
    if not mails:
        raise ValidationError(_("None of these proposals has a team member with an account: there is nobody to write to."))
    if len(mails) > MOST_MAILS:
        told = {"n": len(mails), "most": MOST_MAILS}
        raise ValidationError(_("%(n)d mails are too many for one circular; narrow the filters to %(most)d or fewer.") % told)
    return mails
