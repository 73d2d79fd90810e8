"""Which reviewer is due which reminder at an instant: computed from what is true now, never scheduled."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from proposals.intake.calculations.reminders import Plan, Threshold, Window, windows
from proposals.intake.models import Access
from proposals.outbox.models import Message
from proposals.review.models import Assignment
from proposals.review.rules.assignments import IN_REVIEW
from proposals.review.states import Answer

_BEFORE = tuple(Threshold(f"{days}d", timedelta(days=days)) for days in (7, 3, 1))
_AFTER = tuple(Threshold(f"{days}d-late", timedelta(days=-days)) for days in (1, 3, 7))
# Beyond three weeks a machine chases nobody.
REVIEW = Plan((*_BEFORE, *_AFTER), lapses_after=timedelta(days=21))
TELLS_STAFF = "7d-late"
# A question is chased once, and not by a machine weeks later: measured from when it was asked.
QUESTION = Plan((Threshold("3d", timedelta(days=-3)),), lapses_after=timedelta(days=14))
AT_ONCE = 500  # told in one round; the next takes the rest


@dataclass(frozen=True)
class Chase:
    """One reminder that is due and has not been written; its key is the same whoever finds it."""

    assignment_id: int
    key: str
    window: Window
    of_question: bool = False

    @property
    def tells_staff(self) -> bool:
        """Whether the secretariat hears of it too."""
        return self.window.threshold.name == TELLS_STAFF


def chases(now: datetime) -> list[Chase]:
    """All that is due and not written yet, in a handful of statements."""
    found = [*_reviews(now), *_questions(now)]
    keys = [each.key for each in found]
    written = set(Message.objects.filter(key__in=keys).values_list("key", flat=True)) if keys else set()
    return [each for each in found if each.key not in written][:AT_ONCE]


def still_due(chase: Chase) -> Assignment | None:
    """The assignment, locked, if the same is still due to it; None where it was answered, moved or submitted meanwhile."""
    due = _unanswered(chase.window) if chase.of_question else _unsubmitted(chase.window)
    held = due.filter(pk=chase.assignment_id).select_for_update(of=("self",), no_key=True)
    found = held.select_related("proposal", "phase__call", "user").first()
    if found is None or chase.of_question or _key(found.pk, found.due_at, chase.window) == chase.key:
        return found
    return None


def _reviews(now: datetime) -> Iterator[Chase]:
    """Reviews that were promised and are not in; what was reached before the promise is not made up for."""
    for window in windows(REVIEW, now):
        for pk, due_at in _unsubmitted(window).order_by("due_at", "pk").values_list("pk", "due_at"):
            yield Chase(pk, _key(pk, due_at, window), window)


def _questions(now: datetime) -> Iterator[Chase]:
    """Questions that nobody has answered."""
    for window in windows(QUESTION, now):
        for pk in _unanswered(window).order_by("pk").values_list("pk", flat=True):
            yield Chase(pk, f"review-unanswered:{pk}", window, of_question=True)


def _unsubmitted(window: Window) -> QuerySet[Assignment]:
    promised = Q(answered_at__lt=F("due_at") - window.threshold.before)
    found = _wanted(Answer.ACCEPTED).filter(promised, due_at__gt=window.after, due_at__lte=window.upto)
    return found.exclude(assessment__submitted_at__isnull=False)


def _unanswered(window: Window) -> QuerySet[Assignment]:
    return _wanted(Answer.ASKED).filter(at__gt=window.after, at__lte=window.upto)


def _wanted(answer: Answer) -> QuerySet[Assignment]:
    """Those with this answer whose judgement is still wanted, of people who can sign in and whom nothing bars."""
    barred = Access.objects.filter(proposal=OuterRef("proposal"), user=OuterRef("user"), grant=False)
    found = Assignment.objects.filter(~Exists(barred), answer=answer, user__is_active=True)
    return found.filter(proposal__status__in=sorted(IN_REVIEW), proposal__phase=F("phase"))


def _key(pk: int, due_at: datetime | None, window: Window) -> str:
    """A day that moves is reminded of anew."""
    day = due_at.astimezone(UTC).isoformat() if due_at else ""
    return f"review-due:{pk}:{day}:{window.threshold.name}"
