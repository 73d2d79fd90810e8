"""A partner's own page: what needs them, then each of their proposals with its state and next step."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from proposals.calls.calculations import standing
from proposals.calls.states import Standing
from proposals.decisions.queries.letters import last_letter
from proposals.intake.calculations.signing import is_near
from proposals.intake.models import Clarification, Proposal, Section
from proposals.intake.queries.signing import with_keys
from proposals.intake.queries.timeline import last_shown
from proposals.intake.states import Status
from proposals.outbox.models import Bounce
from proposals.partners.queries import pending_invitations

PAGE = 20
NEEDS_AT_MOST = 20
SOON = timedelta(days=14)


@dataclass(frozen=True)
class Card:
    """A proposal as its line says it: where its deadline stands, what is due when, who worked on it last."""

    proposal: Any
    standing: Standing
    due_at: datetime | None
    is_near: bool = False

    @property
    def act(self) -> str:
        """What the reader can do now: answer, submit, sign, correct or complete it; or see whom a release waits for."""
        if self.proposal.status == Status.CLARIFICATION:
            return "answer"
        if self.proposal.reads_only and not self.proposal.leads:
            return "sign"
        if self.proposal.released_at is not None:
            return "submit" if self.proposal.leads else "released"
        return "correct" if self.proposal.status == Status.RETURNED else "complete"

    @property
    def is_loud(self) -> bool:
        """Whether it must be said loudly that nothing is submitted yet: released, or a draft whose deadline is near."""
        takes = self.standing in {Standing.OPEN, Standing.LATE}
        draft = self.proposal.status == Status.DRAFT and takes
        return (draft and self.is_near) or (
            (draft or self.proposal.status == Status.RETURNED) and bool(self.proposal.released_at)
        )


@login_required
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Nine statements, however many proposals there are; staff have their own first page."""
    if request.user.is_staff:
        return redirect("admin:index")
    now = timezone.now()
    address = getattr(request.user, "email", "")
    mine = _of(request.user)
    rows = list(_after(mine, request.GET.get("after", "")).order_by("-shown_at", "-id")[: PAGE + 1])
    needs = [_card(proposal, now) for proposal in _needing(mine, now)]
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return render(
        request,
        "portal/dashboard/dashboard.html",
        {
            "needs": needs,
            "loud": [card for card in needs if card.is_loud],
            "cards": [_card(proposal, now) for proposal in rows[:PAGE]],
            "invitations": list(pending_invitations(request.user, now)[:NEEDS_AT_MOST]),
            "older": f"{last.shown_at.isoformat()}~{last.pk}" if last else "",
            "is_first_page": "after" not in request.GET,
            "came_back": Bounce.objects.last_of([address]).get(address),
        },
    )


def _of(user: Any) -> Any:
    """This person's proposals but drafts that were discarded, each with who saved it last and what is due."""
    saved = Section.objects.filter(proposal=OuterRef("pk")).order_by("-saved_at")
    waiting = Clarification.objects.filter(proposal=OuterRef("pk"), answered_at=None)
    return (
        with_keys(Proposal.objects.visible_to(user), user)
        .exclude(status=Status.WITHDRAWN, submitted_at=None)
        .select_related("call", "phase")
        .annotate(
            last_saved_at=Subquery(saved.values("saved_at")[:1]),
            last_saved_by=Subquery(saved.values("saved_by__full_name")[:1]),
            answer_due_at=Subquery(waiting.values("due_at")[:1]),
            # the order tells nothing of steps that are not shown
            shown_at=last_shown(),
            letter_id=last_letter(),
        )
    )


def _needing(mine: Any, now: datetime) -> Any:
    """Questions first by the day they are due, then returned ones, then drafts whose deadline is near or that are released.

    Who is not of the team finds here what they can submit or sign.
    """
    due = Q(status__in=[Status.CLARIFICATION, Status.RETURNED])
    draft = Q(status=Status.DRAFT, phase__opens_at__lte=now)
    still = Q(phase__closes_at__gte=now) | Q(phase__late_until__gte=now)
    written = Q(status=Status.RETURNED) | (draft & still)
    near = draft & still & Q(phase__closes_at__lte=now + SOON)
    released = written & Q(released_at__isnull=False) & (Q(reads_only=False) | Q(leads=True))
    unsigned = written & Q(reads_only=True, leads=False, has_signed=False, phase__partners_sign=True)
    first = Coalesce("answer_due_at", "correct_by", F("phase__closes_at"))
    return mine.filter((Q(reads_only=False) & (due | near)) | released | unsigned).order_by(first, "id")[:NEEDS_AT_MOST]


def _after(mine: Any, mark: str) -> Any:
    """The proposals after the last one of the page before, by key; a damaged mark begins anew."""
    moment, _tilde, key = mark.partition("~")
    try:
        shown_at, pk = parse_datetime(moment), uuid.UUID(key)
    except ValueError:
        return mine
    if shown_at is None or timezone.is_naive(shown_at):
        return mine
    return mine.filter(Q(shown_at__lt=shown_at) | Q(shown_at=shown_at, id__lt=pk))


def _card(proposal: Any, now: datetime) -> Card:
    phase = proposal.phase
    due = {Status.CLARIFICATION: proposal.answer_due_at, Status.RETURNED: proposal.correct_by}
    return Card(
        proposal=proposal,
        standing=standing(phase.opens_at, phase.closes_at, phase.late_until, now),
        due_at=due.get(proposal.status, phase.closes_at if proposal.status == Status.DRAFT else None),
        is_near=is_near(phase.closes_at, now),
    )
