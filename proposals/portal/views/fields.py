"""The pages of plain fields: title and abstract, power, spacecraft, cost, and their like."""

from datetime import datetime
from typing import Any

from proposals.intake import actions
from proposals.intake.models import Proposal, Section
from proposals.partners.models import User
from proposals.portal.forms.sections import SectionForm, section_form
from proposals.portal.views.editing import Editor


class FieldsEditor(Editor):
    """A form made from what the phase asks, saved field by field."""

    def form(self, proposal: Proposal, asked: dict[str, bool], data: Any = None) -> SectionForm:
        """The page's form."""
        return section_form(proposal, asked, data)

    def save(self, form: SectionForm, proposal: Proposal, *, key: str, revision: int, by: User, now: datetime) -> Section | None:
        """Save the fields that are sound."""
        values = form.values()
        if not values and form.errors:
            return None
        return actions.save_section(proposal, key=key, values=values, revision=revision, by=by, now=now)

    def context(self, form: SectionForm, proposal: Proposal) -> dict[str, Any]:  # noqa: ARG002  # an editor's signature
        """Whether the page waits for a first module."""
        return {"needs_module": not form.rows}
