"""What the pages of a call and of a phase share: inlines by rule, the revision, the second look."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from proposals.admin.base import HouseAdmin
from proposals.admin.calls.forms import Contradicts
from proposals.calls.actions import StaleCall
from proposals.calls.rules import may_edit_calls, may_read_calls_as_staff
from proposals.intake.queries.contradictions import contradictions

if TYPE_CHECKING:
    StockInline = admin.TabularInline[Any, Any]
else:
    StockInline = admin.TabularInline  # subscripted only for the type checker


class Named:
    """A formset whose controls say their names themselves: a table's heading names them to the eye alone."""

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        """The fields of one row, each part of each control with its label."""
        super().add_fields(form, index)  # type: ignore[misc]
        for field in form.fields.values():
            for part in getattr(field.widget, "widgets", [field.widget]):
                getattr(part, "widget", part).attrs.setdefault("aria-label", str(field.label))


class Rows(StockInline):
    """Rows of a call: the secretariat writes them, other staff read them; one empty row waits even without scripts."""

    extra = 1
    max_num = 60
    formfield_overrides = {models.TextField: {"widget": forms.Textarea(attrs={"rows": 3, "cols": 40})}}

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Django's formset, its controls named; a forged count of rows costs no more than the most there may be."""
        stock = super().get_formset(request, obj, absolute_max=self.max_num, **kwargs)
        return type(stock.__name__, (Named, stock), {})

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_read_calls_as_staff(request.user, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit_calls(request.user, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit_calls(request.user, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit_calls(request.user, obj)


class Cards(Rows):
    """Rows with too much in them for a table."""

    template = "admin/edit_inline/stacked.html"


class GuardedAdmin(HouseAdmin):
    """A page whose save is refused when someone was faster, and asks again when it contradicts submissions."""

    refusals = (*HouseAdmin.refusals, StaleCall)
    sections: tuple[Any, ...] = ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The page's sections; the second look first, where there is one."""
        hidden = ("confirmed",) if isinstance(getattr(request, "_refusal", None), Contradicts) else ()
        first = [(_("Please read"), {"fields": hidden})] if hidden else []
        if obj is None or not may_edit_calls(request.user, obj):
            return [*first, *self.sections]
        opening, *others = self.sections
        guarded = (opening[0], {**opening[1], "fields": (*opening[1]["fields"], "seen_revision")})
        return [*first, guarded, *others]

    def beside(self, form: Any, formsets: Any) -> dict[str, Any]:
        """The rows and the revision; raises Contradicts until these very contradictions were read."""
        carried = super().beside(form, formsets)
        found = contradictions(self.call_of(form.instance), **self.judged(form.instance, carried))
        if found:
            refusal = Contradicts(found)
            if refusal.digest not in (form.cleaned_data.get("confirmed") or []):
                raise refusal
        return {**carried, "revision": form.cleaned_data.get("seen_revision")}

    def call_of(self, thing: Any) -> Any:
        """The call a thing belongs to."""
        return thing

    def judged(self, thing: Any, carried: dict[str, Any]) -> dict[str, Any]:  # a phase judges itself too
        """The rows held against what was submitted."""
        return {"rows": carried.get("rows", ()), "removed": carried.get("removed", ())}
