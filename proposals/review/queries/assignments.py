"""Assignments as they are read: by the one who was asked, before and after the answer, and by staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, QuerySet
from django.utils.translation import gettext as _

from proposals.calls.states import Level
from proposals.intake.models import Access, Proposal
from proposals.partners.gateways import unrestricted
from proposals.partners.models import User
from proposals.review.models import Assignment
from proposals.review.queries.conflicts import conflicts_between
from proposals.review.queries.experts import Undertaking, available, expert_of, has_undertaken, undertaking_of
from proposals.review.rules.assignments import IN_REVIEW, JUDGES
from proposals.review.states import ReviewKind


@dataclass(frozen=True)
class Invitation:
    """What somebody who is asked may know before they answer: enough to recognise a conflict, nothing to judge by."""

    assignment: Assignment
    call: str
    phase: str
    reference: str
    title: str
    organisations: tuple[str, ...]
    countries: tuple[str, ...]
    people: tuple[str, ...]
    due_at: datetime | None
    undertaking: Undertaking
    has_undertaken: bool


def own_assignment(user: Any, pk: int) -> Assignment | None:
    """One's own assignment; None for another's, for one that ended, and for a barred one alike.

    Row-level security hides a proposal until its assignment is accepted: so this is read past it, by the person alone.
    """
    with unrestricted():
        found: Assignment | None = _of(user).standing().filter(pk=pk).first()
        return found


def invitation_of(assignment: Assignment) -> Invitation:
    """What the invitation to one's own assignment shows; the caller has found it by `own_assignment`."""
    with unrestricted():
        proposal = Proposal.objects.select_related("call", "lead").get(pk=assignment.proposal_id)
        partners = [part.organisation.name for part in proposal.participations.select_related("organisation")]
        team = proposal.team.values_list("full_name", flat=True)
        return Invitation(
            assignment=assignment,
            call=proposal.call.title,
            phase=assignment.phase.title,
            reference=proposal.reference or "",
            title=proposal.title,
            organisations=tuple(dict.fromkeys([*([proposal.lead.name] if proposal.lead else []), *partners])),
            countries=tuple(proposal.countries),
            people=tuple(dict.fromkeys(team)),
            due_at=assignment.due_at,
            undertaking=undertaking_of(assignment.phase),
            has_undertaken=has_undertaken(expert_of(assignment.user), assignment.phase),
        )


def assignments_seen_by(user: Any) -> QuerySet[Assignment]:
    """The assignments of proposals that this member of staff may know of."""
    seen = Proposal.objects.visible_to(user).filter(pk=OuterRef("proposal"))
    return Assignment.objects.filter(Exists(seen)).select_related("proposal", "phase__call", "user", "by", "assessment")


def outstanding(users: Sequence[User]) -> QuerySet[Assignment]:
    """What these people still have to judge: standing, not yet submitted, the proposal still under review in that phase."""
    found = Assignment.objects.standing().filter(user__in=users, proposal__status__in=sorted(IN_REVIEW))
    return found.filter(proposal__phase=F("phase")).exclude(assessment__submitted_at__isnull=False)


def why_not(proposal: Proposal, *, user: User, kind: ReviewKind) -> str:
    """In words, why this person cannot be asked to judge this proposal; empty where they can."""
    expert = getattr(user, "expert", None)
    if expert is None or not user.is_active or user.staff_role != JUDGES[kind]:
        return _("%(person)s is not among those who do this review.") % {"person": user}
    if kind == ReviewKind.TECHNICAL and proposal.level == Level.MISSION:
        return _("The lander carries nothing of a mission-level proposal: it has no accommodation review.")
    if conflicts_between(proposal.phase, [user], [proposal]).get((user.pk, proposal.pk)):
        return _("%(person)s has a conflict of interest with this proposal.") % {"person": user}
    if Assignment.objects.standing().filter(proposal=proposal, phase=proposal.phase_id, user=user).exists():
        return _("%(person)s is already asked to judge this proposal.") % {"person": user}
    load = outstanding([user]).count()
    if load >= expert.max_load:
        told = {"person": user, "load": load, "most": expert.max_load}
        return _("%(person)s has %(load)d proposals to judge and takes %(most)d at most.") % told
    return ""


def candidates_for(proposal: Proposal) -> QuerySet[User]:
    """Who can be asked to judge a proposal now: of the right role, without conflict, with room, and not asked already."""
    kinds = [ReviewKind.SCIENCE] if proposal.level == Level.MISSION else list(ReviewKind)
    people = [expert.user for kind in kinds for expert in available(JUDGES[kind])]
    barred = {user for user, _proposal in conflicts_between(proposal.phase, people, [proposal])}
    asked = Assignment.objects.standing().filter(proposal=proposal, phase=proposal.phase_id).values("user")
    busy = outstanding(people).order_by().values("user").annotate(n=Count("pk")).values_list("user", "n")
    loads: dict[int, int] = dict(busy)
    free = [user.pk for user in people if user.pk not in barred and loads.get(user.pk, 0) < user.expert.max_load]
    return User.objects.filter(pk__in=free).exclude(pk__in=asked).order_by("full_name", "pk")


def _of(user: Any) -> Any:
    barred = Access.objects.filter(proposal=OuterRef("proposal"), user=user.pk, grant=False)
    related = ("proposal", "phase__call", "user__expert", "assessment")
    return Assignment.objects.filter(~Exists(barred), user=user.pk).select_related(*related)
