"""What the pages of a panel share: the panel itself, and how a page is shown; and the pages of what comes before it."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from proposals.admin.panels.forms import BringForm
from proposals.intake.models import MoveNotAllowed
from proposals.intake.states import Status
from proposals.review.actions import panels as actions
from proposals.review.models import Panel
from proposals.review.queries.panels import awaiting, items_for, panels
from proposals.review.rules.panels import may_keep, may_see_results

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    Stock = ModelAdmin[Any]
else:
    Stock = object


class PanelPages(Stock):
    """A panel by its number, and one of its pages."""

    def panel_of(self, request: HttpRequest, pk: int) -> Panel:
        if not may_see_results(request.user):
            raise PermissionDenied
        return get_object_or_404(panels(), pk=pk)

    def shown(self, request: HttpRequest, name: str, *, status: int = 200, **more: Any) -> HttpResponse:
        """One of the panels' pages."""
        context = {**self.admin_site.each_context(request), "opts": self.opts, **more}
        return TemplateResponse(request, f"admin/panels/{name}.html", context, status=status)


class BringPages(PanelPages):
    """Bringing proposals before a panel, and sending one back."""

    def get_urls(self) -> list[URLPattern]:
        """Their addresses, before Django's own."""
        opened = self.admin_site.admin_view
        return [
            path("<int:pk>/bring/", opened(self.bring_view), name="proposals_panel_bring"),
            path("<int:pk>/back/<int:item>/", opened(self.back_view), name="proposals_panel_back"),
            *super().get_urls(),
        ]

    def bring_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Choose what comes before the panel; says which reviews are missing."""
        panel = self.panel_of(request, pk)
        if not may_keep(request.user, panel):
            raise PermissionDenied
        waiting = awaiting(panel.phase, request.user)
        form = BringForm(request.POST if request.method == "POST" else None, [proposal for proposal, _missing in waiting])
        if request.method == "POST" and form.is_valid():
            chosen = [proposal for proposal, _missing in waiting if str(proposal.pk) in form.cleaned_data["ids"]]
            try:
                actions.bring_before_panel(
                    chosen,
                    by=request.user,  # type: ignore[arg-type]
                    now=timezone.now(),
                    panel=panel,
                    despite_missing=form.cleaned_data["despite_missing"],
                )
            except ValidationError as refusal:
                form.add_error(None, refusal.messages)
            except (MoveNotAllowed, actions.PanelChanged):
                form.add_error(None, _("Someone was faster: a proposal or the panel has changed. Look again, then choose."))
            else:
                self.message_user(request, _("The proposals are before the panel."), messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:proposals_panel_change", args=[panel.pk]))
        ticked = request.POST.getlist("ids")
        lines = [(proposal, missing, str(proposal.pk) in ticked) for proposal, missing in waiting]
        lacking = any(missing for _proposal, missing in waiting)
        title = _("Bring proposals before the panel")
        return self.shown(request, "bring", title=title, panel=panel, form=form, lines=lines, lacking=lacking)

    def back_view(self, request: HttpRequest, pk: int, item: int) -> HttpResponse:
        """Take one proposal from the panel, after saying what that means."""
        panel = self.panel_of(request, pk)
        held = next((one for one in items_for(panel, request.user) if one.pk == item), None)
        if held is None:
            raise Http404
        if not may_keep(request.user, panel) or held.proposal.status != Status.PANEL:
            raise PermissionDenied
        if request.method == "POST":
            try:
                actions.send_back(held, by=request.user, now=timezone.now())  # type: ignore[arg-type]
            except MoveNotAllowed:
                self.message_user(request, _("Someone was faster: nothing was changed."), messages.WARNING)
            else:
                text = _("%(reference)s is under review again.") % {"reference": held.proposal.reference}
                self.message_user(request, text, messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:proposals_panel_change", args=[panel.pk]))
        return self.shown(request, "back", title=_("Send back to review"), panel=panel, item=held)
