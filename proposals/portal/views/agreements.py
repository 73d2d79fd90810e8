"""The agreement about a selected project, and the conditions before it, as its team reads them."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from proposals.decisions.queries.agreements import agreement_of, checklist, conditions_of, lines_of
from proposals.portal.views.access import visible_or_404


@login_required
@require_safe
def agreement(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """With whom, until when, what is done and what is still to do."""
    found = visible_or_404(request, proposal)
    held = agreement_of(found)
    lines = checklist(held) if held else []
    context = {
        "proposal": found,
        "agreement": held,
        "checklist": lines,
        "done": sum(1 for line in lines if line.done_at),
        "conditions": lines_of(conditions_of(found)),
    }
    return render(request, "portal/agreements/agreement.html", context)
