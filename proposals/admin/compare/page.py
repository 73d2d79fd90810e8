"""The page of two to four proposals side by side, reached from the queue, the results and a panel."""

import uuid
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from proposals.admin.compare.facts import Fact, Side, comparison
from proposals.intake.models import Proposal, Version
from proposals.intake.queries.content import frozen
from proposals.intake.queries.queue import chosen
from proposals.intake.queries.readable import Line, of_version
from proposals.review.models import PanelItem
from proposals.review.queries.results import results
from proposals.review.rules.panels import may_see_results

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    Stock = ModelAdmin[Any]
else:
    Stock = object

FEWEST, MOST = 2, 4


class ComparePages(Stock):
    """The page, reached from the queue, the results and a panel."""

    def get_urls(self) -> list[URLPattern]:
        """Its address, before Django's own."""
        opened = self.admin_site.admin_view
        return [path("compare/", opened(self.compare_view), name="proposals_panel_compare"), *super().get_urls()]

    def compare_view(self, request: HttpRequest) -> HttpResponse:
        """Side by side; ticked rows that were sent come back as an address that can be kept."""
        if not may_see_results(request.user):
            raise PermissionDenied
        if request.method == "POST":
            query = QueryDict(mutable=True)
            query.setlist("ids", [one.partition("@")[0] for one in request.POST.getlist("ids")[: MOST + 1]])
            return HttpResponseRedirect(f"{request.path}?{query.urlencode()}")
        ids = _ids(request.GET.getlist("ids"))
        if not FEWEST <= len(ids) <= MOST:
            self.message_user(request, _("Tick two to four proposals to compare them."), messages.WARNING)
            return HttpResponseRedirect(reverse("admin:proposals_proposal_changelist") + "?view=all")
        seen = {proposal.pk: proposal for proposal in chosen(request.user, ids)}
        if len(seen) < len(ids):
            raise Http404
        sides = _sides([seen[pk] for pk in ids], request.user)
        only = request.GET.get("only") == "differences"
        kept = QueryDict(mutable=True)
        kept.setlist("ids", [str(pk) for pk in ids])
        context = {
            **self.admin_site.each_context(request),
            "title": _("Side by side"),
            "opts": self.opts,
            "proposals": [side.proposal for side in sides],
            "tables": [(name, _kept(facts, only=only)) for name, facts in comparison(sides)],
            "only": only,
            "query": kept.urlencode(),
        }
        return TemplateResponse(request, "admin/compare.html", context)


def _ids(values: Iterable[str]) -> list[uuid.UUID]:
    """The ids in their order, each once; what is none is an address of nothing."""
    found: list[uuid.UUID] = []
    for value in values:
        try:
            pk = uuid.UUID(value)
        except ValueError:
            raise Http404 from None
        if pk not in found:
            found.append(pk)
    return found


def _kept(facts: list[Fact], *, only: bool) -> list[Fact]:
    return [fact for fact in facts if fact.differs or not only]


def _sides(proposals: Sequence[Proposal], reader: Any) -> list[Side]:
    """Each proposal with its latest version and the results of its phase; statements do not grow with the proposals."""
    versions = Version.objects.filter(proposal__in=proposals).order_by("proposal_id", "-number").distinct("proposal_id")
    latest = {version.proposal_id: version for version in versions}
    phases = {proposal.phase_id: proposal.phase for proposal in proposals}
    found = {pk: results(phase, reader=reader) for pk, phase in phases.items()}
    items = PanelItem.objects.filter(proposal__in=proposals, panel__phase__in=phases).order_by("panel_id")
    said = {item.proposal_id: item for item in items}
    sides = []
    for proposal in proposals:
        version = latest.get(proposal.pk)
        rows = [row for row in found[proposal.phase_id].rows if row.proposal.pk == proposal.pk]
        sides.append(
            Side(
                proposal,
                frozen(version) if version else {"modules": []},
                _aligned(version),
                found[proposal.phase_id],
                rows[0] if rows else None,
                said.get(proposal.pk),
            )
        )
    return sides


def _aligned(version: Version | None) -> dict[tuple[str, ...], list[Line]]:
    """A version's lines by what they answer, whatever the number of modules, partners or files."""
    lines: dict[tuple[str, ...], list[Line]] = {}
    for group in of_version(version) if version else []:
        for line in group.lines:
            several = line.key[0] == "modules"
            lines.setdefault((group.key, *(line.key[2:3] if several else line.key[:1])), []).append(line)
    return lines
