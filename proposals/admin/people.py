"""The staff's pages of people: find one, correct a name, confirm an address by hand, close an account."""

from typing import Any

from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from proposals.admin.acts import Act, ThingForm
from proposals.admin.base import Door, HouseAdmin
from proposals.admin.repeats import standing_of
from proposals.intake.queries.unbarred import bounces_for
from proposals.partners import actions, rules
from proposals.partners.models import User
from proposals.partners.states import ROLE_MEANS, Role, StaffRole
from proposals.review.actions import experts


def unconfirmed(person: User) -> list[str]:
    """The addresses that this person has given and not confirmed."""
    return list(EmailAddress.objects.filter(user=person, verified=False).values_list("email", flat=True))


class AddressForm(ThingForm):
    """Which of a person's addresses to confirm."""

    email = forms.ChoiceField(label=_("Address"))

    def __init__(self, data: Any = None, *, thing: User) -> None:
        super().__init__(data, thing=thing)
        self.fields["email"].choices = [(email, email) for email in unconfirmed(thing)]  # type: ignore[attr-defined]


class StaffRoleForm(ThingForm):
    """Which role, each with what it means."""

    role = forms.TypedChoiceField(label=_("Role"), coerce=StaffRole, widget=forms.RadioSelect)

    def __init__(self, data: Any = None, *, thing: User) -> None:
        super().__init__(data, thing=thing)
        described = [(role.value, format_lazy("{}: {}", role.label, means)) for role, means in ROLE_MEANS.items()]
        self.fields["role"].choices = [one for one in described if one[0] != thing.staff_role]  # type: ignore[attr-defined]


@admin.register(User)
class PersonAdmin(HouseAdmin):
    """People, and what the secretariat may do for them."""

    door = Door(see=rules.may_look_as_staff, change=rules.may_run_the_call, save=actions.describe)
    list_display = ("full_name", "native_name", "email", "staff_role", "is_active", "joined_at")
    list_filter = ("staff_role", "is_active", "language")
    search_fields = ("full_name", "native_name", "email")
    ordering = ("-joined_at", "-pk")
    fields = ("full_name", "native_name", "language", "time_zone", "addresses", "organisations", "role", "is_active")
    readonly_fields = ("addresses", "organisations", "role", "is_active")
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
            name="role",
            label=_("Give a staff role"),
            may=rules.may_appoint,
            run=experts.give_role,
            says=_(
                "The person has the new role at once, instead of any they have, and is told what it means. Staff are of no "
                "team: a partner who gets a role no longer works on their proposals here. Conflicts of interest bar at once."
            ),
            done=_("The person has the new role."),
            form=StaffRoleForm,
        ),
        Act(
            name="dismiss",
            label=_("Take the staff role away"),
            may=rules.may_dismiss,
            run=experts.dismiss,
            says=_(
                "The staff's pages close to the person at once, and so does what they were to judge. What they wrote stays. "
                "Nobody is told."
            ),
            done=_("The person has no staff role any more."),
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

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """With who reads it: what came back about a barred proposal is not told."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            found.reader = request.user
        return found

    @admin.display(description=_("staff role"))
    def role(self, person: User) -> str:
        """The role and what it means."""
        if not person.is_staff:
            return str(StaffRole.NONE.label)
        role = StaffRole(person.staff_role)
        return f"{role.label}: {ROLE_MEANS[role]}"

    @admin.display(description=_("addresses"))
    def addresses(self, person: Any) -> SafeString:
        """Each address, whether it is confirmed, and whether mail to it came back."""
        rows = list(EmailAddress.objects.filter(user=person).order_by("-primary", "email"))
        words = {True: _("confirmed"), False: _("waits to be confirmed")}
        back = bounces_for(person.reader).last_of(row.email for row in rows)
        told = ((row.email, standing_of(words[row.verified], back.get(row.email))) for row in rows)
        return format_html_join(", ", "{} ({})", told)

    @admin.display(description=_("organisations"))
    def organisations(self, person: User) -> SafeString:
        """Each organisation with the role in it."""
        rows = person.memberships.select_related("organisation").order_by("organisation__name")
        return format_html_join(", ", "{} ({})", ((row.organisation, Role(row.role).label) for row in rows)) or format_html(
            "{}", _("none")
        )
