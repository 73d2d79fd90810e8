"""The staff's pages of plans of assignment: have one made, look, edit a proposal's people, apply it all as one act."""

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from proposals.admin.base import Door, HouseAdmin
from proposals.calls.models import Phase
from proposals.intake.models import Proposal
from proposals.intake.rules import may_look
from proposals.review.actions import pairings as actions
from proposals.review.calculations.optimum import SECONDS
from proposals.review.models import Pairing, ReviewPlan
from proposals.review.queries.pairings import draw
from proposals.review.queries.previews import Overview, candidates, overview
from proposals.review.rules.pairings import may_change, may_pair
from proposals.review.states import Choice, PairingState, ReviewKind
from proposals.web.plots import bars

ROWS = 100  # of the worst-served proposals; the others on request
LISTED = 50


class MakeForm(forms.Form):
    """For which phase, and which review."""

    phase: Any = forms.ModelChoiceField(queryset=Phase.objects.none(), label=gettext_lazy("Phase"), empty_label=None)
    kind = forms.TypedChoiceField(label=gettext_lazy("Review"), choices=ReviewKind.choices, coerce=ReviewKind)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        field: Any = self.fields["phase"]
        field.queryset = Phase.objects.filter(review_plan__isnull=False).select_related("call").order_by("-call", "-position")
        field.label_from_instance = lambda phase: f"{phase.call.code} – {phase.title}"


class ApplyForm(forms.Form):
    """The plan as it was read."""

    revision = forms.IntegerField(widget=forms.HiddenInput)


@admin.register(Pairing)
class PairingAdmin(HouseAdmin):
    """Plans of assignment, newest first."""

    door = Door(see=lambda user, _pairing: may_look(user))

    def get_urls(self) -> list[URLPattern]:
        opened = self.admin_site.admin_view
        return [
            path("<int:pk>/apply/", opened(self.apply_view), name="proposals_pairing_apply"),
            path("<int:pk>/<uuid:proposal>/", opened(self.choose_view), name="proposals_pairing_choose"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: Any, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The plans, and on POST a new one, or the open one anew."""
        if not may_look(request.user):
            raise PermissionDenied
        form = MakeForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                pairing = actions.make_pairing(by=request.user, now=timezone.now(), **form.cleaned_data)
            except ValidationError as refusal:
                form.add_error(None, refusal.messages)
            else:
                return HttpResponseRedirect(self._page_of(pairing))
        rows = Pairing.objects.select_related("phase__call", "made_by", "applied_by").defer("pairs")[:LISTED]
        more = {"form": form, "rows": list(rows), "may_pair": may_pair(request.user)}
        return self._shown(request, "pairings", title=_("Plans of assignment"), **more)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """How far the making is; once ready, who would review what and why."""
        if not may_look(request.user) or request.method != "GET":
            raise PermissionDenied
        if not object_id.isdecimal():
            raise Http404
        pairing = self._pairing(int(object_id))
        state = pairing.result.get("state")
        told = overview(pairing, request.user)
        shown = told.shown if "all" in request.GET else told.shown[:ROWS]
        more = {"told": told, "shown": shown, "hidden": len(told.shown) - len(shown), "plot": _loads(told), **_progress(pairing)}
        more |= {"may_change": may_change(request.user, pairing), "may_pair": may_pair(request.user) and not pairing.applied_at}
        return self._shown(request, "pairing", title=str(pairing), pairing=pairing, state=state, **more)

    def choose_view(self, request: Any, pk: int, proposal: uuid.UUID) -> HttpResponse:
        """Every expert for one proposal, with why and why not; on POST what was chosen for each."""
        pairing = self._pairing(pk)
        found = get_object_or_404(Proposal.objects.visible_to(request.user), pk=proposal)
        if not may_change(request.user, pairing):
            raise PermissionDenied
        drawn = draw(pairing.phase, ReviewKind(pairing.kind), request.user)
        ref = str(found.reference)
        if ref not in drawn.proposals:
            raise Http404
        given: dict[int, str] = {}
        problems: list[str] = []
        if request.method == "POST":
            given = {int(name): request.POST.get(f"expert-{name}", Choice.OPEN) for name in drawn.experts}
            problems = self._chosen(request, pairing, found, given)
            if not problems:
                return HttpResponseRedirect(self._page_of(pairing))
        revision = request.POST.get("revision", pairing.revision)
        rows = [(one, given.get(one.expert.user_id, one.choice)) for one in candidates(drawn, pairing, ref)]
        needed = next(each.needed for each in drawn.case.proposals if each.ref == ref)
        more = {"proposal": found, "rows": rows, "choices": Choice.choices, "problems": problems, "needed": needed}
        return self._shown(request, "choose", title=_("Who reviews it"), pairing=pairing, revision=revision, **more)

    def _chosen(self, request: Any, pairing: Pairing, proposal: Proposal, given: dict[int, str]) -> list[str]:
        """The one call; in words what was refused."""
        revision = request.POST.get("revision", "")
        if not revision.isdecimal() or not set(given.values()) <= set(Choice.values):
            return [_("The form was incomplete. Choose again.")]
        try:
            actions.choose(pairing, proposal=proposal, choices=given, revision=int(revision), by=request.user, now=timezone.now())
        except ValidationError as refusal:
            return list(refusal.messages)
        self.message_user(request, _("The plan is changed. Nobody is told before it is applied."), messages.SUCCESS)
        return []

    def apply_view(self, request: Any, pk: int) -> HttpResponse:
        """Say what will happen; on POST do it, once."""
        pairing = self._pairing(pk)
        if not may_change(request.user, pairing):
            raise PermissionDenied
        form = ApplyForm(request.POST if request.method == "POST" else None, initial={"revision": pairing.revision})
        if request.method == "POST" and form.is_valid():
            try:
                done = actions.apply_pairing(pairing, by=request.user, now=timezone.now(), **form.cleaned_data)
            except ValidationError as refusal:
                form.add_error(None, refusal.messages)
            else:
                said = ngettext("%(n)d review is asked for.", "%(n)d reviews are asked for.", done.written) % {"n": done.written}
                self.message_user(request, said, messages.SUCCESS if done.written else messages.WARNING)
                return HttpResponseRedirect(self._page_of(pairing))
        told = overview(pairing, request.user)
        plan = ReviewPlan.objects.filter(phase=pairing.phase).first()
        people = {row["user"] for each in told.shown for row in each.people if row["how"] != "standing"}
        more = {"pairing": pairing, "form": form, "told": told, "people": len(people), "due_at": plan.due_at if plan else None}
        return self._shown(request, "apply", title=_("Ask them all"), **more)

    def _pairing(self, pk: int) -> Pairing:
        return get_object_or_404(Pairing.objects.select_related("phase__call", "made_by", "applied_by"), pk=pk)

    def _page_of(self, pairing: Pairing) -> str:
        return reverse("admin:proposals_pairing_change", args=[pairing.pk])

    def _shown(self, request: HttpRequest, name: str, **more: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **more}
        return TemplateResponse(request, f"admin/assignments/{name}.html", context)


def _progress(pairing: Pairing) -> dict[str, Any]:
    """Whether a worker is at it, since when, and for how long at most."""
    state, since = pairing.result.get("state"), pairing.result.get("since")
    begun = datetime.fromisoformat(since) if since else None
    passed = (timezone.now() - begun).total_seconds() if begun else 0
    in_work = state in {PairingState.WAITING, PairingState.RUNNING}
    return {"in_work": in_work, "since": begun, "passed_s": max(int(passed), 0), "most_s": SECONDS}


def _loads(told: Overview) -> dict[str, Any] | None:
    """The load of each reviewer as a plot, with its message, and the same as a table."""
    if not told.loads:
        return None
    most = told.loads[0][1]
    title = ngettext(
        "%(n)d expert has work in this plan, at most %(most)d proposals",
        "%(n)d experts have work in this plan, at most %(most)d proposals each",
        len(told.loads),
    ) % {"n": len(told.loads), "most": most}
    return {
        "title": title,
        "svg": bars(title, [(str(person), load) for person, load, _room in told.loads]),
        "head": ["", _("Proposals"), _("Room for")],
        "rows": [(str(person), load, room) for person, load, room in told.loads],
    }
