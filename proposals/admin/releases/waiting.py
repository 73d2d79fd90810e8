"""The lines of the staff's home about releases: what a second person has to read, and what could not be released."""

from typing import Any

from django.urls import reverse
from django.utils.translation import ngettext

from proposals.admin.queue.filters import capped
from proposals.decisions.queries.releases import releases_for
from proposals.decisions.rules.releases import may_read_releases


def releases_waiting(user: Any) -> list[dict[str, str]]:
    """How many releases failed at their instant, and how many wait for a second person, where there are any."""
    if not may_read_releases(user):
        return []
    held = list(releases_for(user).held().values_list("approved_at", "problem"))
    failed = sum(1 for _approved_at, problem in held if problem)
    waiting = sum(1 for approved_at, problem in held if approved_at is None and not problem)
    told = [
        (failed, ngettext("release could not be done: see what stands in its way", "releases could not be done", failed)),
        (waiting, ngettext("release waits for a second person", "releases wait for a second person", waiting)),
    ]
    page = reverse("admin:proposals_release_changelist")
    return [{"label": label, "count": capped(count), "url": page} for count, label in told if count]
