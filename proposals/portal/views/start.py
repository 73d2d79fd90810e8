"""Beginning a proposal: level and forms chosen, a draft made; the second click gets the first click's draft."""

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from proposals.calls.calculations import standing
from proposals.calls.models import Call
from proposals.calls.queries import first_phase, later_phase, visible_call
from proposals.calls.states import Standing
from proposals.intake import actions
from proposals.partners.queries import own_organisations
from proposals.partners.states import EXPERTS
from proposals.portal.forms.start import StartForm

TAKES = {Standing.OPEN, Standing.LATE}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """The page that explains the levels and begins a draft; a call that takes none says so instead of a form."""
    call = visible_call(request.user, slug)
    if call is None:
        raise Http404
    reader: Any = request.user
    if reader.is_staff:
        if request.method == "POST":
            raise PermissionDenied
        if reader.staff_role in EXPERTS:
            return redirect("admin:index")
        return _page(request, call, None, timezone.now())
    form = StartForm(request.POST if request.method == "POST" else None, call=call, organisations=own_organisations(request.user))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            proposal = actions.start(
                call,
                level=data["level"],
                forms=data.get("forms", []),
                title=data["title"],
                lead=form.organisations.get(data.get("lead") or 0),
                by=request.user,  # type: ignore[arg-type]  # signed in
                now=timezone.now(),
                request_key=form.request_key,
            )
        except ValidationError as error:
            for field, messages in (error.message_dict if hasattr(error, "error_dict") else {None: error.messages}).items():
                for message in messages:
                    form.add_error(field if field in form.fields else None, message)
        else:
            return redirect("portal:task_list", proposal.pk)
    return _page(request, call, form, timezone.now())


def _page(request: HttpRequest, call: Call, form: StartForm | None, now: datetime) -> HttpResponse:
    phase = first_phase(call)
    stands: Any = standing(phase.opens_at, phase.closes_at, phase.late_until, now) if phase else Standing.NOT_YET
    if phase is None or not call.is_published or (stands not in TAKES and not (form and form.is_bound)):
        form = None
    context = {
        "call": call,
        "phase": phase,
        "standing": stands,
        "form": form,
        "takes": stands in TAKES and call.is_published,
        "invited_to": later_phase(call, now) if phase and stands == Standing.CLOSED else None,
    }
    return render(request, "portal/start/start.html", context)
