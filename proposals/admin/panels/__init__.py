"""The staff's pages of panels: results of a phase, a panel with its order and minutes, its frozen record."""

from proposals.admin.panels.page import PanelAdmin

__all__ = ["PanelAdmin"]
