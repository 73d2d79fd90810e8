"""The letter by which an agency stands behind the proposal."""

import uuid
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from proposals.intake.models import Endorsement, Proposal
from proposals.portal.forms.fields import DayField, TextField
from proposals.portal.forms.files import PdfField, limit_sentence


class EndorsementForm(forms.Form):
    """Who signed, when, and the letter; or that it follows later."""

    agency = TextField(label=_("Endorsing agency"), limit=250, required=False, help_text=_("The body that signs, in full."))
    signatory = TextField(label=_("Signed by"), limit=200, required=False)
    signatory_title = TextField(label=_("Title of the signatory"), limit=200, required=False)
    signed_on = DayField(label=_("Date of the letter"), required=False)
    letter = PdfField(label=_("Signed letter (PDF)"), required=False)
    later = forms.BooleanField(label=_("The letter will follow later"), required=False)
    request_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, proposal: Proposal, endorsement: Endorsement | None, **kwargs: Any) -> None:
        names = ("agency", "signatory", "signatory_title", "signed_on")
        held = {name: getattr(endorsement, name) for name in names} if endorsement else {}
        kwargs["initial"] = {**held, "later": proposal.endorsement_later, "request_key": uuid.uuid4()}
        super().__init__(*args, **kwargs)
        self.has_letter = endorsement is not None and endorsement.letter_id is not None
        self.fields["letter"].help_text = limit_sentence()
        self.fields["later"].help_text = _("You can add it here until the proposal has ended, also after you have submitted it.")

    def clean(self) -> dict[str, Any]:
        """A letter names its agency; a date lies in the past; one of letter and "later" is enough for the other."""
        data = super().clean() or {}
        if data.get("letter") and not data.get("agency"):
            self.add_error("agency", _("Name the agency that signed the letter."))
        if data.get("signed_on") and data["signed_on"] > timezone.localdate():
            self.add_error("signed_on", _("The date of the letter lies in the future."))
        return data
