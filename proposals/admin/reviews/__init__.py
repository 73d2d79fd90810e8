"""The reviewers' own door: what is due, one page to read and judge a proposal, the discussion of those who judge it."""

from proposals.admin.reviews.page import AssessmentAdmin

__all__ = ["AssessmentAdmin"]
