"""The one ModelAdmin of the staff's door: permissions are rules, saving and deleting are one action call each.

A page names its predicates and verbs in a `Door`; buttons are `Act`s (see `acts.py`). A refusal by the business becomes an
error of the form, with everything typed kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from proposals.admin.acts import Act, ActPages

if TYPE_CHECKING:
    StockAdmin = admin.ModelAdmin[Any]
else:
    StockAdmin = admin.ModelAdmin  # subscripted only for the type checker

Rule = Callable[[Any, Any], bool]


def nobody(user: Any, thing: Any) -> bool:  # noqa: ARG001  # the signature of every rule
    """The rule of what the admin does not offer."""
    return False


@dataclass(frozen=True)
class Door:
    """What one page of the admin lets through: predicates `(user, thing or None) -> bool`, and the verbs behind them.

    `save(thing, *, by, now)` gets a thing that carries the form's values; with inlines also `rows=` (to be saved) and
    `removed=` (to be deleted); with many-to-many fields also `many=` {field: chosen things}. `delete(thing, *, by, now)`.
    """

    see: Rule
    add: Rule = nobody
    change: Rule = nobody
    remove: Rule = nobody
    save: Callable[..., Any] | None = None
    delete: Callable[..., Any] | None = None


class HouseAdmin(ActPages, StockAdmin):
    """Stock Django admin, less its own writing: each request makes one call into `actions`."""

    door: Door
    acts: Sequence[Act] = ()
    refusals: tuple[type[Exception], ...] = (ValidationError,)
    actions = None
    save_on_top = False
    view_on_site = False
    show_full_result_count = False
    change_form_template = "admin/house/change_form.html"

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.door.see(request.user, None)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.door.see(request.user, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.door.save is not None and self.door.add(request.user, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.door.save is not None and self.door.change(request.user, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.door.delete is not None and self.door.remove(request.user, obj)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Only what the page itself offers as a filter: a relation followed backwards would count what its rows hide."""
        offered = {getattr(each, "parameter_name", each) for each in self.get_list_filter(request)}
        name, _sep, how = lookup.rpartition("__")
        return lookup in offered or (name in offered and how in {"exact", "isnull"})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Nothing yet: the thing and its rows go to the action together, in `save_related`."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """The one action call of a saved page."""
        if self.door.save is None:
            raise PermissionDenied
        self.door.save(form.instance, by=request.user, now=timezone.now(), **self.beside(form, formsets))

    def beside(self, form: Any, formsets: Sequence[Any]) -> dict[str, Any]:
        """What a save carries beside the thing itself: its inlines' rows and its many-to-many choices, unsaved."""
        carried: dict[str, Any] = {}
        if self.inlines:
            rows = [row for formset in formsets for row in formset.save(commit=False)]
            carried = {"rows": rows, "removed": [row for formset in formsets for row in formset.deleted_objects]}
        many = {field.name for field in self.opts.many_to_many} & set(form.cleaned_data)
        return {**carried, "many": {name: form.cleaned_data[name] for name in sorted(many)}} if many else carried

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        """The one action call of a deletion."""
        if self.door.delete is None:
            raise PermissionDenied
        self.door.delete(obj, by=request.user, now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Never: things are removed one at a time, each by its action."""
        raise PermissionDenied

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """None: the trail is elsewhere, and Django's own answers for what is hidden otherwise than for what is not there."""
        raise Http404

    # The trail is `audit`; Django's own log would be a second one, written by the door.
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any: ...

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any: ...

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any: ...

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page again with the refusal as an error of the form, when the action refuses."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except self.refusals as refusal:
            request._refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002  # Django's signature
        form = super().get_form(request, obj, change, **kwargs)
        refusal = getattr(request, "_refusal", None)
        return form if refusal is None else type(form.__name__, (Refused, form), {"refusal": refusal})


class Refused(forms.BaseForm):
    """A form that was right by itself, but whose action said no."""

    refusal: Exception

    def clean(self) -> dict[str, Any] | None:
        """Add the action's words to the form's errors."""
        cleaned: dict[str, Any] | None = super().clean()
        words: Any = self.refusal if isinstance(self.refusal, ValidationError) else str(self.refusal)
        if isinstance(words, ValidationError) and hasattr(words, "error_dict") and not set(words.error_dict) <= set(self.fields):
            words = ValidationError(words.messages)
        self.add_error(None, words)
        return cleaned
