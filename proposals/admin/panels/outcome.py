"""The results of a phase: the table of ranks, its plot, and both to take away."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from proposals.admin.panels import export
from proposals.admin.panels.bringing import PanelPages
from proposals.calls.models import Phase
from proposals.review.queries.results import Results, results
from proposals.review.rules.panels import may_see_results
from proposals.web.plots import intervals, number

KINDS = {"xlsx": (export.workbook, export.XLSX), "csv": (export.text, "text/csv; charset=utf-8")}
MOST_PLACES = 9999


class ResultPages(PanelPages):
    """What the reviews of a phase say, for whom may read it."""

    def get_urls(self) -> list[URLPattern]:
        """Their addresses, before Django's own."""
        opened = self.admin_site.admin_view
        return [
            path("results/<int:phase>/", opened(self.results_view), name="proposals_panel_results"),
            path("results/<int:phase>/<slug:kind>/", opened(self.export_view), name="proposals_panel_results_file"),
            *super().get_urls(),
        ]

    def results_view(self, request: HttpRequest, phase: int) -> HttpResponse:
        """The ranking, with the line below as many places as asked for."""
        found = self._found(request, phase)
        more: dict[str, Any] = {
            "found": found,
            "plot": ranks_plot(found),
            "places": found.places,
            "query": f"?places={found.places}" if found.places else "",
            "criteria_names": {str(criterion.pk): criterion.name for criterion in found.criteria},
            "leans": leans(found),
        }
        title = _("Results: %(phase)s") % {"phase": f"{found.phase.call.code} – {found.phase.title}"}
        return self.shown(request, "results", title=title, **more)

    def export_view(self, request: HttpRequest, phase: int, kind: str) -> HttpResponse:
        """The table as a file."""
        if kind not in KINDS:
            raise Http404
        found = self._found(request, phase)
        made, content_type = KINDS[kind]
        answer = HttpResponse(made(found), content_type=content_type)
        name = f"results-{found.phase.call.code}-{found.phase.position}-{timezone.now():%Y%m%d-%H%M}.{kind}"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    def _found(self, request: HttpRequest, phase: int) -> Results:
        if not may_see_results(request.user) or request.method != "GET":
            raise PermissionDenied
        held = get_object_or_404(Phase.objects.select_related("call"), pk=phase)
        asked = request.GET.get("places", "")
        places = int(asked) if asked.isdecimal() and asked.isascii() and len(asked) < 5 else 0
        return results(held, reader=request.user, places=places or None)


def ranks_plot(found: Results) -> dict[str, Any] | None:
    """Ranks with what chance allows, as a drawing and as the same figures in a table; None where nothing is ranked."""
    ranked = [row for row in found.rows if row.standing.rank]
    if not ranked:
        return None
    title = ngettext(
        "%(n)s proposal by rank, and between which ranks it lies in nine of ten repeats",
        "%(n)s proposals by rank, and between which ranks each lies in nine of ten repeats",
        len(ranked),
    ) % {"n": number(len(ranked))}
    drawn = [(row.proposal.reference or "–", row.standing.rank or 0, row.standing.low, row.standing.high) for row in ranked]
    return {
        "title": title,
        "svg": intervals(title, drawn, places=found.places),
        "head": [_("Proposal"), _("Rank"), _("Rank, lowest"), _("Rank, highest")],
        "rows": [[name, rank, low or "–", high or "–"] for name, rank, low, high in drawn],
    }


def leans(found: Results) -> list[tuple[str, float]]:
    """Each reviewer with how much more (+) or less they give than others to the same proposals, in percent points."""
    named = [(str(found.people[reviewer]), lean) for reviewer, lean in found.ranking.leans.items()]
    return sorted(named, key=lambda one: (-one[1], one[0]))
