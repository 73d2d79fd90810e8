"""The staff's pages of decisions: drafted, amended, and read as the letters that they lead to."""

from proposals.admin.decisions.page import DecisionAdmin

__all__ = ["DecisionAdmin"]
