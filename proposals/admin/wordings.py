"""The staff's page of wordings: texts of letters by language, tried on a real proposal, every version kept."""

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proposals.admin.acts import Act
from proposals.admin.base import Door, HouseAdmin
from proposals.intake import actions
from proposals.intake.calculations.placeholders import PLACEHOLDERS
from proposals.intake.models import Proposal
from proposals.intake.queries.letters import example, languages_of, newest, trials, versions_of
from proposals.intake.rules import may_look, may_triage
from proposals.outbox.models import Wording, WordingVersion

if TYPE_CHECKING:
    Stock = admin.ModelAdmin[Any]
    WordingModelForm = forms.ModelForm[Wording]
else:
    Stock = object
    WordingModelForm = forms.ModelForm

LANGUAGES = [(code, label) for code, label in settings.LANGUAGES if code == "en"]
LANGUAGES += [(code, label) for code, label in settings.LANGUAGES if code != "en"]


def _field(part: str, language: str) -> str:
    return f"{part}_{language.replace('-', '_')}"


class WordingForm(WordingModelForm):
    """The name, and a subject and a text for each language of the site."""

    class Meta:
        model = Wording
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        last = newest(self.instance) if self.instance.pk else None
        for code, _label in LANGUAGES:
            kept = last.texts.get(code, {}) if last else {}
            for part in ("subject", "body"):
                self.initial.setdefault(_field(part, code), kept.get(part, ""))

    def texts(self) -> dict[str, dict[str, str]]:
        """What was written, by language."""
        given = self.cleaned_data
        return {code: {part: given[_field(part, code)] for part in ("subject", "body")} for code, _label in LANGUAGES}


def _fields_of(language: str) -> dict[str, forms.Field]:
    written = {"dir": "auto", "lang": language}
    subject = forms.CharField(
        label=gettext_lazy("Subject"), max_length=200, required=False, widget=forms.TextInput({**written, "class": "vTextField"})
    )
    body = forms.CharField(
        label=gettext_lazy("Text"),
        required=False,
        widget=forms.Textarea({**written, "rows": 10, "class": "vLargeTextField"}),
        help_text=gettext_lazy("Plain text; an empty line begins a new paragraph."),
    )
    return {_field("subject", language): subject, _field("body", language): body}


# as many as the settings have languages
for _code, _label in LANGUAGES:
    WordingForm.declared_fields.update(_fields_of(_code))


def may_retire(user: Any, wording: Wording) -> bool:
    """The secretariat retires what is offered."""
    return may_triage(user) and wording.retired_at is None


class WordingPages(Stock):
    """The pages of a wording beside Django's own: tried on a proposal, and version by version."""

    def get_urls(self) -> list[URLPattern]:
        opened = self.admin_site.admin_view
        return [
            path("<path:object_id>/preview/", opened(self.preview_view), name="proposals_wording_preview"),
            path("<path:object_id>/versions/", opened(self.versions_view), name="proposals_wording_versions"),
            *super().get_urls(),
        ]

    def versions_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What the wording said, version by version, newest first."""
        wording = self._wording(request, object_id)
        shown = [(version, _texts(version)) for version in versions_of(wording)]
        return self._page(request, "versions", wording, title=_("All versions"), versions=shown)

    def preview_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The newest version filled with a real proposal, in each language; a POST sends one of them to oneself."""
        wording = self._wording(request, object_id)
        version = newest(wording)
        asked = (request.POST or request.GET).get("proposal", "").strip()
        proposal = example(request.user, asked)
        if version is None:
            raise Http404
        if request.method == "POST":
            return self._try(request, version, proposal)
        letters = trials(version, proposal, to=request.user) if proposal else []
        more = {"proposal": proposal, "asked": asked, "letters": letters, "version": version, "request_key": uuid.uuid4()}
        return self._page(request, "preview", wording, title=_("Preview and try"), may_try=may_triage(request.user), **more)

    def _try(self, request: Any, version: WordingVersion, proposal: Proposal | None) -> HttpResponse:
        here = reverse("admin:proposals_wording_preview", args=[version.wording_id])
        if proposal is None:
            self.message_user(request, _("There is no proposal with that reference."), messages.ERROR)
            return HttpResponseRedirect(here)
        try:
            key = uuid.UUID(request.POST.get("request_key", ""))
            language = request.POST.get("language", "")
            actions.try_wording(
                version, proposal=proposal, language=language, request_key=key, by=request.user, now=timezone.now()
            )
        except (ValueError, ValidationError):
            self.message_user(request, _("Choose one of the languages shown."), messages.ERROR)
        else:
            self.message_user(request, _("The letter is on its way to %s.") % request.user.email, messages.SUCCESS)
        return HttpResponseRedirect(f"{here}?proposal={proposal.reference or ''}")

    def _wording(self, request: HttpRequest, object_id: str) -> Wording:
        wording: Wording | None = self.get_object(request, object_id)
        if not self.has_view_permission(request):
            raise PermissionDenied
        if wording is None:
            raise Http404
        return wording

    def _page(self, request: HttpRequest, name: str, wording: Wording, **more: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, "wording": wording, **more}
        return TemplateResponse(request, f"admin/proposals/wording/{name}.html", context)


@admin.register(Wording)
class WordingAdmin(WordingPages, HouseAdmin):
    """Wordings, by name; saving makes the next version."""

    door = Door(
        see=lambda user, _wording: may_look(user),
        add=lambda user, _wording: may_triage(user),
        change=lambda user, _wording: may_triage(user),
        save=actions.save_wording,
    )
    form = WordingForm
    list_display = ("name", "retired_at")
    search_fields = ("name",)
    ordering = ("name",)
    acts = (
        Act(
            name="retire",
            label=gettext_lazy("Retire"),
            may=may_retire,
            run=actions.retire_wording,
            says=gettext_lazy("It is no longer offered for new letters. What was written with it stays."),
            done=gettext_lazy("The wording is retired."),
        ),
        Act(
            name="restore",
            label=gettext_lazy("Offer it again"),
            may=lambda user, wording: may_triage(user) and wording.retired_at is not None,
            run=actions.restore_wording,
            says=gettext_lazy("It is offered for new letters again."),
            done=gettext_lazy("The wording is offered again."),
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """One block a language, English open; readers who may not write see the name, and the versions on their page."""
        if not may_triage(request.user):
            return [(None, {"fields": ("name",)})]
        known = ", ".join(f"{{{name}}}: {what}" for name, what in PLACEHOLDERS.items())
        blocks: list[Any] = [(None, {"fields": ("name",), "description": _("You may use these placeholders: %s.") % known})]
        for code, label in LANGUAGES:
            shown = {"fields": (_field("subject", code), _field("body", code))}
            blocks.append((label, shown if code == "en" else {**shown, "classes": ("collapse",)}))
        return blocks

    def beside(self, form: Any, formsets: Sequence[Any]) -> dict[str, Any]:
        return {"texts": form.texts()}

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> HttpResponse:
        """With the ways to the preview and the versions beside the verbs."""
        answer = super().render_change_form(request, context, *args, **kwargs)
        wording = kwargs.get("obj")
        if wording is not None:
            ways = [("preview", _("Preview and try")), ("versions", _("All versions"))]
            links = [{"label": label, "url": reverse(f"admin:proposals_wording_{way}", args=[wording.pk])} for way, label in ways]
            context["acts"] = [*links, *context.get("acts", [])]
        return answer


def _texts(version: WordingVersion) -> list[tuple[str, str, dict[str, str]]]:
    names = dict(settings.LANGUAGES)
    return [(code, str(names.get(code, code)), version.texts[code]) for code in languages_of(version)]
