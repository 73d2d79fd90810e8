"""Who judges, what each may see, and what they found: experts, conflicts, assignments, assessments, panels."""

from proposals.review.models.assessment import Assessment, Consensus, Finding, FrozenAssessment, Post, Score
from proposals.review.models.assignment import Assignment, AssignmentQuerySet, Bid, Pairing
from proposals.review.models.expert import Conflict, ConflictQuerySet, Expert, Expertise
from proposals.review.models.panel import Panel, PanelItem
from proposals.review.models.plan import ReviewPlan

__all__ = [
    "Assessment",
    "Assignment",
    "AssignmentQuerySet",
    "Bid",
    "Conflict",
    "ConflictQuerySet",
    "Consensus",
    "Expert",
    "Expertise",
    "Finding",
    "FrozenAssessment",
    "Pairing",
    "Panel",
    "PanelItem",
    "Post",
    "ReviewPlan",
    "Score",
]
