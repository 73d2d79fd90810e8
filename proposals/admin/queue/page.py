"""The page of the queue: tabs, filters, rows, and the ways on from there."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_countries import countries

from proposals.admin.queue.bulk import BULK, BulkPages
from proposals.admin.queue.export import ROWS_AT_MOST, spreadsheet
from proposals.admin.queue.filters import AGES, SWITCHED, SWITCHES, Asked, Choices, capped, encode, parse, place, understood
from proposals.calls.states import Form, Level
from proposals.intake import actions
from proposals.intake.models import SavedView
from proposals.intake.queries import queue as asking
from proposals.intake.queries.queue import View, Wanted
from proposals.intake.rules import may_triage
from proposals.intake.states import Status
from proposals.web.templatetags.triage import level_word

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    Stock = ModelAdmin[Any]
else:
    Stock = object

QUEUE = "admin:proposals_proposal_changelist"
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class QueuePages(BulkPages, Stock):
    """The list of proposals in our own words, instead of Django's change list."""

    def get_urls(self) -> list[URLPattern]:
        """The queue's own addresses, before those of single proposals."""
        opened = self.admin_site.admin_view
        return [
            path("export/", opened(self.export_view), name="proposals_proposal_export"),
            path("bulk/", opened(self.bulk_view), name="proposals_proposal_bulk"),
            path("views/<int:pk>/remove/", opened(self.remove_view), name="proposals_proposal_remove_view"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """One page of the queue; a POST keeps its filters as a tab of one's own."""
        asked, choices = understood(request)
        if request.method == "POST":
            return self._save_view(request, asked)
        if asked.wanted.words:
            exact = asking.by_reference(request.user, asked.wanted.words) if "-" in asked.wanted.words else None
            if exact is not None:
                return HttpResponseRedirect(reverse("admin:proposals_proposal_change", args=[exact.pk]))
        now = timezone.now()
        wanted = asking.queue(request.user, asked.wanted, now=now)
        wanted = asking.few(wanted) if asked.wanted.words else wanted
        page = asking.page(wanted, newest_first=asked.newest_first, after=asked.after, before=asked.before)
        tabs, found = _tabs(request, asked, choices, wanted)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Proposals"),
            "opts": self.opts,
            "asked": asked,
            "rows": page.rows,
            "now": now,
            "tabs": tabs,
            "found": found,
            "choices": choices,
            "filters": _filters(asked, choices),
            "newer_url": page.before and _on(asked, before=place(page.before)),
            "older_url": page.after and _on(asked, after=place(page.after)),
            "turned_url": _on(asked, order="oldest" if asked.newest_first else "newest"),
            "export_url": reverse("admin:proposals_proposal_export") + "?" + asked.query(),
            "export_limit": f"{ROWS_AT_MOST:,}",
            "bulk": [(act.name, act.label) for act in BULK] if may_triage(request.user) else [],
            "may_file": may_triage(request.user),
            "write_url": reverse("admin:proposals_circular_write") + "?" + asked.query(),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/queue/queue.html", context)

    def _save_view(self, request: Any, asked: Asked) -> HttpResponse:
        """Keep the filters as understood, not as typed."""
        try:
            view = actions.save_view(name=request.POST.get("name", ""), query=asked.query(), by=request.user, now=timezone.now())
        except ValidationError as refusal:
            self.message_user(request, " ".join(refusal.messages), messages.ERROR)
        else:
            self.message_user(request, _("“%(view)s” is a tab of yours now.") % {"view": view.name}, messages.SUCCESS)
        return HttpResponseRedirect(reverse(QUEUE) + "?" + asked.query())

    def remove_view(self, request: Any, pk: int) -> HttpResponse:
        """Remove one of one's own tabs."""
        view = get_object_or_404(SavedView, pk=pk, user=request.user)
        if request.method == "POST":
            actions.remove_view(view, by=request.user)
            self.message_user(request, _("The tab “%(view)s” is gone.") % {"view": view.name}, messages.SUCCESS)
        return HttpResponseRedirect(reverse(QUEUE))

    def export_view(self, request: HttpRequest) -> HttpResponse | FileResponse:
        """The list as a spreadsheet; an address that was not understood is explained on the page instead."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "GET":
            raise Http404
        asked, _choices = understood(request)
        if asked.problems:
            return HttpResponseRedirect(reverse(QUEUE) + "?" + request.GET.urlencode())
        now = timezone.now()
        wanted = asking.queue(request.user, asked.wanted, now=now)
        rows = asking.rows_for_export(wanted, newest_first=asked.newest_first, limit=ROWS_AT_MOST + 1)
        name = f"proposals-{now:%Y%m%d-%H%M}.xlsx"
        return FileResponse(spreadsheet(rows), as_attachment=True, filename=name, content_type=SPREADSHEET)


def _on(asked: Asked, **changes: str | None) -> str:
    return "?" + asked.query(**changes)


def _tabs(request: Any, asked: Asked, choices: Choices, wanted: Any) -> tuple[list[dict[str, Any]], str]:
    """The built-in and the reader's own tabs with their counts, and the count of this list; two statements."""
    now = timezone.now()
    tabs: list[dict[str, Any]] = [
        {"label": view.label, "query": encode({"view": [view.value]}), "wanted": Wanted(view=view)} for view in View
    ]
    for saved in SavedView.objects.filter(user=request.user):
        kept = parse(QueryDict(saved.query), choices)
        tabs.append({"label": saved.name, "query": saved.query, "wanted": kept.wanted, "pk": saved.pk})
    lists = [asking.queue(request.user, tab["wanted"], now=now) for tab in tabs]
    *counts, found = [capped(count) for count in asking.capped_counts([*lists, wanted])]
    for tab, count in zip(tabs, counts, strict=True):
        tab.update(count=count, current=tab["query"] == asked.query(order=None))
    return tabs, found


def _filters(asked: Asked, choices: Choices) -> list[dict[str, Any]]:
    """The controls on the left: name, label, options (value, label, chosen?), and whether several may be chosen."""
    people = [("me", _("me")), ("nobody", _("nobody")), *((str(p.pk), str(p)) for p in choices.staff)]
    ages = [(str(days), _("more than %(days)d days") % {"days": days}) for days in AGES]
    drawn: list[tuple[str, Any, Any, bool]] = [
        ("call", _("Call"), [(call.code, f"{call.code} – {call.title}") for call in choices.calls], False),
        ("state", _("State"), Status.choices, True),
        ("level", _("Level"), [(level.value, level_word(level)) for level in Level], True),
        ("form", _("Form of cooperation"), Form.choices, True),
        ("country", _("Country or region"), list(countries), False),
        ("age", _("In this state for"), ages, False),
        ("assignee", _("Handled by"), people, False),
    ]
    return [
        {
            "name": name,
            "label": label,
            "many": many,
            "options": [(value, text, value in asked.kept.get(name, ())) for value, text in options],
        }
        for name, label, options, many in drawn
    ] + [
        {"name": name, "label": label, "switch": SWITCHED[name], "on": name in asked.kept}
        for name, (_attribute, label) in SWITCHES.items()
    ]
