"""The reviewers' home: what is due and how long it takes, what is asked, what is done; nothing of anybody else's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from proposals.partners.states import EXPERTS
from proposals.review.queries.due import Task, progress, work_of

HEADINGS = {
    "due": gettext_lazy("To review"),
    "paused": gettext_lazy("Waiting: a question is out, or the proposal has moved on"),
    "done": gettext_lazy("Submitted"),
}


def is_reviewer(user: Any) -> bool:
    """Whether the home is the reviewers'."""
    return user.staff_role in EXPERTS


def reviewers_home(request: HttpRequest) -> dict[str, Any]:
    """The variables of a reviewer's index page."""
    now = timezone.now()
    work = work_of(request.user, now=now)
    minutes = sum(task.minutes for task in work.due)
    return {
        "title": _("Your reviews"),
        "work": work,
        "lists": [(name, HEADINGS[name], _rows(getattr(work, name), now)) for name in HEADINGS],
        "in_all": duration(minutes) if minutes else "",
        "now": now,
    }


def _rows(tasks: Sequence[Task], now: datetime) -> list[tuple[Task, str, str]]:
    """Each task with when it is due and how long it takes, in words."""
    return [(task, when(task, now), duration(task.minutes)) for task in tasks]


def when(task: Task, now: datetime) -> str:
    """How long is left, or by how much a review is overdue; "" where no day is set or the review is in."""
    due = task.assignment.due_at
    if due is None or (task.assessment is not None and task.assessment.submitted_at is not None):
        return ""
    days = abs(due - now).days
    if due < now:
        if not days:
            return _("overdue since today")
        return ngettext("overdue by %(n)d day", "overdue by %(n)d days", days) % {"n": days}
    return ngettext("%(n)d day left", "%(n)d days left", days) % {"n": days} if days else _("due within a day")


def duration(minutes: int) -> str:
    """Minutes as people say them: "50 minutes", "2 h 5 min"."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return ngettext("%(n)d minute", "%(n)d minutes", rest) % {"n": rest}
    return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": rest} if rest else _("%(hours)d h") % {"hours": hours}


def reviews_of_calls(user: Any, now: datetime) -> list[dict[str, Any]]:
    """How far the reviews of each call have come, for staff who read all, with the way to the list."""
    page = reverse("admin:proposals_assignment_changelist")
    return [
        {
            "code": one.code,
            "progress": one,
            "url": f"{page}?{urlencode({'call': one.code})}",
            "overdue_url": f"{page}?{urlencode({'call': one.code, 'waits': 'overdue'})}",
            "answer_url": f"{page}?{urlencode({'call': one.code, 'waits': 'answer'})}",
        }
        for one in progress(user, now=now)
    ]
