"""Wordings of the demonstration's letters, and one circular that waits for the second desk."""

import uuid
from datetime import datetime

from proposals.calls.models import Call
from proposals.demo.reference import load
from proposals.intake.actions import draft_circular, save_wording
from proposals.intake.models import Proposal
from proposals.intake.states import Status
from proposals.outbox.models import Wording
from proposals.partners.models import User

REQUEST = uuid.UUID("5f0d7f0e-9d0c-4f5e-8a54-3f5b7d1c0e08")  # the same at every seeding: one circular


def seed_letters(call: Call, desk: User, now: datetime) -> int:
    """Add the wordings that are not there yet, and a held circular to the proposals under review. Returns how many wordings."""
    known = set(Wording.objects.values_list("name", flat=True))
    fresh = [entry for entry in load("wordings") if entry["name"] not in known]
    for entry in fresh:
        save_wording(Wording(name=entry["name"]), texts=entry["texts"], by=desk, now=now)
    wording = Wording.objects.current().order_by("pk").first()
    ready = Proposal.objects.filter(call=call, status=Status.UNDER_REVIEW).select_related("call", "phase", "lead")
    if wording is not None and fresh and ready:
        draft_circular(
            wording, proposals=list(ready), request_key=REQUEST, filters="state=under_review&view=all", by=desk, now=now
        )
    return len(fresh)
