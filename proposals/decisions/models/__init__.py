"""Decisions with their conditions and letters, releases, merges, agreements and announcements."""

from proposals.decisions.models.agreement import Agreement, AgreementItem, Announcement
from proposals.decisions.models.decision import Condition, Decision, DecisionQuerySet, Letter, Merge, Release, ReleaseQuerySet

__all__ = [
    "Agreement",
    "AgreementItem",
    "Announcement",
    "Condition",
    "Decision",
    "DecisionQuerySet",
    "Letter",
    "Merge",
    "Release",
    "ReleaseQuerySet",
]
