"""The frozen record of a panel: a page that prints, and the text itself to take away."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from proposals.admin.panels.bringing import PanelPages
from proposals.intake.states import Status
from proposals.review.models import Panel
from proposals.review.queries.panels import Record, record_for
from proposals.review.states import Verdict


class RecordPages(PanelPages):
    """The record as its reader may have it."""

    def get_urls(self) -> list[URLPattern]:
        """Its addresses, before Django's own."""
        opened = self.admin_site.admin_view
        return [
            path("<int:pk>/record/", opened(self.record_view), name="proposals_panel_record"),
            path("<int:pk>/record.json", opened(self.download_view), name="proposals_panel_download"),
            *super().get_urls(),
        ]

    def record_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The record in words."""
        panel, record = self._record(request, pk)
        content = record.content
        names = {criterion["key"]: criterion["name"] for criterion in content["criteria"]}
        more: dict[str, Any] = {"record": record, "content": content, "items": [_shown(item, names) for item in content["items"]]}
        title = _("Record of the panel: %(title)s") % {"title": panel.title}
        return self.shown(request, "record", title=title, panel=panel, **more)

    def download_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The canonical JSON, byte for byte what the SHA-256 was made of."""
        panel, record = self._record(request, pk)
        answer = HttpResponse(record.text.encode(), content_type="application/json")
        answer["Content-Disposition"] = f'attachment; filename="panel-{panel.pk}-record.json"'
        return answer

    def _record(self, request: HttpRequest, pk: int) -> tuple[Panel, Record]:
        panel = self.panel_of(request, pk)
        if request.method != "GET":
            raise PermissionDenied
        if panel.frozen_at is None:
            raise Http404
        return panel, record_for(panel, request.user)


def _shown(item: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """One item of the record with its words instead of its codes."""
    verdicts = [(str(Verdict(one["verdict"]).label), one["conditions"], one["name"]) for one in item["reviews"] if one["verdict"]]
    return {
        **item,
        "recommended": str(Status(item["recommends"]).label) if item["recommends"] else "",
        "below": [names[key] for key in item["standing"]["failed"]],
        "verdicts": verdicts,
    }
