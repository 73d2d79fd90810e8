"""Endorsing with a letter in one step: the file and the row that names it stand or fall together."""

import uuid
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from proposals.audit.actions import record
from proposals.intake.actions.drafts import touch
from proposals.intake.actions.files import attach
from proposals.intake.models import Endorsement, Proposal, Section
from proposals.intake.rules import may_endorse
from proposals.intake.states import AttachmentKind
from proposals.partners.models import User


@transaction.atomic
def endorse(
    proposal: Proposal,
    *,
    agency: str,
    signatory: str,
    signatory_title: str,
    signed_on: date | None,
    upload: "UploadedFile[Any] | None",
    later: bool,
    request_key: uuid.UUID | None = None,
    by: User,
    now: datetime,
) -> Endorsement:
    """This will keep the signed letter, if one is sent, and save who endorses the proposal.

    Raises PermissionDenied, or ValidationError for a letter that is no plain PDF or names no agency.
    """
    if not may_endorse(by, proposal):
        raise PermissionDenied
    endorsement = Endorsement.objects.filter(proposal=proposal).first() or Endorsement(proposal=proposal)
    if upload is not None:
        kind = AttachmentKind.ENDORSEMENT
        endorsement.letter = attach(proposal, upload=upload, kind=kind, title="", request_key=request_key, by=by, now=now)
    endorsement.agency, endorsement.signatory, endorsement.signatory_title = agency, signatory, signatory_title
    endorsement.signed_on = signed_on
    endorsement.full_clean(validate_unique=False)
    endorsement.save()
    Section.stamp(proposal, key="endorsement", by=by, now=now)
    touch(proposal, now=now, endorsement_later=later, has_endorsement=endorsement.letter_id is not None)
    record("proposal.endorsed", by=by, about=proposal, agency=agency, letter=str(endorsement.letter_id or ""))
    return endorsement
