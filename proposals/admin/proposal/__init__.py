"""The staff's page of one proposal: its facts, its dossier, and exactly the moves that are allowed now."""

from proposals.admin.proposal.page import ProposalAdmin

__all__ = ["ProposalAdmin"]
