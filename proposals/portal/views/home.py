"""The first page: what this is, who may apply, and which calls are open."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from proposals.calls.models import Call
from proposals.calls.queries import shown_calls
from proposals.calls.states import Standing

TAKES_PROPOSALS = {Standing.OPEN, Standing.LATE}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The published calls that are open or coming, the four steps, and the nearest call's envelope to scale."""
    shown = shown_calls(Call.objects.published(), timezone.now())
    now_open = [one for one in shown if one.standing in TAKES_PROPOSALS]
    coming = [one for one in shown if one.standing == Standing.NOT_YET]
    closed = [one for one in shown if one.standing == Standing.CLOSED]
    first = next((one for one in (*now_open, *coming, *closed) if one.call.total_mass_kg or one.call.width_mm), None)
    return render(
        request,
        "portal/home/home.html",
        {"now_open": now_open, "coming": coming, "closed": closed, "first": first},
    )
