"""Files of a proposal: the page that lists and takes them, the download, and taking one off."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from proposals.calls.states import QuestionKind
from proposals.intake import actions, rules
from proposals.intake.actions.files import FILES_AT_MOST, PROPOSAL_BYTES
from proposals.intake.gateways import storage
from proposals.intake.models import Attachment, Proposal
from proposals.intake.states import AttachmentKind
from proposals.portal.forms.files import FileForm
from proposals.portal.views.access import visible_or_404
from proposals.portal.views.editing import Asked
from proposals.portal.views.team import refuse


def page(request: HttpRequest, proposal: Proposal, key: str, asked: Asked) -> HttpResponse:  # noqa: ARG001  # every page's shape
    """What is there, and a form to add one more; the rest of the form stays when a file is refused."""
    questions = list(proposal.phase.questions.filter(kind=QuestionKind.FILE, levels__contains=[proposal.level]))
    chosen = f"{AttachmentKind.ANSWER}-{request.GET.get('question', '')}"
    form = FileForm(request.POST or None, request.FILES or None, questions=questions, initial={"kind": chosen})
    if request.method == "POST" and form.is_valid() and _attach(request, proposal, form):
        return redirect("portal:section", proposal.pk, "files")
    files = list(proposal.attachments.filter(removed_at=None))
    context = {
        "proposal": proposal,
        "form": form,
        "files": files,
        "limit": FILES_AT_MOST,
        "used": sum(file.size for file in files),
        "most": PROPOSAL_BYTES,
    }
    return render(request, "portal/files/files.html", context, status=400 if form.errors else 200)


def _attach(request: HttpRequest, proposal: Proposal, form: FileForm) -> bool:
    """Hand the upload to the action; a refusal stands at the form's file."""
    by: Any = request.user
    data = form.cleaned_data
    sent = {name: data[name] for name in ("title", "request_key")} | {"upload": data["file"], "by": by, "now": timezone.now()}
    try:
        if form.question is None:
            kept = actions.attach(proposal, kind=data["kind"], **sent)
        else:
            kept = actions.answer_with_file(proposal, question=form.question, **sent)
    except ValidationError as refusal:
        refuse(form, refusal)
        return False
    messages.success(request, _("%(file)s is added.") % {"file": kept})
    return True


@login_required
@require_POST
def upload(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """The same as the page's own form, at an address of its own."""
    found = visible_or_404(request, proposal)
    if not rules.may_edit(request.user, found):
        messages.warning(request, _("Files can no longer be added to this proposal."))
        return redirect("portal:proposal", found.pk)
    return page(request, found, "files", {})


def _file_or_404(request: HttpRequest, proposal: UUID, file: UUID, *, to_experts: bool = False) -> Attachment:
    found = visible_or_404(request, proposal, to_experts=to_experts)
    held = get_object_or_404(Attachment, pk=file, proposal=found)
    held.proposal = found
    return held


@login_required
@require_safe
def file(request: HttpRequest, proposal: UUID, file: UUID) -> HttpResponseBase:
    """A file as a download: never shown inside the site, whatever it holds."""
    held = _file_or_404(request, proposal, file, to_experts=True)
    if not rules.may_open_file(request.user, held):
        raise Http404
    try:
        kept = storage.open_kept(held.sha256)
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(kept, as_attachment=True, filename=held.name, content_type="application/pdf")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def remove_file(request: HttpRequest, proposal: UUID, file: UUID) -> HttpResponse:
    """Say what taking a file off means; then do it."""
    held = _file_or_404(request, proposal, file)
    if held.removed_at is not None or not rules.may_remove_file(request.user, held):
        raise Http404
    back = "endorsement" if held.kind == "endorsement" else "files"
    if request.method == "POST":
        by: Any = request.user
        actions.remove_file(held, by=by, now=timezone.now())
        messages.success(request, _("%(file)s is taken off.") % {"file": held})
        return redirect("portal:section", held.proposal.pk, back)
    return render(request, "portal/files/remove.html", {"proposal": held.proposal, "file": held, "back": back})
