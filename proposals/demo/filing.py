"""Submits the synthetic proposals and walks them to their states, at instants of the past month."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from proposals.calls.models import Call
from proposals.demo.filling import Filing
from proposals.demo.reference import load
from proposals.intake import actions
from proposals.intake.models import Proposal
from proposals.intake.states import Status
from proposals.partners.models import Organisation, User

REASON_TO_RETURN = "Please give the origin of the controlled parts by component, and complete the mass of the release device."
QUESTION = "Which of the figures for power apply while the lander is in contact with the ground only?"
WHY_INELIGIBLE = "The proposal asks for a place on the lander but describes an orbiter; it fits none of the call's levels."
WHY_WITHDRAWN = "Our funding was not confirmed in time."


def bring_to(filing: Filing, proposal: Proposal, status: Status, due_at: datetime) -> None:
    """Submit, and walk on to the status wanted, as the partner and the secretariat would."""
    if status == Status.DRAFT:
        return
    actions.submit(proposal, by=filing.author, now=filing.later(hours=3))
    for step in steps(filing, proposal, due_at).get(status, []):
        step()


def steps(filing: Filing, proposal: Proposal, due_at: datetime) -> dict[Status, list[Callable[[], Any]]]:
    """The way from a submission to each status."""
    desk: dict[str, Any] = {"by": filing.desk}

    def at(hours: int) -> datetime:
        return filing.later(hours=hours)

    return {
        Status.ELIGIBILITY: [lambda: actions.receive(proposal, now=at(20), **desk)],
        Status.RETURNED: [
            lambda: actions.return_for_correction(proposal, reason=REASON_TO_RETURN, correct_by=due_at, now=at(26), **desk)
        ],
        Status.CLARIFICATION: [lambda: actions.ask(proposal, question=QUESTION, due_at=due_at, now=at(24), **desk)],
        Status.UNDER_REVIEW: [
            lambda: actions.receive(proposal, now=at(18), **desk),
            lambda: actions.accept_for_review(proposal, now=at(30), **desk),
        ],
        Status.INELIGIBLE: [lambda: actions.declare_ineligible(proposal, reason=WHY_INELIGIBLE, now=at(40), **desk)],
        Status.WITHDRAWN: [lambda: actions.withdraw(proposal, reason=WHY_WITHDRAWN, by=filing.author, now=at(50))],
    }


def seed_proposals(call: Call, bodies: list[Organisation], desk: User, now: datetime) -> int:
    """File what is not there yet; late ones after the first deadline, which is then extended. Returns how many."""
    entries = load("synthetic_proposals")
    known = set(Proposal.objects.filter(call=call).values_list("title", flat=True))
    phase = call.phases.order_by("position")[0]
    first_close = phase.closes_at
    filed = 0
    for number, entry in enumerate(sorted(entries, key=lambda item: item["status"] == Status.LATE)):
        if entry["title"] in known:
            continue
        late = entry["status"] == Status.LATE
        begins = first_close - timedelta(hours=2) if late else now - timedelta(days=26) + timedelta(hours=10 * number)
        filing = Filing(entry, call, bodies, desk, begins)
        proposal = filing.begin()
        bring_to(filing, proposal, Status(entry["status"]), due_at=now + timedelta(days=6))
        filed += 1
    return filed
