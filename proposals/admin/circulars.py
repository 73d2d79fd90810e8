"""The staff's page of circulars: written from the queue, read whole, sent by a second person."""

import uuid
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proposals.admin.acts import Act
from proposals.admin.base import Door, HouseAdmin
from proposals.admin.queue.filters import understood
from proposals.intake import actions
from proposals.intake.actions.circulars import MOST_PROPOSALS
from proposals.intake.models import Circular
from proposals.intake.queries.queue import queue, whole
from proposals.intake.queries.unbarred import barred_from, circulars_for
from proposals.intake.rules import may_approve, may_look, may_stop, may_triage
from proposals.outbox.models import Wording


class CircularForm(forms.Form):
    """With which wording."""

    wording = forms.ModelChoiceField(queryset=Wording.objects.current(), label=gettext_lazy("Wording"), empty_label=None)
    request_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


@admin.register(Circular)
class CircularAdmin(HouseAdmin):
    """Circulars, newest first: held, sent and stopped."""

    door = Door(see=lambda user, _circular: may_look(user))
    refusals = (ValidationError, actions.NotHeld)
    list_display = ("wording", "drafted_by", "drafted_at", "mails_written", "standing")
    list_display_links = ("wording",)
    ordering = ("-pk",)
    acts = (
        Act(
            name="approve",
            label=gettext_lazy("Send it"),
            may=may_approve,
            run=actions.approve_circular,
            says=gettext_lazy(
                "Every mail leaves at once, as its page shows it. Whoever has left a team meanwhile gets none. "
                "This cannot be undone."
            ),
            done=gettext_lazy("The circular is on its way."),
        ),
        Act(
            name="stop",
            label=gettext_lazy("Stop it"),
            may=may_stop,
            run=actions.stop_circular,
            says=gettext_lazy("No mail of it leaves, now or later. It stays in this list."),
            done=gettext_lazy("The circular is stopped."),
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Circular]:
        found = circulars_for(request.user).select_related("version__wording", "drafted_by", "approved_by", "stopped_by")
        return found.annotate(written=Count("mails", filter=~Q(mails__proposal__in=barred_from(request.user)), distinct=True))

    def get_urls(self) -> list[URLPattern]:
        write = path("write/", self.admin_site.admin_view(self.write_view), name="proposals_circular_write")
        return [write, *super().get_urls()]

    @admin.display(description=gettext_lazy("wording"))
    def wording(self, circular: Circular) -> str:
        """Its name and version."""
        told = {"name": circular.version.wording.name, "number": circular.version.number}
        return _("%(name)s, version %(number)d") % told

    @admin.display(description=gettext_lazy("mails"))
    def mails_written(self, circular: Any) -> int:
        """How many it holds."""
        return int(circular.written)

    @admin.display(description=gettext_lazy("state"))
    def standing(self, circular: Circular) -> str:
        """Held, sent or stopped, and by whom."""
        if circular.approved_by:
            return _("sent by %s") % circular.approved_by
        return _("stopped by %s") % circular.stopped_by if circular.stopped_by else _("waits for a second person")

    def write_view(self, request: Any) -> HttpResponse:
        """Choose a wording for the proposals that the queue's filters hold; a POST writes the mails and holds them."""
        if not may_triage(request.user):
            raise PermissionDenied
        asked, _choices = understood(request)
        if asked.problems:
            return HttpResponseRedirect(reverse("admin:proposals_proposal_changelist") + "?" + request.GET.urlencode())
        now = timezone.now()
        proposals = whole(queue(request.user, asked.wanted, now=now), limit=MOST_PROPOSALS + 1)
        form = CircularForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                circular = actions.draft_circular(
                    form.cleaned_data["wording"],
                    proposals=proposals,
                    request_key=form.cleaned_data["request_key"],
                    filters=asked.query(),
                    by=request.user,
                    now=now,
                )
            except ValidationError as refusal:
                form.add_error(None, refusal.messages)
            else:
                return HttpResponseRedirect(reverse("admin:proposals_circular_change", args=[circular.pk]))
        more = {"form": form, "proposals": proposals[:MOST_PROPOSALS], "too_many": len(proposals) > MOST_PROPOSALS}
        return self._page(request, "write", title=_("Write to teams"), query=asked.query(), most=MOST_PROPOSALS, **more)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Every recipient with the text as it will arrive."""
        if not self.has_view_permission(request) or request.method != "GET":
            raise PermissionDenied
        circular = self.get_object(request, object_id)
        if circular is None:
            raise Http404
        mails = circular.mails.exclude(proposal__in=barred_from(request.user)).select_related("proposal__call", "person")
        buttons = [(act.label, self.act_url(act, circular)) for act in self.acts if act.may(request.user, circular)]
        own = may_stop(request.user, circular) and circular.drafted_by_id == request.user.pk
        more = {"circular": circular, "mails": list(mails), "buttons": buttons, "own": own, "standing": self.standing(circular)}
        return self._page(request, "page", title=self.wording(circular), **more)

    def _page(self, request: HttpRequest, name: str, **more: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **more}
        return TemplateResponse(request, f"admin/proposals/circular/{name}.html", context)
