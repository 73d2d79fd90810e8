"""Filing for a partner who cannot: staff begin the draft, marked so, and then use the partners' own form."""

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proposals.calls.models import Call
from proposals.calls.states import Form, Level
from proposals.intake import actions
from proposals.intake.models import Proposal
from proposals.partners.queries import person_by_address


class BehalfForm(forms.Form):
    """For whom, to which call, at which level and in which forms."""

    call = forms.ModelChoiceField(queryset=Call.objects.published(), label=gettext_lazy("Call"))
    partner = forms.EmailField(
        label=gettext_lazy("E-mail address of the partner"),
        max_length=254,
        help_text=gettext_lazy("Of someone with an account: they join the team, see the proposal and get its receipt."),
    )
    title = forms.CharField(label=gettext_lazy("Title"), max_length=250, required=False)
    level = forms.ChoiceField(label=gettext_lazy("Level"), choices=Level.choices, widget=forms.RadioSelect)
    request_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    forms = forms.MultipleChoiceField(
        label=gettext_lazy("Forms of cooperation, at mission level"),
        choices=Form.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def clean_partner(self) -> Any:
        """The person with that address; raises ValidationError for nobody and for staff."""
        person = person_by_address(self.cleaned_data["partner"])
        if person is None or person.is_staff or not person.is_active:
            raise ValidationError(_("No partner has an account with this address. Ask them to sign up first."))
        return person


def file_for(form: BehalfForm, *, by: Any, now: Any) -> Proposal:
    """The one call behind the page: a draft in the partner's name. Raises what `actions.start` raises."""
    given = form.cleaned_data
    return actions.start(
        given["call"],
        level=given["level"],
        forms=given["forms"],
        title=given["title"],
        on_behalf_of=given["partner"],
        request_key=given["request_key"],
        by=by,
        now=now,
    )
