"""What partners send: the proposal, its sheets, people, papers and talk."""

from proposals.intake.models.circular import Circular, CircularMail, CircularQuerySet
from proposals.intake.models.mission import MissionSheet
from proposals.intake.models.papers import Attachment, Endorsement, Move, Version
from proposals.intake.models.payload import MassElement, Module
from proposals.intake.models.people import Access, Participation, TeamMember
from proposals.intake.models.proposal import MoveNotAllowed, Proposal, ProposalQuerySet
from proposals.intake.models.signing import Delegation, Signature
from proposals.intake.models.talk import Answer, Clarification, Note, SavedView, Section
from proposals.intake.models.telling import Telling, TellingQuerySet

__all__ = [
    "Access",
    "Answer",
    "Attachment",
    "Circular",
    "CircularMail",
    "CircularQuerySet",
    "Clarification",
    "Delegation",
    "Endorsement",
    "MassElement",
    "MissionSheet",
    "Module",
    "Move",
    "MoveNotAllowed",
    "Note",
    "Participation",
    "Proposal",
    "ProposalQuerySet",
    "SavedView",
    "Section",
    "Signature",
    "TeamMember",
    "Telling",
    "TellingQuerySet",
    "Version",
]
