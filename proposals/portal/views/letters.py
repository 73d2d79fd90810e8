"""The letter of a decision as its team reads it, once it is released: to read, to print and to keep."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from proposals.decisions.queries.letters import answer_to, kin_of, letter_in
from proposals.intake.states import Status
from proposals.portal.views.access import visible_or_404


@login_required
@require_safe
def letter(request: HttpRequest, proposal: UUID, decision: int) -> HttpResponse:
    """In the language asked for, else the reader's own, else English; with its conditions and what was merged."""
    found = visible_or_404(request, proposal)
    answer = answer_to(found, decision)
    if answer is None:
        raise Http404
    shown = letter_in(answer, request.GET.get("language", ""), get_language() or "en")
    if shown is None:
        raise Http404
    context = {
        "proposal": found,
        "decision": answer,
        "letter": shown,
        "languages": sorted(one.language for one in answer.letters.all()),
        "conditions": list(answer.conditions.all()),
        "kin": kin_of(found, user=request.user),
        "is_public": found.status == Status.ANNOUNCED,
    }
    return render(request, "portal/letters/letter.html", context)
