"""Two to four proposals side by side."""

from proposals.admin.compare.page import ComparePages

__all__ = ["ComparePages"]
