"""Who works towards a phase's deadline, and so hears when it moves."""

from django.db.models import QuerySet

from proposals.calls.models import Phase
from proposals.intake.states import CLOSED
from proposals.partners.models import User


def concerned_by(phase: Phase) -> QuerySet[User]:
    """Everyone who accepted a place in the team of a live proposal in this phase, draft or submitted, each once."""
    teams = phase.proposals.exclude(status__in=sorted(CLOSED))
    return User.objects.filter(
        is_active=True,
        pk__in=teams.filter(team__accepted_at__isnull=False).values("team__user"),
    ).order_by("pk")
