"""Who may do what with a panel, one sentence each."""

from typing import Any

from proposals.intake.rules import may_look
from proposals.intake.states import MOVES, Status
from proposals.partners.states import StaffRole
from proposals.review.models import Panel

# What a panel may recommend: whatever the release of a decision may lead to.
RECOMMENDABLE = tuple(status for status in Status if status in MOVES[Status.DECIDED] - {Status.PANEL, Status.WITHDRAWN})
# What takes a place on the mission; the line of the ranking is drawn below as many.
TAKES_A_PLACE = {Status.PRELIMINARY, Status.SELECTED, Status.CONDITIONAL}


def may_see_results(user: Any) -> bool:
    """Whoever reads every proposal reads the results, with the reviewers' names; reviewers never."""
    return may_look(user)


def may_run_panels(user: Any) -> bool:
    """The secretariat and the chair open panels and bring proposals before them."""
    return bool(user.is_active and getattr(user, "staff_role", "") in {StaffRole.SECRETARIAT, StaffRole.CHAIR})


def may_keep(user: Any, panel: Panel) -> bool:
    """The secretariat and the chair write down what a panel says, until its record is frozen."""
    return may_run_panels(user) and panel.frozen_at is None


def may_freeze(user: Any, panel: Panel) -> bool:
    """The panel's chair freezes its record; where none is named, any chair or the secretariat."""
    if panel.chair_id is None:
        return may_keep(user, panel)
    return may_keep(user, panel) and user.pk == panel.chair_id and user.staff_role == StaffRole.CHAIR


def may_name_chair(user: Any, panel: Panel) -> bool:
    """A chair hands over; the secretariat names one where there is none, or none who still is a chair."""
    chair = panel.chair
    gone = chair is None or not chair.is_active or chair.staff_role != StaffRole.CHAIR
    return may_keep(user, panel) and (gone or user.staff_role == StaffRole.CHAIR)
