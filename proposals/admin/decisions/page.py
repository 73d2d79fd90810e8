"""The admin of decisions: one is drafted from a proposal or a panel, amended until it is approved, and read as its letters."""

import uuid
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proposals.admin.acts import Act
from proposals.admin.base import Door, HouseAdmin
from proposals.admin.decisions.forms import ConditionFormSet, DecisionForm, terms, written
from proposals.admin.proposal.page import faster
from proposals.decisions.actions.deciding import AmendedMeanwhile, amend, decide, drop
from proposals.decisions.models import Decision
from proposals.decisions.queries.deciding import decisions_for, first_words_for
from proposals.decisions.queries.letters import letters_of
from proposals.decisions.rules.deciding import may_amend, may_decide, may_read_decisions
from proposals.intake.models import MoveNotAllowed, Proposal
from proposals.intake.rules import may_triage


@admin.register(Decision)
class DecisionAdmin(HouseAdmin):
    """Decisions, newest first."""

    door = Door(see=may_read_decisions)
    refusals = (ValidationError, AmendedMeanwhile)
    list_display = ("named", "outcome", "standing", "release")
    search_fields = ("proposal__reference", "proposal__title")
    ordering = ("-pk",)
    acts = (
        Act(
            name="drop",
            label=gettext_lazy("Drop it"),
            may=may_amend,
            run=drop,
            says=gettext_lazy("The decision ends unreleased and stays on record; the proposal is before the panel again."),
            done=gettext_lazy("The decision is dropped."),
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Only about what this reader may know of."""
        return decisions_for(request.user)

    @admin.display(description=gettext_lazy("proposal"), ordering="proposal__reference")
    def named(self, decision: Decision) -> str:
        """The proposal's reference and title."""
        return str(decision.proposal)

    @admin.display(description=gettext_lazy("state"))
    def standing(self, decision: Decision) -> str:
        """Drafted, in a release, released or dropped."""
        return standing_of(decision)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Draft a decision about the proposal that the address names."""
        if not may_triage(request.user):
            raise PermissionDenied
        proposal = _proposal(request)
        begun = {**first_words_for(proposal), "seen": str(proposal.revision)}
        data = request.POST if request.method == "POST" else None
        form = DecisionForm(data, proposal=proposal, user=request.user, initial=begun)
        lines, stale = ConditionFormSet(data, prefix="conditions"), ""
        if not may_decide(request.user, proposal) or (data and data.get("seen") != str(proposal.revision)):
            stale = faster(proposal, request.user)
        elif data and form.is_valid() and lines.is_valid():
            said = {**form.said(), "conditions": lines.said()}
            try:
                decision = decide(proposal, **said, by=request.user, now=timezone.now())  # type: ignore[arg-type]
            except MoveNotAllowed:
                proposal.refresh_from_db()
                stale = faster(proposal, request.user)
            except ValidationError as refusal:
                form.refuse(refusal)
            else:
                self.message_user(request, _("The decision is drafted; its team sees nothing of it."), messages.SUCCESS)
                return HttpResponseRedirect(_page_of(decision))
        more = {"proposal": proposal, "form": form, "lines": lines, "stale": stale, "title": _("Decide")}
        return self._edit(request, **more)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A decision with its letters as they would be written now; a POST amends it."""
        decision = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if decision is None:
            raise Http404
        allowed = may_amend(request.user, decision)
        if request.method == "POST" and not allowed:
            raise PermissionDenied
        data = request.POST if request.method == "POST" else None
        form = DecisionForm(data, proposal=decision.proposal, user=request.user, initial=written(decision))
        lines, stale = ConditionFormSet(data, prefix="conditions", initial=terms(decision)), ""
        if data and form.is_valid() and lines.is_valid():
            said = {**form.said(), "conditions": lines.said(), "revision": form.cleaned_data["revision"] or 0}
            try:
                amend(decision, **said, by=request.user, now=timezone.now())  # type: ignore[arg-type]
            except AmendedMeanwhile as faster_one:
                stale = str(faster_one)
            except ValidationError as refusal:
                form.refuse(refusal)
            else:
                self.message_user(request, _("The decision is amended."), messages.SUCCESS)
                return HttpResponseRedirect(_page_of(decision))
        more = {"decision": decision, "proposal": decision.proposal, "form": form, "lines": lines, "stale": stale}
        buttons = [(act.label, self.act_url(act, decision)) for act in self.acts if act.may(request.user, decision)]
        return self._edit(request, **more, **_shown(decision), may_amend=allowed, buttons=buttons, title=_("Decision"))

    def _edit(self, request: HttpRequest, **more: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **more}
        status = 409 if more["stale"] else 200
        return TemplateResponse(request, "admin/proposals/decision/page.html", context, status=status)


def standing_of(decision: Decision) -> str:
    """Where a decision is between its draft and its release, in words."""
    if decision.released_at:
        return _("released")
    if decision.dropped_at:
        return _("dropped")
    return _("in a release") if decision.release_id else _("drafted")


def _shown(decision: Decision) -> dict[str, Any]:
    """What was released as it was; what was not, as it would be written now."""
    kept = list(decision.letters.all()) if decision.released_at else letters_of(decision)
    return {"letters": kept, "standing": standing_of(decision), "conditions": list(decision.conditions.all())}


def _page_of(decision: Decision) -> str:
    return reverse("admin:proposals_decision_change", args=[decision.pk])


def _proposal(request: HttpRequest) -> Proposal:
    """The proposal that `?proposal=` names by its key, if this reader may know of it."""
    try:
        key = uuid.UUID(request.GET.get("proposal", ""))
    except ValueError:
        raise Http404 from None
    found = Proposal.objects.visible_to(request.user).select_related("call", "phase", "lead").defer("search")
    proposal = found.filter(pk=key).first()
    if proposal is None:
        raise Http404
    return proposal
