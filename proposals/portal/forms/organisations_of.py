"""Lead and partner organisations of a proposal; names of other users' organisations are never offered."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from proposals.intake.models import Proposal
from proposals.partners.models import Organisation
from proposals.portal.forms.fields import FigureField, TextField
from proposals.portal.forms.organisations import OrganisationForm

ROLE: dict[str, Any] = {"label": _("Role in the project"), "limit": 200, "required": False}
SHARE: dict[str, Any] = {"label": _("Share"), "digits": 5, "places": 2, "unit": "%", "highest": 100, "required": False}


class LeadForm(forms.Form):
    """Which of one's own organisations leads; with the revision of the page."""

    lead = forms.TypedChoiceField(
        label=_("Lead organisation"),
        coerce=int,
        empty_value=None,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the organisation that leads.")},
    )
    revision = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, own: list[Organisation], proposal: Proposal, revision: int, **kwargs: Any) -> None:
        self.known = {one.pk: one for one in own}
        if proposal.lead is not None:
            self.known.setdefault(proposal.lead.pk, proposal.lead)
        kwargs["initial"] = {"lead": proposal.lead_id, "revision": revision}
        super().__init__(*args, **kwargs)
        self.fields["lead"].required = bool(self.known)
        self.fields["lead"].choices = [(key, one.name) for key, one in self.known.items()]  # type: ignore[attr-defined]


class PartnerForm(forms.Form):
    """One partner: what it does, its share, and whether it stays."""

    role = TextField(**ROLE)
    share_percent = FigureField(**SHARE)
    remove = forms.BooleanField(label=_("Take this partner off"), required=False)

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        self.organisation = organisation
        kwargs["prefix"] = f"partner-{organisation.pk}"
        super().__init__(*args, **kwargs)

    def line(self) -> dict[str, Any]:
        """What `save_organisations` takes."""
        data = self.cleaned_data
        return {"organisation": self.organisation, "role": data["role"], "share_percent": data["share_percent"]}


class NewPartnerForm(OrganisationForm):
    """A partner that is in no list: its name, kind and country or region, and what it does."""

    role = TextField(**ROLE)
    share_percent = FigureField(**SHARE)

    class Meta(OrganisationForm.Meta):
        fields = ("name", "kind", "country")  # type: ignore[assignment]  # fewer than the base asks

    field_order = ("name", "kind", "country", "role", "share_percent")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["prefix"] = "new"
        super().__init__(*args, **kwargs)
        del self.fields["aliases"], self.fields["website"]
