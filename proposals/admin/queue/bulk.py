"""Several proposals at once: choose, see what will happen and who will be told, then do it one by one."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from proposals.admin.proposal.acts import ACTS, TriageAct
from proposals.intake import actions
from proposals.intake.models import MoveNotAllowed, Proposal
from proposals.intake.queries.queue import chosen, told_of
from proposals.intake.rules import may_triage

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    Stock = ModelAdmin[Any]
else:
    Stock = object

ROWS_AT_MOST = 200


def add_tags(proposal: Proposal, *, tags: Sequence[str], **who_and_when: Any) -> None:
    """Tags beside those a proposal has: several proposals seldom share all of theirs."""
    actions.tag(proposal, tags=[*proposal.tags, *tags], **who_and_when)


def _for_several(act: TriageAct) -> TriageAct:
    if act.name != "tag":
        return act
    says = gettext_lazy("The tags are added to those that each proposal has. Only staff see tags.")
    return replace(act, label=gettext_lazy("Add tags"), run=add_tags, says=says)


BULK = [_for_several(act) for act in ACTS if act.name != "note"]


@dataclass
class Line:
    """One proposal of the preview: who will be told of it, or why it will stay as it is."""

    proposal: Proposal
    told: list[Any]
    refusal: str = ""


class BulkPages(Stock):
    """The preview and the doing; each proposal in a transaction of its own."""

    def bulk_view(self, request: HttpRequest) -> HttpResponse:
        """Show what will happen; with `step=do`, do it and say what was done and what was not."""
        if not may_triage(request.user):
            raise PermissionDenied
        back = reverse("admin:proposals_proposal_changelist")
        act = next((act for act in BULK if act.name == request.POST.get("what")), None)
        seen = _seen(request.POST.getlist("ids")[:ROWS_AT_MOST])
        proposals = chosen(request.user, seen)
        if request.method != "POST" or act is None or not proposals:
            self.message_user(request, _("Tick at least one proposal, and choose what to do."), messages.WARNING)
            return HttpResponseRedirect(back)
        lines = _lines(act, proposals, seen, request.user)
        doing = request.POST.get("step") == "do"
        form = act.form(request.POST if doing else None)
        if doing and form.is_valid():
            self._do(request, act, lines, form.cleaned_data)
            return HttpResponseRedirect(back)
        able = [line for line in lines if not line.refusal]
        context = {
            **self.admin_site.each_context(request),
            "title": act.label,
            "opts": self.opts,
            "act": act,
            "form": form,
            "able": able,
            "unable": [line for line in lines if line.refusal],
            "mails": sum(len(line.told) for line in able),
            "back": back,
        }
        return TemplateResponse(request, "admin/queue/bulk.html", context)

    def _do(self, request: HttpRequest, act: TriageAct, lines: list[Line], answers: dict[str, Any]) -> None:
        """One call a proposal; a refusal of one leaves the others as done as they are."""
        done = []
        for line in lines:
            if not line.refusal:
                line.refusal = _run(act, line.proposal, answers, by=request.user)
            if line.refusal:
                text = _("%(proposal)s was left as it is: %(why)s") % {"proposal": line.proposal, "why": line.refusal}
                self.message_user(request, text, messages.WARNING)
            else:
                done.append(str(line.proposal.reference or line.proposal))
        if done:
            text = ngettext("Done for %(n)d proposal: %(names)s.", "Done for %(n)d proposals: %(names)s.", len(done))
            self.message_user(request, text % {"n": len(done), "names": ", ".join(done)}, messages.SUCCESS)


def _run(act: TriageAct, proposal: Proposal, answers: dict[str, Any], *, by: Any) -> str:
    """Do it to one proposal; the refusal in words, or nothing."""
    try:
        act.run(proposal, by=by, now=timezone.now(), **answers)
    except MoveNotAllowed:
        return _("someone was faster.")
    except ValidationError as refusal:
        return " ".join(refusal.messages)
    return ""


def _seen(values: Sequence[str]) -> dict[uuid.UUID, int | None]:
    """The ids posted, each with the revision that was seen, where the preview was already shown; nonsense is left out."""
    found: dict[uuid.UUID, int | None] = {}
    for value in values:
        name, _at, revision = value.partition("@")
        try:
            found[uuid.UUID(name)] = int(revision) if revision else None
        except ValueError:
            continue
    return found


def _lines(act: TriageAct, proposals: list[Proposal], seen: dict[uuid.UUID, int | None], user: Any) -> list[Line]:
    """Each proposal with what becomes of it; two statements for all who are told."""
    told = told_of(proposals) if act.to else {}
    lines = []
    for proposal in proposals:
        line = Line(proposal, told.get(proposal.pk, []) if act.tells(proposal) else [])
        if seen[proposal.pk] not in {None, proposal.revision}:
            line.refusal = _("someone was faster.")
        elif not act.may(user, proposal):
            line.refusal = _("this cannot be done while it is “%(state)s”.") % {"state": proposal.get_status_display()}
        lines.append(line)
    return lines
