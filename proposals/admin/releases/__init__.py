"""The staff's pages of releases: prepared, read whole, approved by a second person; and the invitation to the next phase."""

from proposals.admin.releases.page import ReleaseAdmin

__all__ = ["ReleaseAdmin"]
