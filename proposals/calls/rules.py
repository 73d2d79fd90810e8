"""Who may read and change calls."""

from typing import Any

from proposals.calls.models import Call
from proposals.partners.states import StaffRole


def may_edit_calls(user: Any, thing: Any = None) -> bool:  # noqa: ARG001  # every call, and everything in it, alike
    """The secretariat writes calls; observers and partners only read them."""
    return bool(user and user.is_active and getattr(user, "staff_role", "") == StaffRole.SECRETARIAT)


def may_read_calls_as_staff(user: Any, thing: Any = None) -> bool:  # noqa: ARG001  # every call alike
    """Staff who read every proposal may open the calls' pages of the admin."""
    return bool(user and user.is_active and getattr(user, "reads_all", False))


def may_publish_call(user: Any, call: Call) -> bool:
    """The secretariat may show a call to the public once it has a phase."""
    return may_edit_calls(user) and not call.is_published and call.phases.exists()


def may_delete_call(user: Any, call: Call | None) -> bool:
    """A call may go while it was never public; partners and mails point to a published one."""
    return may_edit_calls(user) and call is not None and not call.is_published
