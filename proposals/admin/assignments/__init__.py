"""Who judges what: staff's list and plans of assignment, and the reviewers' own pages of what they are asked and wish."""

from proposals.admin.assignments.page import AssignmentAdmin
from proposals.admin.assignments.pairing import PairingAdmin
from proposals.admin.assignments.wishes import BidAdmin

__all__ = ["AssignmentAdmin", "BidAdmin", "PairingAdmin"]
