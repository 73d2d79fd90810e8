"""The staff's pages of assignments: the list with its filters, one assignment with its verbs, and asking one person."""

import uuid
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proposals.admin.acts import Act, ThingForm
from proposals.admin.assignments.asked import AskedPages
from proposals.admin.base import Door, HouseAdmin
from proposals.admin.keyed import Filter, KeyedList
from proposals.admin.proposal.acts import BeijingInstant, in_a_week
from proposals.intake.models import Proposal
from proposals.intake.rules import may_look
from proposals.partners.models import User
from proposals.review.actions import assignments as actions
from proposals.review.models import Assignment, ReviewPlan
from proposals.review.queries.assignments import assignments_seen_by, candidates_for
from proposals.review.queries.previews import in_words
from proposals.review.rules.assignments import JUDGES, may_ask, may_assign, may_end
from proposals.review.states import Answer, ReviewKind

KIND_OF = {role: kind for kind, role in JUDGES.items()}


class WhyForm(forms.Form):
    """Why somebody is taken off."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("For the trail; the reviewer does not read it."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class DueForm(ThingForm):
    """The new day."""

    due_at = BeijingInstant(label=gettext_lazy("Review due"), initial=in_a_week, help_text=gettext_lazy("Beijing time (UTC+8)."))


class AskForm(forms.Form):
    """Whom to ask, and until when; those with a conflict or without room are not offered."""

    user: Any = forms.ModelChoiceField(queryset=User.objects.none(), label=gettext_lazy("Expert"))
    due_at = BeijingInstant(label=gettext_lazy("Review due"), help_text=gettext_lazy("Beijing time (UTC+8)."))

    def __init__(self, data: Any = None, *, proposal: Proposal) -> None:
        plan = ReviewPlan.objects.filter(phase=proposal.phase_id).first()
        super().__init__(data, initial={"due_at": plan.due_at if plan and plan.due_at else in_a_week()})
        field: Any = self.fields["user"]
        field.queryset = candidates_for(proposal)
        field.label_from_instance = lambda user: f"{user} ({user.get_staff_role_display()})"


class LateFilter(Filter):
    """What is overdue, or waits for an answer."""

    def narrow(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """The rows in this trouble."""
        if value == "overdue":
            return rows.overdue(timezone.now())  # type: ignore[attr-defined,no-any-return]
        return rows.filter(answer=Answer.ASKED)


class PersonFilter(Filter):
    """A part of the reviewer's name or address."""

    def narrow(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """The rows of the people whom it fits."""
        return rows.filter(Q(user__full_name__icontains=value.strip()) | Q(user__email__icontains=value.strip()))


class ReferenceFilter(Filter):
    """A proposal's reference, whole."""

    def narrow(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """The rows of that proposal."""
        return rows.filter(proposal__reference=value.strip().upper())


@admin.register(Assignment)
class AssignmentAdmin(AskedPages, KeyedList, HouseAdmin):
    """Assignments, newest first."""

    door = Door(see=lambda user, _assignment: may_look(user))
    list_template = "admin/assignments/list.html"
    filters = (
        ReferenceFilter("reference", gettext_lazy("Reference"), "proposal"),
        Filter("call", gettext_lazy("Code of the call"), "phase__call__code"),
        PersonFilter("reviewer", gettext_lazy("Reviewer"), "user"),
        Filter("kind", gettext_lazy("Kind"), "kind", ReviewKind.choices),
        Filter("answer", gettext_lazy("Answer"), "answer", Answer.choices),
        LateFilter(
            "waits",
            gettext_lazy("Waiting"),
            "due_at",
            (("overdue", gettext_lazy("review overdue")), ("answer", gettext_lazy("no answer yet"))),
        ),
    )
    acts = (
        Act(
            name="due",
            label=gettext_lazy("Move the day it is due"),
            may=may_end,
            run=actions.extend,
            says=gettext_lazy("The reviewer is told of the new day."),
            done=gettext_lazy("The day has been moved."),
            form=DueForm,
        ),
        Act(
            name="lead",
            label=gettext_lazy("Name lead reviewer"),
            may=lambda user, assignment: may_end(user, assignment) and not assignment.is_lead,
            run=actions.name_lead,
            says=gettext_lazy("The lead reviewer writes what the reviewers say together. Whoever was to do so no longer does."),
            done=gettext_lazy("The lead reviewer is named."),
        ),
        Act(
            name="off",
            label=gettext_lazy("Take off"),
            may=may_end,
            run=actions.take_off,
            says=gettext_lazy("The proposal is closed to the reviewer, who is told that there is nothing to do any more."),
            done=gettext_lazy("The reviewer is taken off, and the place is open again."),
            form=WhyForm,
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        ask = path("ask/<uuid:proposal>/", self.admin_site.admin_view(self.ask_view), name="proposals_assignment_ask")
        return [ask, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Those of proposals that this reader may know of."""
        return assignments_seen_by(request.user)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """One page of the list."""
        extra = {"now": timezone.now(), "may_assign": may_assign(request.user), **(extra_context or {})}
        return super().changelist_view(request, extra)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One assignment: who, what, until when and why; and its verbs."""
        if not self.has_view_permission(request) or request.method != "GET":
            raise PermissionDenied
        assignment = self.get_object(request, unquote(object_id))
        if assignment is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "title": str(assignment),
            "opts": self.opts,
            "assignment": assignment,
            "why": in_words(assignment.why),
            "now": timezone.now(),
            "buttons": [(act.label, self.act_url(act, assignment)) for act in self.acts if act.may(request.user, assignment)],
        }
        return TemplateResponse(request, "admin/assignments/page.html", context)

    def ask_view(self, request: Any, proposal: uuid.UUID) -> HttpResponse:
        """Ask one person about one proposal."""
        found = get_object_or_404(Proposal.objects.visible_to(request.user).select_related("phase", "call"), pk=proposal)
        if not may_ask(request.user, found):
            raise PermissionDenied
        form = AskForm(request.POST if request.method == "POST" else None, proposal=found)
        if request.method == "POST" and form.is_valid():
            user, due_at = form.cleaned_data["user"], form.cleaned_data["due_at"]
            kind = KIND_OF[user.staff_role]
            try:
                actions.ask(found, user=user, kind=kind, due_at=due_at, by=request.user, now=timezone.now())
            except ValidationError as refusal:
                form.add_error(None, refusal.messages)
            else:
                self.message_user(request, _("%(person)s is asked.") % {"person": user}, messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:proposals_assignment_changelist") + f"?reference={found.reference}")
        context = {**self.admin_site.each_context(request), "title": _("Ask for a review"), "opts": self.opts}
        return TemplateResponse(request, "admin/assignments/ask.html", {**context, "form": form, "proposal": found})
