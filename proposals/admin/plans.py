"""The staff's page of how each phase is judged: by how many, until when, and who is barred."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proposals.admin.base import Door, HouseAdmin
from proposals.admin.calls.fields import Countries
from proposals.admin.experts.forms import Languages
from proposals.admin.proposal.acts import BeijingInstant
from proposals.calls.models import Phase
from proposals.review.actions.plans import save_plan
from proposals.review.models import ReviewPlan
from proposals.review.queries.experts import STANDARD
from proposals.review.rules.experts import may_keep_experts, may_see_experts


class PlanForm(forms.ModelForm):  # type: ignore[type-arg]
    """A plan, with the revision the page was opened at."""

    due_at = BeijingInstant(label=gettext_lazy("Reviews due"), required=False, help_text=gettext_lazy("Beijing time (UTC+8)."))
    languages = Languages(
        label=gettext_lazy("Languages of the proposals"),
        help_text=gettext_lazy("A reviewer reads at least one of them (BCP 47, such as en, zh)."),
    )
    exempt_countries = Countries(
        label=gettext_lazy("Exempt countries or regions"),
        required=False,
        help_text=gettext_lazy(
            "Two capital letters each, separated by commas, such as CN: the host country, "
            "or every reviewer there would be barred."
        ),
    )
    seen_revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = ReviewPlan
        fields = "__all__"  # noqa: DJ007  # the admin's fieldsets say which

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen_revision"] = self.instance.revision


@admin.register(ReviewPlan)
class ReviewPlanAdmin(HouseAdmin):
    """Plans of review, one a phase; a phase without one is decided without reviewers."""

    door = Door(see=may_see_experts, add=may_keep_experts, change=may_keep_experts, save=save_plan)
    form = PlanForm
    list_display = ("phase", "call", "reviewers", "assessors", "due_at", "country_conflict", "is_blind")
    list_select_related = ("phase__call",)
    ordering = ("-pk",)
    readonly_fields = ("call", "standard")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A plan stays with its phase."""
        return (*self.readonly_fields, "phase") if obj else self.readonly_fields

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The revision goes with whoever may write."""
        guarded = ("seen_revision",) if obj and may_keep_experts(request.user) else ()
        first = ("call", "phase") if obj else ("phase",)
        return [
            (None, {"fields": (*first, *guarded)}),
            (_("By how many, until when"), {"fields": ("reviewers", "assessors", "due_at", "languages", "asks_wishes")}),
            (_("Fairness"), {"fields": ("country_conflict", "exempt_countries", "is_blind")}),
            (_("Confidentiality"), {"fields": ("undertaking", "standard")}),
        ]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Phases without a plan, each with its call."""
        if db_field.name == "phase":
            free = Phase.objects.filter(review_plan=None).select_related("call").order_by("-call", "position")
            return PhaseChoice(queryset=free, label=_("Phase"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def beside(self, form: Any, formsets: Any) -> dict[str, Any]:  # the base's signature
        return {"revision": form.cleaned_data.get("seen_revision")}

    @admin.display(description=gettext_lazy("call"))
    def call(self, plan: ReviewPlan) -> str:
        """Whose phase it is."""
        return f"{plan.phase.call.code} – {plan.phase.call.title}"

    @admin.display(description=gettext_lazy("standard text of the undertaking"))
    def standard(self, plan: ReviewPlan) -> str:  # the same for every plan
        """What reviewers accept where the plan has no text of its own."""
        return str(STANDARD)


class PhaseChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Phases under their calls: "Letter of intent" alone says little."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.call.code} – {obj.title}"
