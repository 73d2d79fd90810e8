"""The demonstration as a whole: reference data, people, proposals, and the extension of the round."""

from datetime import datetime

from django.db import transaction

from proposals.calls.models import Call
from proposals.demo.filing import seed_proposals
from proposals.demo.letters import seed_letters
from proposals.demo.people import seed_experts, seed_organisations, seed_staff
from proposals.demo.reference import instant, seed_calls, seed_directory
from proposals.intake.actions import extend_deadline

ROUND = "CE8D"
CLOSES_DAYS = 30


@transaction.atomic
def seed(now: datetime) -> dict[str, int]:
    """This will add what is missing of the demonstration; a second time it adds nothing. Returns what was added."""
    staff = seed_staff()
    seed_experts(staff[0], now)
    directory = seed_directory(staff[0], now)
    calls = seed_calls(now)
    bodies = seed_organisations(now, staff[0])
    call = Call.objects.get(code=ROUND)
    proposals = seed_proposals(call, bodies, staff[0], now)
    phase = call.phases.order_by("position")[0]
    closes_at = instant(CLOSES_DAYS, now)
    if proposals and phase.closes_at < now:
        extend_deadline(phase, closes_at=closes_at, by=staff[0], now=now)
    letters = seed_letters(call, staff[0], now)
    return {"organisations in the directory": directory, "calls": len(calls), "proposals": proposals, "wordings": letters}
