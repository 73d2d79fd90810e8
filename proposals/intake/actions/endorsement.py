"""Endorsing with a letter in one step: the file and the row that names it stand or fall together."""

import uuid
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from proposals.intake.actions.files import attach
from proposals.intake.actions.sheets import save_endorsement
from proposals.intake.models import Endorsement, Proposal
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
    letter = None
    if upload is not None:
        kind = AttachmentKind.ENDORSEMENT
        letter = attach(proposal, upload=upload, kind=kind, title="", request_key=request_key, by=by, now=now)
    return save_endorsement(
        proposal,
        agency=agency,
        signatory=signatory,
        signatory_title=signatory_title,
        signed_on=signed_on,
        letter=letter,
        later=later,
        by=by,
        now=now,
    )
