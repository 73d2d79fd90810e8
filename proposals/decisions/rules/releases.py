"""Who may prepare, approve and stop a release, one sentence each."""

from typing import Any

from django.db.models import Q

from proposals.decisions.models import Release
from proposals.intake.models import Proposal
from proposals.intake.rules import may_look, may_triage
from proposals.partners.states import StaffRole

RELEASES = {StaffRole.SECRETARIAT, StaffRole.CHAIR, StaffRole.BOARD}


def may_read_releases(user: Any, release: Release | None = None) -> bool:  # noqa: ARG001  # which ones is the query's to say
    """Staff who read every proposal read the releases of those."""
    return may_look(user)


def may_prepare(user: Any, release: Release | None = None) -> bool:
    """The secretariat prepares a release, and prepares it again until it is approved, where no conflict bars them from it."""
    return may_triage(user) and (release is None or (_is_held(release, approved=False) and knows_all(user, release)))


def had_a_hand(user: Any, release: Release) -> bool:
    """Whether this person prepared the release, or drafted or amended one of its decisions."""
    mine = release.decisions.filter(Q(drafted_by=user.pk) | Q(amended_by=user.pk))
    return release.prepared_by_id == user.pk or mine.exists()


def may_approve(user: Any, release: Release) -> bool:
    """Secretariat, chair or board release what others wrote and prepared, where no conflict bars them from any of it."""
    if not (user.is_active and user.staff_role in RELEASES and _is_held(release, approved=False)):
        return False
    return not had_a_hand(user, release) and knows_all(user, release)


def may_stop(user: Any, release: Release) -> bool:
    """Any of those stops a release until its instant has come, its preparer too."""
    return bool(user.is_active and user.staff_role in RELEASES) and _is_held(release) and knows_all(user, release)


def knows_all(user: Any, release: Release) -> bool:
    """Whether no conflict bars this person from any proposal of a release."""
    visible = Proposal.objects.visible_to(user).values("pk")
    return not release.decisions.exclude(proposal__in=visible).exists()


def _is_held(release: Release, *, approved: bool | None = None) -> bool:
    waits = release.released_at is None and release.stopped_at is None
    return waits and (approved is None or (release.approved_at is not None) == approved)
