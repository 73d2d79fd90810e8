"""The admin of panels: their list, opening one, and the page on which one is held."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proposals.admin.acts import Act
from proposals.admin.base import Door, HouseAdmin
from proposals.admin.compare import ComparePages
from proposals.admin.keyed import KeyedList
from proposals.admin.panels.bringing import BringPages
from proposals.admin.panels.forms import FreezeForm, OpenForm, PanelForm
from proposals.admin.panels.outcome import ResultPages, ranks_plot
from proposals.admin.panels.record import RecordPages
from proposals.intake.rules import may_triage
from proposals.review.actions import panels as actions
from proposals.review.models import Panel
from proposals.review.queries.panels import items_for, panels
from proposals.review.queries.results import phases_with_results, results_of
from proposals.review.rules.panels import TAKES_A_PLACE, may_freeze, may_keep, may_run_panels, may_see_results


@admin.register(Panel)
class PanelAdmin(ComparePages, ResultPages, RecordPages, BringPages, KeyedList, HouseAdmin):
    """Panels, newest first."""

    door = Door(see=lambda user, _panel: may_see_results(user))
    refusals = (ValidationError, actions.PanelChanged, PermissionDenied)
    list_template = "admin/panels/list.html"
    acts = (
        Act(
            name="freeze",
            label=gettext_lazy("Freeze the record"),
            may=may_freeze,
            run=actions.freeze,
            says=gettext_lazy(
                "Ranking, order, recommendations, notes, minutes and the digests of all reviews are written into one record "
                "with its SHA-256. After that nobody can change it, and nothing can be added to this panel. "
                "Partners are told nothing."
            ),
            done=gettext_lazy("The record is frozen."),
            form=FreezeForm,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Panel]:
        return panels()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The panels, and the phases whose results can be read."""
        extra = {"phases": phases_with_results(), "may_open": may_run_panels(request.user), **(extra_context or {})}
        return super().changelist_view(request, extra)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Open a panel."""
        if not may_run_panels(request.user):
            raise PermissionDenied
        form = OpenForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                panel = actions.open_panel(**form.cleaned_data, by=request.user, now=timezone.now())  # type: ignore[arg-type]
            except ValidationError as refusal:
                form.add_error(None, refusal.messages)
            else:
                return HttpResponseRedirect(reverse("admin:proposals_panel_bring", args=[panel.pk]))
        return self.shown(request, "open", title=_("Open a panel"), form=form)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Hold the panel: read what was found, order, recommend, write. Who saves second loses no character."""
        panel = self.panel_of(request, int(object_id) if object_id.isdecimal() and len(object_id) < 10 else 0)
        if request.method != "POST" and panel.frozen_at:
            return HttpResponseRedirect(reverse("admin:proposals_panel_record", args=[panel.pk]))
        posted = request.POST if request.method == "POST" else None
        if posted is not None and not may_run_panels(request.user):
            raise PermissionDenied
        form = PanelForm(posted, panel=panel, items=items_for(panel, request.user), reader=request.user)
        stale = posted is not None and (panel.frozen_at is not None or posted.get("revision") != str(panel.revision))
        if posted is not None and not stale and form.is_valid():
            try:
                actions.keep(panel, sheet=form.sheet(), by=request.user, now=timezone.now())  # type: ignore[arg-type]
            except ValidationError as refusal:
                form.add_error(None, refusal.messages)
            except actions.PanelChanged:
                panel, stale = self.panel_of(request, panel.pk), True
                form = PanelForm(posted, panel=panel, items=items_for(panel, request.user), reader=request.user)
            else:
                self.message_user(request, _("The panel's page is saved."), messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:proposals_panel_change", args=[panel.pk]))
        return self._page(request, panel, form, stale=stale)

    def _page(self, request: HttpRequest, panel: Panel, form: PanelForm, *, stale: bool) -> HttpResponse:
        """Figures are of the proposals before this panel alone, and the line is below those recommended for a place."""
        taken = sum(item.recommends in TAKES_A_PLACE for item in form.items)
        found = results_of([item.proposal for item in form.items], phase=panel.phase, places=taken or None)
        rows = {row.proposal.pk: row for row in found.rows}
        ordered = form.ordered()
        lines = [(place, item, rows[item.proposal_id], form.of(item)) for place, item in enumerate(ordered, 1)]
        more = {
            "panel": panel,
            "form": form,
            "stale": stale,
            "found": found,
            "lines": lines,
            "left_over": form.left_over() if stale else [],
            "may_keep": may_keep(request.user, panel),
            "decides": may_triage(request.user),
            "freeze_url": self.act_url(self.acts[0], panel) if may_freeze(request.user, panel) else "",
            "plot": ranks_plot(found),
            "criteria_names": {str(criterion.pk): criterion.name for criterion in found.criteria},
        }
        return self.shown(request, "page", title=panel.title, status=409 if stale else 200, **more)
