"""The staff's pages of organisations, their members, and the pages of text that staff write."""

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from proposals.admin.acts import Act, ThingForm
from proposals.admin.base import Door, HouseAdmin
from proposals.admin.repeats import standing_of
from proposals.intake.actions import merge_organisations
from proposals.intake.queries.unbarred import bounces_for
from proposals.partners import actions, queries, rules
from proposals.partners.models import Mailbox, Membership, Notice, Organisation
from proposals.partners.states import Role


class ConfirmedFilter(admin.SimpleListFilter):
    """Whether anyone stands behind it."""

    title = _("confirmed")
    parameter_name = "confirmed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("waits to be confirmed")), ("yes", _("confirmed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if self.value() not in {"no", "yes"} else queryset.filter(confirmed_at__isnull=self.value() == "no")


def keep(organisation: Organisation, *, by: Any, now: datetime) -> Organisation:
    """Save an entry from its page: a new one is found (staff see the near names on its page), another corrected."""
    if organisation._state.adding:
        return actions.found(organisation, by=by, now=now, is_another=True)
    return actions.correct(organisation, by=by, now=now)


class MergeForm(ThingForm):
    """Into which entry: one of the near ones, or any other by its number."""

    near = forms.TypedChoiceField(label=_("Near names"), coerce=int, required=False, empty_value=None, widget=forms.RadioSelect)
    number = forms.IntegerField(
        label=_("Another entry, by its number"), required=False, min_value=1, help_text=_("Its page shows the number.")
    )

    def __init__(self, data: Any = None, *, thing: Organisation) -> None:
        super().__init__(data, thing=thing)
        choices = [(row.pk, f"{row.name} ({row.pk})") for row in queries.near_for_staff(thing)]
        self.fields["near"].choices = [*choices, ("", _("none of these"))]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Exactly one entry, which there is."""
        given = [value for value in (self.cleaned_data.get("near"), self.cleaned_data.get("number")) if value]
        into = Organisation.objects.current().filter(pk=given[0]).first() if len(given) == 1 else None
        if into is None:
            raise ValidationError(_("Choose one entry: either a near name or the number of another."))
        return {"into": into}


class MailboxForm(ThingForm):
    """A role mailbox to be asked."""

    address = forms.EmailField(label=_("E-mail address"), max_length=254)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)


class MailboxRemovalForm(ThingForm):
    """Which of the organisation's role mailboxes."""

    mailbox = forms.ModelChoiceField(label=_("Role mailbox"), queryset=Mailbox.objects.none(), widget=forms.RadioSelect)

    def __init__(self, data: Any = None, *, thing: Organisation) -> None:
        super().__init__(data, thing=thing)
        self.fields["mailbox"].queryset = queries.mailboxes(thing)  # type: ignore[attr-defined]


def may_remove_mailbox(user: Any, organisation: Organisation) -> bool:
    """Where there is one."""
    return rules.may_keep_mailboxes(user, organisation) and queries.mailboxes(organisation).exists()


def remove_mailbox(organisation: Organisation, *, mailbox: Mailbox, by: Any, now: datetime) -> None:  # noqa: ARG001  # an act's own
    """Take one of an organisation's mailboxes off."""
    actions.remove_mailbox(mailbox, by=by, now=now)


@admin.register(Organisation)
class OrganisationAdmin(HouseAdmin):
    """Organisations: the directory, and those that people added."""

    door = Door(see=rules.may_look_as_staff, add=rules.may_run_the_call, change=rules.may_run_the_call, save=keep)
    list_display = ("name", "acronym", "kind", "country", "in_directory", "confirmed_at", "merged_into")
    list_filter = (ConfirmedFilter, "in_directory", "kind", "is_synthetic")
    list_select_related = ("merged_into",)
    search_fields = ("name", "native_name", "acronym", "aliases")
    ordering = ("-pk",)
    fields = (
        *("name", "native_name", "acronym", "aliases", "kind", "country", "website", "in_directory"),
        *("number", "confirmed_at", "confirmed_by", "merged_into", "near_names", "members", "mailboxes"),
    )
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    readonly_fields = ("number", "confirmed_at", "confirmed_by", "merged_into", "near_names", "members", "mailboxes")
    acts = (
        Act(
            name="confirm",
            label=_("Confirm the organisation"),
            may=rules.may_confirm_organisation,
            run=actions.confirm_organisation,
            says=_("The organisation counts as what it says it is. Its representatives are told."),
            done=_("The organisation is confirmed."),
        ),
        Act(
            name="merge",
            label=_("Merge into another"),
            may=rules.may_merge,
            run=merge_organisations,
            says=_(
                "This entry ends. Its names become other names of the entry that is kept, its members move there and are "
                "told, its proposals name the entry that is kept, and its open invitations are taken back. "
                "This cannot be undone."
            ),
            done=_("The entries are merged."),
            form=MergeForm,
        ),
        Act(
            name="add-mailbox",
            label=_("Add a role mailbox"),
            may=rules.may_keep_mailboxes,
            run=actions.add_mailbox,
            says=_(
                "A link goes there that is good for 30 days. Once someone who reads the mailbox has confirmed it, it is told "
                "of the proposals that the organisation leads."
            ),
            done=_("The mailbox is asked to confirm."),
            form=MailboxForm,
        ),
        Act(
            name="remove-mailbox",
            label=_("Remove a role mailbox"),
            may=may_remove_mailbox,
            run=remove_mailbox,
            says=_("Nothing goes there any more. The mailbox is not told that it was removed."),
            done=_("The mailbox is removed."),
            form=MailboxRemovalForm,
        ),
    )

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """With who reads it: what came back about a barred proposal is not told."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            found.reader = request.user
        return found

    @admin.display(description=_("number"))
    def number(self, organisation: Organisation) -> str:
        """What another entry's merge asks for."""
        return str(organisation.pk or "")

    @admin.display(description=_("near names"))
    def near_names(self, organisation: Organisation) -> SafeString | str:
        """Entries that may be the same organisation, whoever added them; partners never see these."""
        if not organisation.pk:
            return "–"
        rows = queries.near_for_staff(organisation)
        return _linked("organisation", ((row.pk, f"{row.name} ({row.pk})") for row in rows))

    @admin.display(description=_("members"))
    def members(self, organisation: Any) -> SafeString | str:
        """Its people, each with a page of their own."""
        if not organisation.pk:
            return "–"
        words = {True: _("confirmed"), False: _("waits to be confirmed")}
        rows = list(queries.members(organisation))
        back = bounces_for(organisation.reader).last_of(row.user.email for row in rows)
        stands = (standing_of(words[bool(row.confirmed_at)], back.get(row.user.email)) for row in rows)
        told = ((row.pk, f"{row.user}, {Role(row.role).label}, {word}") for row, word in zip(rows, stands, strict=True))
        return _linked("membership", told)

    @admin.display(description=_("role mailboxes"))
    def mailboxes(self, organisation: Organisation) -> SafeString | str:
        """Where the organisation itself is told of its proposals."""
        if not organisation.pk:
            return "–"
        words = {True: _("confirmed"), False: _("waits to be confirmed")}
        rows = [(f"{row.address}, {words[bool(row.confirmed_at)]}",) for row in queries.mailboxes(organisation)]
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", rows)) if rows else "–"


def _linked(model: str, rows: Any) -> SafeString | str:
    listed = [(reverse(f"admin:proposals_{model}_change", args=[pk]), text) for pk, text in rows]
    if not listed:
        return "–"
    return format_html("<ul>{}</ul>", format_html_join("", '<li><a href="{}">{}</a></li>', listed))


class RoleForm(forms.Form):
    """The new role."""

    role = forms.TypedChoiceField(label=_("Role"), coerce=Role, choices=Role.choices)


@admin.register(Membership)
class MembershipAdmin(HouseAdmin):
    """Who belongs to which organisation, as what, and who waits."""

    door = Door(see=rules.may_look_as_staff)
    list_display = ("user", "organisation", "role", "confirmed_at", "joined_at")
    list_filter = (ConfirmedFilter, "role")
    list_select_related = ("user", "organisation")
    search_fields = ("user__full_name", "user__email", "organisation__name", "organisation__acronym")
    ordering = ("-pk",)
    fields = ("user", "organisation", "role", "joined_at", "confirmed_at", "confirmed_by")
    acts = (
        Act(
            name="confirm",
            label=_("Confirm the member"),
            may=rules.may_confirm_member,
            run=actions.confirm_member,
            says=_("This person belongs to the organisation in this role. The person is told."),
            done=_("The member is confirmed."),
        ),
        Act(
            name="role",
            label=_("Change the role"),
            may=lambda user, _member: rules.may_run_the_call(user),
            run=actions.change_role,
            says=_("The person has the new role at once, and is told. A representative whom you name is confirmed by it."),
            done=_("The role is changed."),
            form=RoleForm,
        ),
    )


@admin.register(Notice)
class NoticeAdmin(HouseAdmin):
    """The privacy notice and the help page, a text a language; without one, readers see the shipped text."""

    door = Door(
        see=rules.may_look_as_staff,
        add=rules.may_run_the_call,
        change=rules.may_run_the_call,
        remove=rules.may_run_the_call,
        save=actions.save_page,
        delete=actions.remove_page,
    )
    list_display = ("slug", "language", "title", "updated_at")
    ordering = ("slug", "language")
    fields = ("slug", "language", "title", "body")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"slug": "privacy", "language": "en", **super().get_changeform_initial_data(request)}
