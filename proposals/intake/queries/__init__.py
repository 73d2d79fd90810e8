"""Answers about proposals: what is asked, what is missing, what is in one, what changed."""

from proposals.intake.queries.completeness import Gap, Row, gaps, pages, task_list
from proposals.intake.queries.content import content, differences, search_texts
from proposals.intake.queries.masses import MassReport, mass_report, modules_of, weighed_modules

__all__ = [
    "Gap",
    "MassReport",
    "Row",
    "content",
    "differences",
    "gaps",
    "mass_report",
    "modules_of",
    "pages",
    "search_texts",
    "task_list",
    "weighed_modules",
]
