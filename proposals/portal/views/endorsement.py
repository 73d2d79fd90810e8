"""The endorsement's page: who stands behind the proposal, and the signed letter, now or later."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from proposals.intake import actions, rules
from proposals.intake.models import Endorsement, Proposal
from proposals.portal.forms.endorsement import EndorsementForm
from proposals.portal.views.editing import Asked
from proposals.portal.views.team import refuse


def page(request: HttpRequest, proposal: Proposal, key: str, asked: Asked) -> HttpResponse:
    """Who signs, and the letter; also after submission, until the proposal has ended."""
    held = Endorsement.objects.filter(proposal=proposal).select_related("letter").first()
    data, files = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = EndorsementForm(data, files, proposal=proposal, endorsement=held)
    if request.method == "POST" and form.is_valid() and _save(request, proposal, form):
        messages.success(request, _("The endorsement is saved."))
        goes_on = rules.may_edit(request.user, proposal)
        return redirect("portal:task_list", proposal.pk) if goes_on else redirect("portal:proposal", proposal.pk)
    context = {
        "proposal": proposal,
        "form": form,
        "endorsement": held,
        "is_required": any(asked.get(key, {}).values()),
        "may_edit": rules.may_edit(request.user, proposal),
    }
    return render(request, "portal/files/endorsement.html", context, status=400 if form.errors else 200)


def _save(request: HttpRequest, proposal: Proposal, form: EndorsementForm) -> bool:
    """Hand what is typed to the action; a refusal of the letter stands at its field."""
    data = dict(form.cleaned_data)
    by: Any = request.user
    try:
        actions.endorse(proposal, upload=data.pop("letter") or None, by=by, now=timezone.now(), **data)
    except ValidationError as refusal:
        refuse(form, refusal, file="letter")
        return False
    return True
