"""Forms around submission: the consent, a withdrawal, an answer, a receipt to check."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from proposals.portal.forms.fields import TextField


class SubmitForm(forms.Form):
    """The one sentence that a submission rests on."""

    consent = forms.BooleanField(
        label=_(
            "We are entitled to submit this on behalf of the lead organisation, and everything in it is true to our knowledge."
        ),
        error_messages={"required": _("Tick the sentence: without it we cannot receive your submission.")},
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)


class WithdrawForm(forms.Form):
    """Why a proposal is withdrawn."""

    reason = TextField(
        label=_("Why do you withdraw it?"),
        help_text=_("Your team and the secretariat read it here. It is not repeated in any mail."),
        limit=2000,
        rows=4,
        error_messages={"required": _("Say in a few words why you withdraw it.")},
    )


class AnswerForm(forms.Form):
    """The answer to a question of the secretariat."""

    text = TextField(label=_("Your answer"), limit=8000, rows=8, error_messages={"required": _("Write your answer.")})


class VerifyForm(forms.Form):
    """What a receipt says: reference and SHA-256."""

    reference = TextField(label=_("Reference"), help_text=_("As on the receipt, for example CE8-7KQ4M."), limit=20)
    sha256 = TextField(label=_("SHA-256"), help_text=_("64 characters, digits and the letters a to f."), limit=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.fields:
            self.fields[name].widget.attrs |= {"autocomplete": "off", "dir": "ltr", "spellcheck": "false"}

    def clean_reference(self) -> str:
        """In capitals, without spaces."""
        return re.sub(r"\s+", "", self.cleaned_data["reference"]).upper()

    def clean_sha256(self) -> str:
        """In small letters, without the spaces that print adds."""
        digits = re.sub(r"\s+", "", self.cleaned_data["sha256"]).lower()
        if not re.fullmatch(r"[0-9a-f]{64}", digits):
            raise ValidationError(_("A SHA-256 has 64 characters: digits and the letters a to f. Copy it whole."))
        return digits
