"""Forms around the keys of a submission: a release, a partner's signature, whom a representative lets submit."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from proposals.partners.models import User

TICK = {"required": _("Tick the sentence first.")}


class ReleaseForm(forms.Form):
    """The PI's word for the whole, as the page shows it."""

    consent = forms.BooleanField(
        label=_("I have read the whole proposal as it stands here, and release it for submission."), error_messages=TICK
    )
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)


class SignForm(forms.Form):
    """A representative's word for their organisation's part, as the page shows it."""

    consent = forms.BooleanField(
        label=_("I am entitled to sign for my organisation, and sign its part as it stands here."), error_messages=TICK
    )
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)


class DelegateForm(forms.Form):
    """Which person of the team may submit in the representative's place."""

    to = forms.TypedChoiceField(
        label=_("Who may submit in your place?"), coerce=int, error_messages={"required": _("Choose a person of the team.")}
    )

    def __init__(self, *args: Any, people: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {person.pk: person for person in people}
        self.fields["to"].choices = [("", _("Choose")), *((pk, str(person)) for pk, person in self.people.items())]  # type: ignore[attr-defined]
