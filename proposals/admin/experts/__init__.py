"""The pages of experts: for the secretariat, and for the experts themselves."""

from proposals.admin.experts.page import ExpertAdmin

__all__ = ["ExpertAdmin"]
