"""A call and all that it says and asks; rows that staff edit, never code."""

from proposals.calls.models.call import AnnouncedProject, Call, CallQuerySet, Document, PublicAnswer, Topic
from proposals.calls.models.phase import Asked, Criterion, DependentDate, MarginClass, Phase, Question

__all__ = [
    "AnnouncedProject",
    "Asked",
    "Call",
    "CallQuerySet",
    "Criterion",
    "DependentDate",
    "Document",
    "MarginClass",
    "Phase",
    "PublicAnswer",
    "Question",
    "Topic",
]
