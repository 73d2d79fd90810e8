"""The staff's pages of calls: a call with its rows, and each of its phases."""

from proposals.admin.calls.call import CallAdmin
from proposals.admin.calls.phase import PhaseAdmin

__all__ = ["CallAdmin", "PhaseAdmin"]
