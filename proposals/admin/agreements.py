"""The staff's pages of what follows a selection: its conditions, and its agreement with the checklist."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proposals.admin.acts import Act, ThingForm
from proposals.admin.base import Door, HouseAdmin
from proposals.admin.calls.pages import Rows
from proposals.decisions.actions import agreements, conditions
from proposals.decisions.models import Agreement, AgreementItem, Condition
from proposals.decisions.queries.agreements import agreements_for, conditions_for, words
from proposals.decisions.rules.agreements import may_keep_agreement, may_see_agreements, may_take_back, may_tick
from proposals.decisions.rules.conditions import may_confirm, may_see_conditions
from proposals.intake.models import MoveNotAllowed, Proposal


def link_to(proposal: Proposal) -> Any:
    """The proposal's reference and title, as the way to its page."""
    page = reverse("admin:proposals_proposal_change", args=[proposal.pk])
    return format_html(
        '<a href="{}"><bdi dir="ltr">{}</bdi> <span dir="auto">{}</span></a>', page, proposal.reference, proposal.title
    )


class LinesForm(ThingForm):
    """Some lines of an agreement's checklist; `done` says which are offered."""

    done = False
    items: Any = forms.ModelMultipleChoiceField(
        queryset=AgreementItem.objects.none(), widget=forms.CheckboxSelectMultiple, label=gettext_lazy("Lines")
    )

    def __init__(self, data: Any = None, *, thing: Agreement) -> None:
        super().__init__(data, thing=thing)
        field: Any = self.fields["items"]
        field.queryset = thing.items.filter(done_at__isnull=not self.done)
        field.label_from_instance = words


class TickedForm(LinesForm):
    """The lines that are ticked."""

    done = True


class SignedForm(forms.Form):
    """When it was signed."""

    signed_on = forms.DateField(label=gettext_lazy("Signed on"), widget=forms.DateInput(attrs={"type": "date"}))


class NoteForm(forms.Form):
    """How a condition was met."""

    note = forms.CharField(
        label=gettext_lazy("How it was met"),
        help_text=gettext_lazy("For the record; the team sees that the condition is met, and when."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class ItemForm(forms.ModelForm):  # type: ignore[type-arg]
    """A line of the checklist; one that is ticked is only read."""

    class Meta:
        model = AgreementItem
        fields = ("position", "text", "due_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.disabled = self.instance.done_at is not None


DAY = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class ItemRows(Rows):
    """The checklist."""

    model = AgreementItem
    form = ItemForm
    fields = ("position", "text", "due_on", "done_at", "done_by")
    readonly_fields = ("done_at", "done_by")
    formfield_overrides = {models.DateField: {"widget": DAY}}
    extra = 2


class AgreementForm(forms.ModelForm):  # type: ignore[type-arg]
    """An agreement, and the revision that its page was opened at."""

    seen_revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Agreement
        fields = ("counterpart", "contact", "planned_on", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen_revision"] = self.instance.revision


@admin.register(Agreement)
class AgreementAdmin(HouseAdmin):
    """Agreements, newest first: with whom, how far the checklist is, when they are signed."""

    door = Door(see=may_see_agreements, change=may_keep_agreement, save=agreements.save)
    refusals = (ValidationError, MoveNotAllowed)
    form = AgreementForm
    inlines = (ItemRows,)
    formfield_overrides = {models.DateField: {"widget": DAY}}
    list_display = ("project", "counterpart", "done", "planned_on", "signed_on")
    list_display_links = ("counterpart",)
    fields = ("project", "counterpart", "contact", "planned_on", "note", "signed_on", "opened_by", "opened_at", "seen_revision")
    readonly_fields = ("project", "signed_on", "opened_by", "opened_at")
    acts = (
        Act(
            "tick", gettext_lazy("Tick lines of the checklist"), may_tick, agreements.tick,
            gettext_lazy("The lines that you choose are done. The team sees which, and when."),
            gettext_lazy("The lines are ticked."), LinesForm,
        ),
        Act(
            "take-back", gettext_lazy("Take back a tick"), may_take_back, agreements.take_back,
            gettext_lazy("The lines that you choose are to do again. The trail keeps who ticked them."),
            gettext_lazy("The lines are to do again."), TickedForm,
        ),
        Act(
            "agree", gettext_lazy("Conclude the agreement"), may_keep_agreement, agreements.agree,
            gettext_lazy("The agreement is signed and complete: nothing of it can be changed from then on, and the team is told. "
                         "The project stays confidential until it is announced."),
            gettext_lazy("The agreement is concluded."), SignedForm,
        ),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agreement]:
        return agreements_for(request.user).order_by("-pk")

    def beside(self, form: Any, formsets: Any) -> dict[str, Any]:
        """The rows and the revision."""
        return {**super().beside(form, formsets), "revision": form.cleaned_data.get("seen_revision")}

    @admin.display(description=gettext_lazy("project"))
    def project(self, agreement: Agreement) -> Any:
        """The way to the proposal."""
        return link_to(agreement.proposal)

    @admin.display(description=gettext_lazy("checklist"))
    def done(self, agreement: Any) -> str:
        """How many lines are done, of how many."""
        return _("%(done)d of %(lines)d done") % {"done": agreement.lines - agreement.open_lines, "lines": agreement.lines}


class MetFilter(admin.SimpleListFilter):
    """Whether it still has to be met."""

    title = gettext_lazy("state")
    parameter_name = "met"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", gettext_lazy("not met yet")), ("yes", gettext_lazy("met"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if self.value() not in {"no", "yes"} else queryset.filter(met_at__isnull=self.value() == "no")


@admin.register(Condition)
class ConditionAdmin(HouseAdmin):
    """The conditions of released decisions, the nearest due first."""

    door = Door(see=may_see_conditions)
    refusals = (ValidationError, MoveNotAllowed)
    list_display = ("__str__", "project", "due_on", "met_at", "met_by")
    list_filter = (MetFilter,)
    list_select_related = ("decision__proposal", "met_by")
    ordering = ("due_on", "pk")
    fields = ("project", "text", "due_on", "met_at", "met_by", "note")
    readonly_fields = ("project",)
    acts = (
        Act(
            "confirm", gettext_lazy("Confirm as met"), may_confirm, conditions.confirm,
            gettext_lazy("The condition is met. With the last one the project is selected, and its team is told that all "
                         "conditions are met."),
            gettext_lazy("The condition is confirmed."), NoteForm,
        ),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Condition]:
        return conditions_for(request.user)

    @admin.display(description=gettext_lazy("project"))
    def project(self, condition: Condition) -> Any:
        """The way to the proposal."""
        return link_to(condition.decision.proposal)
