"""What a decision may say, and what may become of a project after it."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from proposals.intake.states import Status


class Outcome(TextChoices):
    """What is decided; the values are those of the status that the release leads to."""

    PRELIMINARY = "preliminary", _("preliminarily selected: invited to the next phase")
    SELECTED = "selected", _("selected")
    CONDITIONAL = "conditional", _("conditionally selected")
    RESERVE = "reserve", _("on the reserve list")
    NOT_SELECTED = "not_selected", _("not selected")
    MERGED = "merged", _("merged into another proposal")


LEADS_TO: dict[Outcome, Status] = {outcome: Status(outcome.value) for outcome in Outcome}

# Where a decision can be drafted: before the panel's proposals are decided, or for one on the reserve list.
DECIDABLE = {Status.UNDER_REVIEW, Status.PANEL, Status.RESERVE, Status.CONDITIONAL}

# What may become of a project after the agreement.
AFTER = (Status.DESCOPED, Status.DEFERRED, Status.TRANSFERRED, Status.CANCELLED)
