"""Forms of organisations: a new one, a correction, an invitation, a role, a role mailbox."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from proposals.partners.calculations import one_line
from proposals.partners.models import Organisation
from proposals.partners.states import Role
from proposals.portal.forms.account import LANGUAGES_BY_THEIR_OWN_NAME

LONGEST_ALIAS = 250


class AliasesField(forms.CharField):
    """Other names, one a line, as a list."""

    widget = forms.Textarea(attrs={"rows": 3, "dir": "auto"})

    def prepare_value(self, value: Any) -> Any:
        """A list back as lines."""
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """Tidy names, without empty ones and repetitions."""
        lines = [one_line(line) for line in super().clean(value).splitlines()]
        names = list(dict.fromkeys(line for line in lines if line))
        if len(names) > 20:
            raise ValidationError(_("Give at most 20 other names."))
        if any(len(name) > LONGEST_ALIAS for name in names):
            raise ValidationError(_("One of these names is longer than 250 characters."))
        return names


class OrganisationForm(forms.ModelForm):  # type: ignore[type-arg]  # subscripted only for the type checker
    """An organisation's entry."""

    aliases = AliasesField(
        label=_("Other names"),
        required=False,
        max_length=6000,
        help_text=_("One a line: names in other languages, former names."),
    )

    website = forms.URLField(label=_("Website"), required=False, max_length=200, assume_scheme="https")

    class Meta:
        model = Organisation
        fields = ("name", "native_name", "acronym", "aliases", "kind", "country", "website")
        labels = {"name": _("Name"), "native_name": _("Name in native script"), "kind": _("Kind")}
        help_texts = {
            "name": _("In full, in English if it has an English name."),
            "country": _("International organisations and learned societies may have none."),
        }
        widgets = {
            "name": forms.TextInput(attrs={"dir": "auto", "autocomplete": "organization"}),
            "native_name": forms.TextInput(attrs={"dir": "auto"}),
        }

    def clean_name(self) -> str:
        """Tidied, with at least two letters."""
        name = one_line(self.cleaned_data["name"])
        if sum(mark.isalpha() for mark in name) < 2:
            raise ValidationError(_("Write the organisation's name in letters."))
        return name


class InvitationForm(forms.Form):
    """Whom to invite, and as what."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.TypedChoiceField(
        label=_("Role"),
        coerce=Role,
        choices=[
            (Role.CONTRIBUTOR, _("Contributor: works on proposals that they are asked to join")),
            (Role.REPRESENTATIVE, _("Representative: also invites and removes members and acts for the organisation")),
        ],
        initial=Role.CONTRIBUTOR,
        widget=forms.RadioSelect,
    )


class MailboxForm(forms.Form):
    """A role mailbox, and the language of our mails to it."""

    address = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("A shared mailbox such as a registry, not a person's own: people get these mails as members of a team."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES_BY_THEIR_OWN_NAME)


class RoleForm(forms.Form):
    """A member's new role."""

    role = forms.TypedChoiceField(coerce=Role, choices=Role.choices)
