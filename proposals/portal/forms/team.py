"""A person of the team, as the proposal lists them."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from proposals.intake.models import Proposal, TeamMember
from proposals.intake.queries.at_hand import partners_of
from proposals.intake.states import TeamRole
from proposals.partners.models import Organisation
from proposals.portal.forms.fields import TextField


def organisations_of(proposal: Proposal) -> list[Organisation]:
    """The lead and the partners: where a person of the team can come from. One query."""
    partners = [row.organisation for row in partners_of(proposal)]
    return [*([proposal.lead] if proposal.lead else []), *partners]


class MemberForm(forms.Form):
    """Name, role, address and organisation; one name field, as names do not split the same way everywhere."""

    full_name = TextField(label=_("Full name"), limit=200, error_messages={"required": _("Write the person's name.")})
    native_name = TextField(label=_("Name in native script"), limit=200, required=False)
    role = forms.ChoiceField(
        label=_("Role"), choices=[("", _("Choose a role")), *TeamRole.choices], error_messages={"required": _("Choose a role.")}
    )
    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        max_length=254,
        help_text=_("Needed to invite them. Listing a person alone sends nothing."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    organisation = forms.TypedChoiceField(label=_("Organisation"), required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, proposal: Proposal, member: TeamMember | None = None, **kwargs: Any) -> None:
        self.known = {one.pk: one for one in organisations_of(proposal)}
        if member is not None:
            names = ("full_name", "native_name", "role", "email")
            kwargs["initial"] = {name: getattr(member, name) for name in names} | {"organisation": member.organisation_id}
        super().__init__(*args, **kwargs)
        choices = [(key, one.name) for key, one in self.known.items()]
        if member is not None and member.organisation is not None and member.organisation_id not in self.known:
            self.known[member.organisation.pk] = member.organisation
            choices.append((member.organisation.pk, member.organisation.name))
        self.fields["organisation"].choices = [("", _("None of these")), *choices]  # type: ignore[attr-defined]
        if member is not None and member.accepted_at is not None:
            self.fields["email"].disabled = True
            self.fields["email"].help_text = _("Theirs to change, in their own account.")

    def values(self) -> dict[str, Any]:
        """What `list_member` takes."""
        data = dict(self.cleaned_data)
        return data | {"organisation": self.known.get(data["organisation"])}
