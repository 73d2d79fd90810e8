"""Buttons of the admin: each a verb on one thing, with its own page that says what will happen, and one action call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise


class ThingForm(forms.Form):
    """A form of an act that asks about the thing itself; `cleaned_data` are the verb's keyword arguments."""

    def __init__(self, data: Any = None, *, thing: Any) -> None:
        super().__init__(data)
        self.thing = thing


@dataclass(frozen=True)
class Act:
    """One verb: when `may(user, thing)`, its page says `says`, asks `form`, and calls `run(thing, by=, now=, **answers)`."""

    name: str
    label: str | Promise
    may: Callable[[Any, Any], bool]
    run: Callable[..., Any]
    says: str | Promise
    done: str | Promise
    form: type[forms.Form] = forms.Form


class ActPages:
    """Adds the pages and buttons of `acts` to a ModelAdmin."""

    acts: Sequence[Act]
    refusals: tuple[type[Exception], ...]
    admin_site: Any
    opts: Any
    get_object: Callable[..., Any]
    message_user: Callable[..., None]

    def get_urls(self) -> list[URLPattern]:
        """The page of each verb, before Django's own addresses."""
        opened = self.admin_site.admin_view(self.act_view)
        mine = path("<path:object_id>/do/<slug:name>/", opened, name=f"{self.opts.app_label}_{self.opts.model_name}_act")
        return [mine, *super().get_urls()]  # type: ignore[misc]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> HttpResponse:
        """The change page, with the verbs that this reader may use on this thing."""
        thing = kwargs.get("obj")
        if thing is not None and IS_POPUP_VAR not in request.GET:
            context["acts"] = [
                {"label": act.label, "url": self.act_url(act, thing)} for act in self.acts if act.may(request.user, thing)
            ]
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc,no-any-return]

    def act_url(self, act: Act, thing: Any) -> str:
        """The address of a verb's page."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_act", args=[thing.pk, act.name])

    def act_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Say what will happen; on POST do it, once, and go back to the thing."""
        act = next((act for act in self.acts if act.name == name), None)
        thing = self.get_object(request, unquote(object_id))
        if act is None or thing is None:
            raise Http404
        if not act.may(request.user, thing):
            raise PermissionDenied
        back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[thing.pk])
        data = request.POST if request.method == "POST" else None
        form = act.form(data, thing=thing) if issubclass(act.form, ThingForm) else act.form(data)
        if request.method == "POST" and form.is_valid():
            try:
                act.run(thing, by=request.user, now=timezone.now(), **form.cleaned_data)
            except self.refusals as refusal:
                form.add_error(None, refusal.messages if isinstance(refusal, ValidationError) else str(refusal))
            else:
                self.message_user(request, act.done, messages.SUCCESS)
                return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "title": act.label,
            "act": act,
            "thing": thing,
            "form": form,
            "back": back,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/house/act.html", context)
