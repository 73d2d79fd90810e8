"""The staff's pages of experts: for whom they work, what they know and read, how much they can take on."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proposals.admin.base import Door, HouseAdmin
from proposals.admin.experts.forms import AVAILABLE, WEIGHTS, ProfileForm
from proposals.admin.experts.own import OwnPages
from proposals.partners.models import User
from proposals.review.actions import experts as actions
from proposals.review.models import Expert
from proposals.review.queries.experts import topics
from proposals.review.rules.experts import may_keep_experts, may_see_experts


@admin.register(Expert)
class ExpertAdmin(OwnPages, HouseAdmin):
    """Experts: for whom they work, what they know and read, how much they can take on."""

    door = Door(see=may_see_experts, add=may_keep_experts, change=may_keep_experts, save=actions.save_expert)
    form = ProfileForm
    list_display = ("user", "role", "organisation", "country", "languages_read", "max_load", "knows", "undertaken_at")
    list_filter = ("user__staff_role", "country")
    list_select_related = ("user", "organisation")
    search_fields = ("user__full_name", "user__native_name", "user__email", "organisation__name")
    ordering = ("user__full_name", "pk")
    raw_id_fields = ("organisation",)
    readonly_fields = ("role", "knows", "languages_read", "undertaken_at")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("expertise")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The person is chosen once."""
        return (*self.readonly_fields, "user") if obj else self.readonly_fields

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Weights as fields for who may write them, as words for who reads."""
        writes = may_keep_experts(request.user)
        person = ("user", "role", "undertaken_at") if obj else ("user",)
        known: tuple[str, ...] = tuple(WEIGHTS) if writes else ("knows",)
        at_hand = (*AVAILABLE, "seen_revision") if writes else ("languages_read", *AVAILABLE[1:])
        scale = _("From 0 (nothing) to 1 (their own field); leave empty what they do not know.")
        barring = _("Conflicts of interest follow from these two; the expert cannot change them.")
        return [
            (None, {"fields": person}),
            (_("For whom they work"), {"fields": ("organisation", "country"), "description": barring}),
            (_("When and how much"), {"fields": at_hand}),
            (_("What they know"), {"fields": known, "description": scale if writes else ""}),
        ]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Staff without a profile."""
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.exclude(staff_role="").filter(is_active=True, expert=None).order_by("full_name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def beside(self, form: Any, formsets: Any) -> dict[str, Any]:  # the base's signature
        given: dict[str, Any] = form.beside()
        return given

    @admin.display(description=gettext_lazy("role"), ordering="user__staff_role")
    def role(self, expert: Expert) -> str:
        """The staff role."""
        return str(expert.user.get_staff_role_display()) if expert.user.is_staff else _("none any more")

    @admin.display(description=gettext_lazy("languages"))
    def languages_read(self, expert: Expert) -> str:
        """The tags in a row."""
        return ", ".join(expert.languages) or "–"

    @admin.display(description=gettext_lazy("knows"))
    def knows(self, expert: Expert) -> str:
        """Topics with their weights, the best known first."""
        names = dict(topics())
        rows = sorted(expert.expertise.all(), key=lambda row: (-row.weight, row.topic))
        return ", ".join(f"{names.get(row.topic, row.topic)} {row.weight.normalize():f}" for row in rows) or "–"
