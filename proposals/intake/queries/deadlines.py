"""Who works towards a phase's deadline, and which deadlines concern a person, as entries of a calendar."""

import uuid
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Case, F, OuterRef, Prefetch, Q, QuerySet, Subquery, When
from django.urls import reverse
from django.utils import translation
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from proposals.calls.calculations import Deadline, deadlines_file
from proposals.calls.models import DependentDate, Phase
from proposals.calls.states import DayKind
from proposals.intake.calculations.reminders import end_of_day
from proposals.intake.models import Clarification, Proposal, TeamMember, Telling
from proposals.intake.states import CLOSED, Fact, Status
from proposals.partners.models import Mailbox, User

KEPT_FOR = timedelta(days=31)  # how long a deadline that has passed stays in a calendar
AT_MOST = 500


def concerned_by(phase: Phase) -> QuerySet[User]:
    """Everyone who accepted a place in the team of a live proposal in this phase, draft or submitted, each once."""
    teams = phase.proposals.exclude(status__in=sorted(CLOSED))
    return User.objects.filter(
        is_active=True,
        pk__in=teams.filter(team__accepted_at__isnull=False).values("team__user"),
    ).order_by("pk")


def mailboxes_concerned_by(phase: Phase, people: QuerySet[User]) -> list[Mailbox]:
    """The role mailboxes that lead live proposals in this phase, each address once, without those of people told."""
    leads = phase.proposals.exclude(status__in=sorted(CLOSED)).values("lead")
    rows = Mailbox.objects.confirmed().filter(organisation__in=leads).select_related("organisation").order_by("-pk")
    by_address = {row.address: row for row in rows}
    known = set(people.filter(email__in=by_address).values_list("email", flat=True))
    return [mailbox for address, mailbox in by_address.items() if address not in known]


def closing(phase: Phase, *, set_at: datetime) -> Deadline:
    """The close of a phase: the same entry as in the calendar of its call."""
    return Deadline(
        uid=f"phase-{phase.pk}-closes@{settings.MESSAGE_ID_DOMAIN}",
        title=format_lazy(_("{code}: {phase} closes"), code=phase.call.code, phase=phase.title),
        at=phase.closes_at,
        set_at=set_at,
        link=settings.SITE_URL + reverse("portal:dashboard"),
    )


def answer_due(question: Clarification, proposal: Proposal) -> Deadline:
    """Until when a question waits for its answer."""
    title = _("{reference}: your answer to a question is due")
    return _of(proposal, f"answer:{question.pk}", title, at=question.due_at, set_at=question.asked_at)


def correction_due(proposal: Proposal) -> Deadline:
    """Until when a returned proposal can be corrected; without an instant of its own, until the phase closes."""
    title = _("{reference}: your correction is due")
    at = proposal.correct_by or proposal.phase.closes_at
    return _of(proposal, f"correction:{proposal.moved_at.isoformat()}", title, at=at, set_at=proposal.moved_at)


def endorsement_due(proposal: Proposal, *, on: date, set_at: datetime) -> Deadline:
    """The last day on which the letter of endorsement may follow what was submitted."""
    title = _("{reference}: the letter of endorsement is due")
    at = end_of_day(on, proposal.phase.zone)
    return _of(proposal, f"endorsement:{proposal.phase_id}", title, at=at, set_at=set_at)


def _of(proposal: Proposal, what: str, title: Any, *, at: datetime, set_at: datetime) -> Deadline:
    """An entry about one proposal; its identity tells nothing, not even how many there are."""
    return Deadline(
        uid=f"{uuid.uuid5(proposal.pk, what)}@{settings.MESSAGE_ID_DOMAIN}",
        title=format_lazy(title, reference=proposal.reference or proposal.call.code),
        at=at,
        set_at=set_at,
        link=settings.SITE_URL + reverse("portal:proposal", args=[proposal.pk]),
    )


def last_set(phases: Iterable[int]) -> dict[int, datetime]:
    """When the deadline of each phase that was extended became what it is. One statement."""
    moved = Telling.objects.filter(fact=Fact.EXTENDED, phase__in=set(phases), deadline_at=F("phase__closes_at"))
    return dict(moved.values_list("phase", "begun_at"))


def deadlines_of(user: Any, *, now: datetime) -> list[Deadline]:
    """What a person's teams have to do by when: at most 500 entries, soonest first, those past for a month among them.

    Three statements however many proposals there are. The close of a phase is one entry, however many drafts it holds.
    """
    rows = list(_due(user, since=now - KEPT_FOR)[:AT_MOST])
    set_at = last_set(row.phase_id for row in rows)
    found = {one.uid: one for row in rows for one in _entries(row, set_at.get(row.phase_id, row.phase.opens_at))}
    return sorted((one for one in found.values() if one.at >= now - KEPT_FOR), key=lambda one: (one.at, one.uid))


def _due(user: Any, *, since: datetime) -> QuerySet[Any]:
    """The live proposals of a person's teams that something is still to be done for."""
    teams = TeamMember.objects.filter(user=user.pk, accepted_at__isnull=False).values("proposal")
    days = DependentDate.objects.filter(phase=OuterRef("phase"), kind=DayKind.ENDORSEMENT, on__gte=since.date())
    may_follow = Q(phase__needs_endorsement=True, has_endorsement=False, submitted_at__isnull=False)
    mine = Proposal.objects.visible_to(user).filter(pk__in=teams).exclude(status__in=sorted(CLOSED))
    marked = mine.annotate(letter_on=Case(When(may_follow, then=Subquery(days.order_by("-on").values("on")[:1]))))
    asked = Q(status__in=[Status.RETURNED, Status.CLARIFICATION])
    found = marked.filter(Q(status=Status.DRAFT, phase__closes_at__gte=since) | asked | Q(letter_on__isnull=False))
    shown = ("reference", "status", "correct_by", "moved_at", "call__code")
    phase = ("phase__call", "phase__title", "phase__opens_at", "phase__closes_at", "phase__zone")
    questions = Clarification.objects.filter(answered_at=None).only("proposal", "asked_at", "due_at")
    narrow = found.select_related("call", "phase").only(*shown, *phase).order_by("-phase__closes_at", "pk")
    return narrow.prefetch_related(Prefetch("clarifications", queryset=questions, to_attr="open_questions"))


def _entries(row: Any, set_at: datetime) -> Iterator[Deadline]:
    row.phase.call = row.call
    if row.status == Status.DRAFT:
        yield closing(row.phase, set_at=set_at)
    elif row.status == Status.RETURNED:
        yield correction_due(row)
    for question in row.open_questions:
        yield answer_due(question, row)
    if row.letter_on:
        yield endorsement_due(row, on=row.letter_on, set_at=set_at)


def calendar_of(*deadlines: Deadline, language: str) -> str:
    """Deadlines as the text of an iCalendar file, in a language: a person's feed, or what goes with a mail."""
    with translation.override(language):
        return deadlines_file(gettext("%(site)s: deadlines") % {"site": settings.SITE_NAME}, deadlines)
