"""The form of how a person wants to be told: for each kind that can be chosen, at once, once a day, or on the site only."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from proposals.outbox.states import CHOSEN_BY_READER, Kind, Way

# What each kind is, with an example, for the kinds that a reader may choose.
CHOSEN: dict[Kind, tuple[Promise, Promise]] = {
    Kind.REMINDER: (
        _("Reminders"),
        _("Something of yours is due soon. For example: “Your draft is not submitted; three days are left.”"),
    ),
    Kind.TEAM: (
        _("Invitations and team"),
        _("Who joins your teams and organisations. For example: “Someone asks to join your organisation.”"),
    ),
    Kind.CALL: (_("New calls"), _("A call has opened. For example: “Letters of intent are taken from today on.”")),
}
# What always comes at once, and why.
ALWAYS: tuple[tuple[Promise, Promise], ...] = (
    (_("Receipts"), _("They prove what you submitted and when.")),
    (_("Decisions and changes of state"), _("They may ask you to act by a day that does not move.")),
    (_("Deadlines"), _("A deadline that moves concerns everyone who works towards it.")),
    (_("Letters of the secretariat"), _("A person wrote them to you.")),
    (_("Sign-in and security"), _("They are the way back into your account, and warn you if somebody else uses it.")),
)


class WishesForm(forms.Form):
    """One group of three choices for each kind; a field is named as its kind."""

    def __init__(self, data: Any = None, *, ways: Mapping[Kind, Way] | None = None) -> None:
        super().__init__(data, initial={kind.value: way.value for kind, way in (ways or {}).items()})
        for kind, (label, means) in CHOSEN.items():
            self.fields[kind.value] = forms.ChoiceField(
                label=str(label), help_text=str(means), choices=Way.choices, widget=forms.RadioSelect
            )

    def ways(self) -> dict[Kind, Way]:
        """What was chosen."""
        return {kind: Way(self.cleaned_data[kind.value]) for kind in CHOSEN_BY_READER}
