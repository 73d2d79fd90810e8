"""The answer to a question of the secretariat; nothing typed is lost."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from proposals.intake import actions, rules
from proposals.intake.models import MoveNotAllowed, Proposal
from proposals.portal.forms.submission import AnswerForm
from proposals.portal.views.access import visible_or_404
from proposals.portal.views.keeping import kept


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """The question with a place to answer it; POST answers it, once."""
    if not request.user.is_authenticated:
        if request.method == "POST":
            why = _("Nothing was sent. Sign in in another tab, go back in this one, and send again.")
            return kept(request, _("You are signed out"), why)
        return redirect_to_login(request.get_full_path())
    found = visible_or_404(request, proposal)
    form = AnswerForm(request.POST or None)
    if not rules.may_answer(request.user, found):
        return _gone(request, found)
    if request.method == "POST" and form.is_valid():
        try:
            actions.answer(found, text=form.cleaned_data["text"], by=request.user, now=timezone.now())
        except (MoveNotAllowed, PermissionDenied):
            return _gone(request, found)
        except ValidationError as refusal:
            form.add_error("text", refusal.messages)
        else:
            messages.success(request, _("Your answer is with the secretariat."))
            return redirect("portal:proposal", found.pk)
    waiting = found.clarifications.filter(answered_at=None).first()
    context = {"proposal": found, "form": form, "waiting": waiting}
    return render(request, "portal/proposals/answer.html", context, status=400 if form.errors else 200)


def _gone(request: HttpRequest, proposal: Proposal) -> HttpResponse:
    """No question waits: the second click is told that the first was enough, anyone else gets their text back."""
    typed = " ".join(request.POST.get("text", "").split())
    last = proposal.clarifications.exclude(answered_at=None).order_by("-answered_at").first()
    if typed and not (last and " ".join(last.answer.split()) == typed):
        why = _("It was answered or taken back meanwhile. Your text was not sent.")
        return kept(request, _("No question waits for an answer"), why)
    messages.info(request, _("No question waits for an answer.") if not typed else _("Your answer is with the secretariat."))
    return redirect("portal:proposal", proposal.pk)
