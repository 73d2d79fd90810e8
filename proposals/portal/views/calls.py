"""The public pages of calls: the list, one call, its deadlines as a calendar, its documents."""

from pathlib import PurePosixPath

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from proposals.calls.calculations import calendar
from proposals.calls.models import Call, Document
from proposals.calls.queries import Shown, shown_call, shown_calls
from proposals.calls.states import PAYLOAD_LEVELS, Standing


@require_safe
def call_list(request: HttpRequest) -> HttpResponse:
    """Every published call: open first, then coming, then closed."""
    shown = shown_calls(Call.objects.visible_to(request.user), timezone.now())
    groups = [
        (_("Open now"), [one for one in shown if one.standing in {Standing.OPEN, Standing.LATE}]),
        (_("Coming"), [one for one in shown if one.standing == Standing.NOT_YET]),
        (_("Closed"), [one for one in shown if one.standing == Standing.CLOSED]),
    ]
    return render(request, "portal/calls/list.html", {"groups": [group for group in groups if group[1]]})


@require_safe
def call(request: HttpRequest, slug: str) -> HttpResponse:
    """One call with all that a proposer needs to know."""
    shown = _shown_or_404(request, slug)
    return render(
        request,
        "portal/calls/call.html",
        {
            "shown": shown,
            "call": shown.call,
            "stage": shown.stage,
            "standing": shown.standing,
            # a proposal begins in the first phase; later ones are entered by invitation
            "begins": shown.stages[0].standing if shown.stages else Standing.NOT_YET,
            "has_criteria": any(stage.criteria for stage in shown.stages),
            "takes_payloads": bool(PAYLOAD_LEVELS & set(shown.call.levels)),
            "has_envelope": any((shown.call.total_mass_kg, shown.call.width_mm and shown.call.depth_mm and shown.call.height_mm)),
        },
    )


@require_safe
def call_calendar(request: HttpRequest, slug: str) -> HttpResponse:
    """The deadlines and dependent days of a call as an iCalendar file, with identities that stay."""
    shown = _shown_or_404(request, slug)
    one, domain = shown.call, settings.MESSAGE_ID_DOMAIN
    content = calendar(
        one.title,
        [
            (
                f"phase-{stage.phase.pk}-closes@{domain}",
                _("%(code)s: %(phase)s closes") % {"code": one.code, "phase": stage.phase.title},
                stage.phase.closes_at,
            )
            for stage in shown.stages
        ],
        [(f"date-{date.pk}@{domain}", f"{one.code}: {date.label}", date.on) for stage in shown.stages for date in stage.dates],
        link=settings.SITE_URL + reverse("portal:call", args=[slug]),
        revision=one.revision,
        now=timezone.now(),
    )
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{one.code}-deadlines.ics"'
    return response


@require_safe
def call_document(request: HttpRequest, slug: str, document_id: int) -> HttpResponseBase:
    """A document as a download: never shown inside the site, whatever it holds."""
    document = get_object_or_404(Document, pk=document_id, call__slug=slug, call__in=Call.objects.visible_to(request.user))
    try:
        file = document.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(
        file, as_attachment=True, filename=PurePosixPath(str(document.file.name)).name, content_type="application/pdf"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _shown_or_404(request: HttpRequest, slug: str) -> Shown:
    shown = shown_call(request.user, slug, timezone.now())
    if shown is None:
        raise Http404
    return shown
