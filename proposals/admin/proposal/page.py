"""The admin of proposals: nothing is edited here; the page shows, and each verb has a page of its own."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from proposals.admin.base import Door, HouseAdmin
from proposals.admin.proposal.acts import ACTS, MOVING, NoteForm, TriageAct
from proposals.admin.proposal.agreement import FOLLOWING, agreement_part
from proposals.admin.proposal.asking import asking_part
from proposals.admin.proposal.behalf import BehalfForm, file_for
from proposals.admin.proposal.conflicts import conflicts_part
from proposals.admin.proposal.decision import decision_part
from proposals.admin.proposal.dossier import dossier
from proposals.admin.proposal.presence import others_looking
from proposals.admin.proposal.reviews import reviews_part
from proposals.admin.queue.page import QueuePages
from proposals.intake.models import MoveNotAllowed, Proposal
from proposals.intake.queries.queue import told_of
from proposals.intake.rules import files_for_partner, may_look, may_triage
from proposals.intake.states import EDITABLE
from proposals.web.clock import in_beijing


def may_see(user: Any, proposal: Proposal | None) -> bool:  # noqa: ARG001  # which ones is the queryset's to say
    """All staff read the queue and its proposals."""
    return may_look(user)


@admin.register(Proposal)
class ProposalAdmin(QueuePages, HouseAdmin):
    """The queue and its proposals: state is read-only, buttons are the moves allowed."""

    door = Door(see=may_see)
    acts = (*ACTS, *FOLLOWING)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Only what this reader may know of."""
        found = Proposal.objects.visible_to(request.user)
        return found.select_related("call", "phase", "lead", "assignee", "created_by").defer("search")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One proposal on one page."""
        proposal = self._proposal(request, object_id)
        if request.method != "GET":
            raise PermissionDenied
        user = request.user
        number = request.GET.get("version", "")
        moving = [(act.label, self.act_url(act, proposal)) for act in (*MOVING, *FOLLOWING) if act.may(user, proposal)]
        context = {
            **self.admin_site.each_context(request),
            **agreement_part(proposal, user),
            **asking_part(proposal, user),
            **reviews_part(proposal, user),
            **conflicts_part(proposal),
            **decision_part(proposal, user),
            **dossier(proposal, number=int(number) if number.isdecimal() and len(number) < 5 else None),
            "title": str(proposal),
            "opts": self.opts,
            "proposal": proposal,
            "moving": moving,
            "keeping": {act.name: self.act_url(act, proposal) for act in ACTS} if may_triage(user) else {},
            "note_form": NoteForm(),
            "fills_in": files_for_partner(user, proposal) and proposal.status in EDITABLE,
            "others": others_looking(proposal, by=user, now=timezone.now()),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/proposals/proposal/page.html", context)

    def act_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Ask what the verb needs and say who will be told; on POST do it, once. A stale page keeps what was typed."""
        proposal = self._proposal(request, object_id)
        act = next((act for act in self.acts if act.name == name), None)
        if act is None:
            raise Http404
        if not may_triage(request.user):
            raise PermissionDenied
        form = act.form(request.POST) if request.method == "POST" else act.form(initial=_present(act, proposal))
        stale = "" if self._fresh(request, act, proposal) else faster(proposal, request.user)
        if request.method == "POST" and form.is_valid() and not stale:
            try:
                act.run(proposal, by=request.user, now=timezone.now(), **form.cleaned_data)
            except MoveNotAllowed:
                proposal = self._proposal(request, object_id)
                stale = faster(proposal, request.user)
            except ValidationError as refusal:
                form.add_error(None, refusal)
            else:
                self.message_user(request, act.done, messages.SUCCESS)
                return HttpResponseRedirect(self._page_of(proposal))
        context = {
            **self.admin_site.each_context(request),
            "title": act.label,
            "opts": self.opts,
            "act": act,
            "thing": proposal,
            "possible": act.may(request.user, proposal),
            "stale": stale,
            "form": form,
            "told": told_of([proposal])[proposal.pk] if act.tells(proposal) else [],
            "back": self._page_of(proposal),
        }
        return TemplateResponse(request, "admin/proposals/proposal/act.html", context, status=409 if stale else 200)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Begin a proposal on a partner's behalf; the partners' form takes over from there."""
        if not may_triage(request.user):
            raise PermissionDenied
        form = BehalfForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                proposal = file_for(form, by=request.user, now=timezone.now())
            except ValidationError as refusal:
                form.add_error(None, refusal)
            else:
                return HttpResponseRedirect(reverse("portal:task_list", args=[proposal.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("File a proposal for a partner"),
            "opts": self.opts,
            "form": form,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/proposals/proposal/behalf.html", context)

    def _proposal(self, request: HttpRequest, object_id: str) -> Any:
        proposal = self.get_object(request, unquote(object_id)) if may_look(request.user) else None
        if proposal is None:
            raise Http404
        return proposal

    def _page_of(self, proposal: Proposal) -> str:
        return reverse("admin:proposals_proposal_change", args=[proposal.pk])

    def _fresh(self, request: HttpRequest, act: TriageAct, proposal: Proposal) -> bool:
        """Whether the verb still fits: allowed now and, for a move, the proposal is as it was when the page was opened."""
        seen = request.POST.get("seen", "")
        unmoved = act.to is None or not seen or seen == str(proposal.revision)
        return act.may(request.user, proposal) and unmoved


def faster(proposal: Proposal, reader: Any) -> str:
    """Who moved the proposal last, to what and when: for the one who came second."""
    last = proposal.moves.order_by("-id").first()
    state = proposal.get_status_display()
    if last is None or last.by_id == reader.pk:
        return _("This cannot be done while the proposal is “%(state)s”.") % {"state": state}
    return _("Someone was faster: %(person)s moved it to “%(state)s” at %(when)s.") % {
        "person": last.by_label,
        "state": state,
        "when": in_beijing(last.at),
    }


def _present(act: TriageAct, proposal: Proposal) -> dict[str, Any]:
    """What a verb's form starts with: what the proposal has now."""
    present: dict[str, dict[str, Any]] = {
        "assign": {"to": proposal.assignee_id},
        "tag": {"tags": ", ".join(proposal.tags)},
    }
    return present.get(act.name, {})
