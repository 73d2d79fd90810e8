"""The reviewers' own page of what they are asked: one question with its three answers."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proposals.review.actions import assignments as actions
from proposals.review.actions.conflicts import declare
from proposals.review.models import Assignment
from proposals.review.queries.assignments import invitation_of, own_assignment
from proposals.review.queries.experts import expert_of, has_undertaken
from proposals.review.rules.assignments import is_expert, may_accept, may_decline
from proposals.review.states import DECLARED, ConflictKind

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    Stock = ModelAdmin[Any]
else:
    Stock = object

HOME = "admin:index"  # the reviewers' list of what is asked and due


def _long(label: Any, help_text: Any, *, required: bool = True) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": 3})
    return forms.CharField(label=label, help_text=help_text, max_length=2000, widget=area, required=required)


class DeclineForm(forms.Form):
    """Why not."""

    reason = _long(
        gettext_lazy("Why you decline"), gettext_lazy("A few words for the secretariat, such as “no time before May”.")
    )


class ConflictForm(forms.Form):
    """What kind of conflict it is."""

    kind = forms.TypedChoiceField(
        label=gettext_lazy("What ties you to this proposal"),
        choices=[(kind.value, kind.label) for kind in ConflictKind if kind in DECLARED],
        coerce=ConflictKind,
        widget=forms.RadioSelect,
    )
    note = _long(gettext_lazy("Note"), gettext_lazy("Optional; the secretariat and the chair read it."), required=False)


class AskedPages(Stock):
    """Adds the reviewers' page to the assignments' admin; it shows one's own rows and nothing else."""

    def get_urls(self) -> list[URLPattern]:
        """Before Django's own addresses."""
        opened = self.admin_site.admin_view
        mine = path("asked/<int:pk>/", opened(self.answer_view), name="proposals_assignment_answer")
        return [mine, *super().get_urls()]

    def answer_view(self, request: Any, pk: int) -> HttpResponse:
        """One question: what it is about, and yes, no, or a conflict; each is one call."""
        if not is_expert(request.user):
            raise PermissionDenied
        assignment = own_assignment(request.user, pk)
        if assignment is None:
            raise Http404
        told = invitation_of(assignment)
        act = request.POST.get("act", "") if request.method == "POST" else ""
        decline = DeclineForm(request.POST if act == "decline" else None, prefix="no")
        conflict = ConflictForm(request.POST if act == "conflict" else None, prefix="tie")
        if act:
            done = self._done(request, assignment, act, decline, conflict)
            if done is not None:
                return done
        context = {
            **self.admin_site.each_context(request),
            "title": _("Can you review this proposal?"),
            "opts": self.opts,
            "told": told,
            "assignment": assignment,
            "may_accept": may_accept(request.user, assignment),
            "may_decline": may_decline(request.user, assignment),
            "decline": decline,
            "conflict": conflict,
        }
        return TemplateResponse(request, "admin/assignments/answer.html", context)

    def _done(
        self, request: Any, assignment: Assignment, act: str, decline: DeclineForm, conflict: ConflictForm
    ) -> HttpResponse | None:
        """The one call of an answer, and where to go from there; None where the page has to say what is wrong."""
        user, now = request.user, timezone.now()
        try:
            if act == "accept":
                accepted = actions.accept(assignment, by=user, now=now)
                return self._onwards(request, accepted)
            if act == "decline" and decline.is_valid():
                actions.decline(assignment, reason=decline.cleaned_data["reason"], by=user, now=now)
                self.message_user(request, _("You declined. The secretariat is told. Thank you for saying so."), messages.SUCCESS)
                return HttpResponseRedirect(reverse(HOME))
            if act == "conflict" and conflict.is_valid():
                declare(assignment.proposal, user=user, by=user, now=now, **conflict.cleaned_data)
                self.message_user(
                    request,
                    _("Your conflict of interest is noted, and the proposal is closed to you. Thank you."),
                    messages.SUCCESS,
                )
                return HttpResponseRedirect(reverse(HOME))
        except ValidationError as refusal:
            self.message_user(request, " ".join(refusal.messages), messages.ERROR)
            return HttpResponseRedirect(reverse(HOME))
        return None

    def _onwards(self, request: Any, accepted: Assignment) -> HttpResponse:
        """To the proposal; by way of the undertaking where that is not accepted yet."""
        self.message_user(request, _("You accepted. Thank you."), messages.SUCCESS)
        page = reverse("admin:review_score", args=[accepted.pk])
        if has_undertaken(expert_of(request.user), accepted.phase):
            return HttpResponseRedirect(page)
        undertaking = reverse("admin:proposals_expert_undertake", args=[accepted.phase_id])
        return HttpResponseRedirect(f"{undertaking}?{urlencode({'next': page})}")
