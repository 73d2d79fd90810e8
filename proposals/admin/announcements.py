"""The staff's pages of announcements: what is public already, and what could be, each entry as the public would read it."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.forms.utils import ErrorDict
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proposals.admin.agreements import link_to
from proposals.admin.base import Door, HouseAdmin
from proposals.admin.calls.fields import Countries
from proposals.decisions.actions import announcing
from proposals.decisions.models import Announcement
from proposals.decisions.queries.announcing import Entry, announceable, announcements_for, entries_of
from proposals.decisions.rules.agreements import may_see_agreements
from proposals.intake.models import MoveNotAllowed
from proposals.intake.rules import may_triage


class EntryForm(forms.Form):
    """The public entry of one project, and whether it is announced now."""

    chosen = forms.BooleanField(label=gettext_lazy("Announce it now"), required=False)
    title = forms.CharField(label=gettext_lazy("Title"), max_length=250)
    organisations = forms.CharField(label=gettext_lazy("Organisations"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    countries = Countries(label=gettext_lazy("Countries or regions"), required=False)
    mass_kg = forms.DecimalField(
        label=gettext_lazy("Mass that is published, kg"),
        required=False,
        min_value=0,
        max_digits=9,
        decimal_places=3,
        help_text=gettext_lazy("Empty: no mass is published."),
    )

    def __init__(self, data: Any = None, *, entry: Entry) -> None:
        given = {"title": entry.title, "organisations": entry.organisations, "mass_kg": entry.mass_kg}
        super().__init__(data, prefix=str(entry.proposal.pk), initial={**given, "countries": list(entry.countries)})
        self.entry = entry

    def full_clean(self) -> None:
        """Nothing is asked of an entry that is not announced now."""
        if self.is_bound and f"{self.prefix}-chosen" not in self.data:
            self._errors, self.cleaned_data = ErrorDict(), {"chosen": False}
            return
        super().full_clean()

    def answered(self) -> Entry:
        """The entry as it was typed."""
        given = self.cleaned_data
        return Entry(self.entry.proposal, given["title"], given["organisations"], tuple(given["countries"]), given["mass_kg"])


@admin.register(Announcement)
class AnnouncementAdmin(HouseAdmin):
    """What was announced, newest first; and the page that announces."""

    door = Door(see=may_see_agreements)
    list_display = ("project", "proposal_page", "at", "by")
    list_select_related = ("project", "proposal", "by")
    change_list_template = "admin/proposals/announcement/change_list.html"
    ordering = ("-pk",)
    fields = ("project", "proposal_page", "at", "by")
    readonly_fields = ("proposal_page",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Announcement]:
        return announcements_for(request.user)

    def get_urls(self) -> list[URLPattern]:
        page = path("announce/", self.admin_site.admin_view(self.announce_view), name="proposals_announcement_announce")
        return [page, *super().get_urls()]

    @admin.display(description=gettext_lazy("proposal"))
    def proposal_page(self, announcement: Announcement) -> Any:
        """The way to the proposal."""
        return link_to(announcement.proposal)

    def announce_view(self, request: Any) -> HttpResponse:
        """Every entry as the public would read it; a POST announces the chosen ones together."""
        if not may_triage(request.user):
            raise PermissionDenied
        data = request.POST if request.method == "POST" else None
        forms_of = [EntryForm(data, entry=entry) for entry in entries_of(list(announceable(request.user)))]
        problems: list[str] = []
        if data is not None and all(form.is_valid() for form in forms_of):
            chosen = [form.answered() for form in forms_of if form.cleaned_data["chosen"]]
            try:
                announcing.announce(chosen, by=request.user, now=timezone.now())
            except ValidationError as refusal:
                problems = refusal.messages
            except MoveNotAllowed:
                problems = [_("Someone was faster: one of these projects has moved on meanwhile. Nothing was announced.")]
            else:
                self.message_user(request, _("The projects are announced; their teams are told."), messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:proposals_announcement_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Announce projects"),
            "opts": self.opts,
            "forms": forms_of,
            "problems": problems,
        }
        return TemplateResponse(request, "admin/proposals/announcement/announce.html", context)
