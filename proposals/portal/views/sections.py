"""The task list of a draft, and its pages: one small table says which view shows which page."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from proposals.calls.calculations import standing
from proposals.intake.models import Proposal
from proposals.intake.queries import pages
from proposals.intake.queries import task_list as rows_of
from proposals.intake.rules import may_edit, may_endorse
from proposals.portal.views import endorsement, files, masses, organisations_of, team
from proposals.portal.views.access import visible_or_404
from proposals.portal.views.editing import Asked, Editor, answer, page
from proposals.portal.views.fields import FieldsEditor
from proposals.portal.views.keeping import kept
from proposals.portal.views.questions import QuestionsEditor
from proposals.portal.views.signing import unsent

# What shows a page: it gets the proposal, which its reader may see and edit, the page's key, and per page key
# the fields asked (True: required). A page that is not named here is one of plain fields.
Page = Callable[[HttpRequest, Proposal, str, Asked], HttpResponse]
PLAIN = FieldsEditor()
QUESTIONS = QuestionsEditor()
PAGES: dict[str, Page] = {
    "organisations": organisations_of.page,
    "team": team.page,
    "endorsement": endorsement.page,
    "files": files.page,
    "mass": masses.mass,
    "questions": lambda request, proposal, key, asked: page(request, QUESTIONS, proposal, key, asked),
}
OWN = ("organisations", "team", "endorsement", "files")  # pages of rows and files: nothing of them is saved while typing
EDITORS: dict[str, Editor | None] = {"mass": masses.EDITOR, "questions": QUESTIONS} | dict.fromkeys(OWN)
MAY: dict[str, Callable[[Any, Proposal], bool]] = {"endorsement": may_endorse}


@login_required
@require_safe
def task_list(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """How far each page has come, what is missing, who saved it last."""
    found = visible_or_404(request, proposal)
    if not may_edit(request.user, found):
        return redirect("portal:proposal", found.pk)
    phase = found.phase
    rows = rows_of(found)
    context = {
        "proposal": found,
        "rows": rows,
        "done": sum(row.state in {"done", "optional"} for row in rows),
        "missing": sum(len(row.gaps) for row in rows),
        "standing": standing(phase.opens_at, phase.closes_at, phase.late_until, timezone.now()),
        "forget": request.GET.get("saved", ""),
        "unsent": unsent(found, timezone.now()),
    }
    return render(request, "portal/sections/task_list.html", context)


def section(request: HttpRequest, proposal: UUID, key: str) -> HttpResponse:
    """One page of the form; what a signed-out person typed is given back before they sign in."""
    if request.method == "POST" and not request.user.is_authenticated:
        return kept(
            request, _("You are signed out"), _("Nothing was saved. Sign in in another tab, go back in this one, and save again.")
        )
    return _section(request, proposal, key)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def _section(request: HttpRequest, proposal: UUID, key: str) -> HttpResponse:
    found = visible_or_404(request, proposal)
    asked = pages(found)
    if key not in asked:
        raise Http404
    if not MAY.get(key, may_edit)(request.user, found):
        if request.method == "POST":
            state = _("Its state is now: %(state)s.") % {"state": found.shown_status}
            return kept(request, _("This proposal can no longer be changed"), state)
        return redirect("portal:proposal", found.pk)
    return PAGES.get(key, _plain)(request, found, key, asked)


def _plain(request: HttpRequest, proposal: Proposal, key: str, asked: Asked) -> HttpResponse:
    return page(request, PLAIN, proposal, key, asked)


@require_POST
def autosave(request: HttpRequest, proposal: UUID, key: str) -> JsonResponse:
    """The page saved while it is typed; answers as static/js/autosave.js expects them."""
    if not request.user.is_authenticated:
        return JsonResponse({"message": _("You are signed out.")}, status=401)
    found = visible_or_404(request, proposal)
    asked = pages(found)
    editor = EDITORS.get(key, PLAIN)
    if key not in asked or editor is None:
        raise Http404
    return answer(request, editor, found, key, asked[key])
