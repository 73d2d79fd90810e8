"""The form that begins a proposal: level, forms of cooperation, a working title, who leads."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.forms import CheckboxSelectMultiple, ChoiceField, MultipleChoiceField, RadioSelect, TypedChoiceField
from django.forms import Form as DjangoForm
from django.utils.translation import gettext_lazy as _

from proposals.calls.models import Call
from proposals.calls.states import Form, Level
from proposals.partners.models import Organisation
from proposals.portal.forms.fields import TextField


class StartForm(DjangoForm):
    """Only the levels and forms that the call allows are offered; the action has the last word."""

    level = ChoiceField(widget=RadioSelect, label=_("How do you take part?"), error_messages={"required": _("Choose a level.")})
    forms = MultipleChoiceField(required=False, widget=CheckboxSelectMultiple, label=_("Forms of mission-level cooperation"))
    title = TextField(limit=250, required=False, label=_("Working title"), help_text=_("You can change it until you submit."))
    lead = TypedChoiceField(
        required=False, coerce=int, empty_value=None, label=_("Lead organisation"), help_text=_("You can also decide this later.")
    )

    def __init__(self, data: Any = None, *, call: Call, organisations: Sequence[Organisation]) -> None:
        first = {"request_key": str(uuid.uuid4()), "lead": organisations[0].pk if len(organisations) == 1 else None}
        super().__init__(data, initial=first)
        self.use_required_attribute = False
        levels, kinds = self.fields["level"], self.fields["forms"]
        levels.choices = [(one.value, one.label) for one in Level if one in call.levels]  # type: ignore[attr-defined]
        kinds.choices = [(one.value, one.label) for one in Form if one in call.forms]  # type: ignore[attr-defined]
        self.organisations = {one.pk: one for one in organisations}
        leads = [("", _("Decide later")), *((one.pk, one.name) for one in organisations)]
        self.fields["lead"].choices = leads  # type: ignore[attr-defined]
        if not organisations:
            del self.fields["lead"]
        if Level.MISSION not in call.levels or not call.forms:
            del self.fields["forms"]

    @property
    def request_key(self) -> uuid.UUID:
        """The key that makes a second click the same draft; a damaged one is replaced."""
        typed = str(self.data.get("request_key") or "") if self.is_bound else self.initial["request_key"]
        try:
            return uuid.UUID(typed)
        except ValueError:
            return uuid.uuid4()

    def clean(self) -> dict[str, Any]:
        """A mission-level proposal names at least one form."""
        data: dict[str, Any] = self.cleaned_data
        if data.get("level") == Level.MISSION and "forms" in data and not data["forms"]:
            self.add_error("forms", _("Choose at least one form of cooperation."))
        return data
