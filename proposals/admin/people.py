"""The staff's pages of people: find one, correct a name, confirm an address by hand, close an account."""

from typing import Any

from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from proposals.admin.acts import Act, ThingForm
from proposals.admin.base import Door, HouseAdmin
from proposals.admin.repeats import standing_of
from proposals.outbox.models import Bounce
from proposals.partners import actions, rules
from proposals.partners.models import User
from proposals.partners.states import Role


def unconfirmed(person: User) -> list[str]:
    """The addresses that this person has given and not confirmed."""
    return list(EmailAddress.objects.filter(user=person, verified=False).values_list("email", flat=True))


class AddressForm(ThingForm):
    """Which of a person's addresses to confirm."""

    email = forms.ChoiceField(label=_("Address"))

    def __init__(self, data: Any = None, *, thing: User) -> None:
        super().__init__(data, thing=thing)
        self.fields["email"].choices = [(email, email) for email in unconfirmed(thing)]  # type: ignore[attr-defined]


@admin.register(User)
class PersonAdmin(HouseAdmin):
    """People, and what the secretariat may do for them."""

    door = Door(see=rules.may_look_as_staff, change=rules.may_run_the_call, save=actions.describe)
    list_display = ("full_name", "native_name", "email", "staff_role", "is_active", "joined_at")
    list_filter = ("staff_role", "is_active", "language")
    search_fields = ("full_name", "native_name", "email")
    ordering = ("-joined_at", "-pk")
    fields = ("full_name", "native_name", "language", "time_zone", "addresses", "organisations", "staff_role", "is_active")
    readonly_fields = ("addresses", "organisations", "staff_role", "is_active")
    acts = (
        Act(
            name="confirm-address",
            label=_("Confirm an address by hand"),
            may=lambda user, person: rules.may_run_the_call(user) and bool(unconfirmed(person)),
            run=actions.confirm_address,
            says=_("The address counts as the person's own from now on, without the link of the mail. The person is told."),
            done=_("The address is confirmed."),
            form=AddressForm,
        ),
        Act(
            name="deactivate",
            label=_("Close the account"),
            may=rules.may_deactivate,
            run=actions.deactivate,
            says=_("The person is signed out and can no longer sign in. What they wrote stays. Nobody is told."),
            done=_("The account is closed."),
        ),
        Act(
            name="reactivate",
            label=_("Open the account again"),
            may=rules.may_reactivate,
            run=actions.reactivate,
            says=_("The person can sign in again, with the password and second factor they had."),
            done=_("The account is open."),
        ),
    )

    @admin.display(description=_("addresses"))
    def addresses(self, person: User) -> SafeString:
        """Each address, whether it is confirmed, and whether mail to it came back."""
        rows = list(EmailAddress.objects.filter(user=person).order_by("-primary", "email"))
        words = {True: _("confirmed"), False: _("waits to be confirmed")}
        back = Bounce.objects.last_of(row.email for row in rows)
        told = ((row.email, standing_of(words[row.verified], back.get(row.email))) for row in rows)
        return format_html_join(", ", "{} ({})", told)

    @admin.display(description=_("organisations"))
    def organisations(self, person: User) -> SafeString:
        """Each organisation with the role in it."""
        rows = person.memberships.select_related("organisation").order_by("organisation__name")
        return format_html_join(", ", "{} ({})", ((row.organisation, Role(row.role).label) for row in rows)) or format_html(
            "{}", _("none")
        )
