"""The staff's pages of conflicts: who is barred from what and why, to declare one, to take one back, to override one."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proposals.admin.acts import Act
from proposals.admin.base import Door, HouseAdmin
from proposals.admin.keyed import Filter, KeyedList
from proposals.intake.rules import may_triage
from proposals.review.actions import conflicts as actions
from proposals.review.models import Conflict
from proposals.review.queries.conflicts import conflicts_seen_by, proposal_known_to
from proposals.review.queries.experts import judges
from proposals.review.rules.conflicts import may_override, may_see_conflicts, may_withdraw_declaration
from proposals.review.states import DECLARED, ConflictKind

STANDING, OVERRIDDEN, ENDED = "standing", "overridden", "ended"
STATES = (
    (STANDING, gettext_lazy("stands: barred")),
    (OVERRIDDEN, gettext_lazy("overridden by the chair")),
    (ENDED, gettext_lazy("no longer so")),
)
KINDS = [(kind.value, kind.label) for kind in ConflictKind if kind in DECLARED]


class StateFilter(Filter):
    """Whether it stands."""

    def narrow(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """The rows in a state."""
        if value == STANDING:
            return rows.filter(overridden_at=None, ended_at=None)
        return rows.filter(ended_at__isnull=False) if value == ENDED else rows.filter(overridden_at__isnull=False, ended_at=None)


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("It is kept with the conflict and stands in the trail for good."),
    )


class OwnForm(forms.Form):
    """What kind of conflict one has oneself."""

    kind = forms.TypedChoiceField(
        label=gettext_lazy("What kind of conflict"), coerce=ConflictKind, choices=KINDS, widget=forms.RadioSelect
    )
    note = forms.CharField(
        label=gettext_lazy("In a few words, if you want"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("The secretariat and the chair read it; the proposers never learn of it."),
    )


class AnyonesForm(OwnForm):
    """Whose conflict, too: for the secretariat."""

    user: Any = forms.ModelChoiceField(label=gettext_lazy("Whose"), queryset=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = judges().filter(is_active=True).order_by("full_name", "pk")  # type: ignore[attr-defined]
        self.order_fields(["user"])


@admin.register(Conflict)
class ConflictAdmin(KeyedList, HouseAdmin):
    """Conflicts over the proposals that the reader may know of, newest first."""

    door = Door(see=may_see_conflicts)
    list_template = "admin/conflicts/list.html"
    filters = (
        StateFilter("state", gettext_lazy("State"), "", STATES),
        Filter("kind", gettext_lazy("Kind"), "kind", ConflictKind.choices),
        Filter("proposal", gettext_lazy("Reference, whole"), "proposal__reference__iexact"),
        Filter("person", gettext_lazy("E-mail address, whole"), "user__email__iexact"),
    )
    acts = (
        Act(
            name="override",
            label=gettext_lazy("Override the conflict"),
            may=may_override,
            run=actions.override,
            says=gettext_lazy(
                "The person may be asked to judge this proposal in spite of the conflict, and those who read every proposal see "
                "it again. The conflict stays on record with your name and reason."
            ),
            done=gettext_lazy("The conflict is overridden."),
            form=ReasonForm,
        ),
        Act(
            name="withdraw",
            label=gettext_lazy("Take the declaration back"),
            may=may_withdraw_declaration,
            run=actions.withdraw_declaration,
            says=gettext_lazy("For what was declared in error. The person is no longer barred by it."),
            done=gettext_lazy("The declaration is taken back."),
            form=ReasonForm,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return conflicts_seen_by(request.user)

    def get_urls(self) -> list[URLPattern]:
        declare = path(
            "declare/<uuid:proposal>/", self.admin_site.admin_view(self.declare_view), name="proposals_conflict_declare"
        )
        return [declare, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One conflict: whose, since when, what became of it."""
        if not self.has_view_permission(request) or request.method != "GET":
            raise PermissionDenied
        conflict = self.get_object(request, object_id)
        if conflict is None:
            raise Http404
        buttons = [(act.label, self.act_url(act, conflict)) for act in self.acts if act.may(request.user, conflict)]
        return self._page(request, "page", title=conflict.get_kind_display(), conflict=conflict, buttons=buttons)

    def declare_view(self, request: HttpRequest, proposal: UUID) -> HttpResponse:
        """Say what kind of conflict; on POST the person is barred. What one does not know of does not exist."""
        person: Any = request.user
        found = proposal_known_to(person, proposal)
        if found is None:
            raise Http404
        form = (AnyonesForm if may_triage(person) else OwnForm)(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            given = {"user": person, **form.cleaned_data}
            try:
                actions.declare(found, by=person, now=timezone.now(), **given)
            except ValidationError as refusal:
                form.add_error(None, refusal.messages)
            else:
                self.message_user(
                    request, _("The conflict is noted. Whoever has it no longer sees the proposal."), messages.SUCCESS
                )
                return HttpResponseRedirect(reverse("admin:index"))
        return self._page(request, "declare", title=_("Declare a conflict of interest"), proposal=found, form=form)

    def _page(self, request: HttpRequest, name: str, **more: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **more}
        return TemplateResponse(request, f"admin/conflicts/{name}.html", context)
