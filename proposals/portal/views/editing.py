"""Showing and saving one page of a draft, by hand or while typing: two people never overwrite each other unseen."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from proposals.intake.actions import SavedMeanwhile
from proposals.intake.calculations.sections import BY_KEY
from proposals.intake.models import Proposal, Section
from proposals.intake.queries.at_hand import section_of
from proposals.partners.models import User
from proposals.portal.views.keeping import kept

Asked = dict[str, dict[str, bool]]
GREATEST = 2_147_483_647


class Editor:
    """What differs from page to page: its form, its template, and the action that saves it."""

    template = "portal/sections/section.html"

    def form(self, proposal: Proposal, asked: dict[str, bool], data: Any = None) -> Any:
        """The form over what is saved, or over what was sent."""
        raise NotImplementedError

    def save(self, form: Any, proposal: Proposal, *, key: str, revision: int, by: User, now: datetime) -> Section | None:
        """One action with whatever of the form is sound; None where nothing is."""
        raise NotImplementedError

    def adopt(self, form: Any, proposal: Proposal) -> None:
        """The reader's own earlier save made rows that this page does not know yet: take them on."""

    def after(self, request: HttpRequest, form: Any, proposal: Proposal) -> None:
        """What else to say once the page is saved."""

    def made(self, form: Any, proposal: Proposal) -> dict[str, str]:  # noqa: ARG002  # for the page that makes rows
        """Hidden fields that the page must now carry, such as the number of a new row."""
        return {}

    def context(self, form: Any, proposal: Proposal) -> dict[str, Any]:  # noqa: ARG002  # for those that show more
        """What the template needs besides."""
        return {}


def revision_sent(request: HttpRequest) -> int:
    """The page's revision as it was opened; 0 for a page never saved, or for a damaged figure."""
    typed = request.POST.get("revision", "")
    return min(int(typed), GREATEST) if typed.isascii() and typed.isdecimal() and len(typed) < 11 else 0


def show(
    request: HttpRequest,
    editor: Editor,
    proposal: Proposal,
    key: str,
    asked: Asked,
    *,
    form: Any = None,
    status: int = 200,
    meanwhile: SavedMeanwhile | None = None,
    unlike: Any = (),
) -> HttpResponse:
    """The page with its form: as saved, or with everything that was typed."""
    saved = meanwhile.section if meanwhile else section_of(proposal, key)
    revision = revision_sent(request) if form is not None and not meanwhile else saved.revision if saved else 0
    form = form if form is not None else editor.form(proposal, asked[key])
    keys = list(asked)
    context = {
        "proposal": proposal,
        "section": BY_KEY[key],
        "form": form,
        "saved": saved,
        "revision": revision,
        "meanwhile": meanwhile,
        "unlike": unlike,
        "place": keys.index(key) + 1,
        "places": len(keys),
        "forget": request.GET.get("saved", ""),
        **editor.context(form, proposal),
    }
    return render(request, editor.template, context, status=status)


def page(request: HttpRequest, editor: Editor, proposal: Proposal, key: str, asked: Asked) -> HttpResponse:
    """GET shows the page; POST saves it and goes on, or shows it again with everything that was typed."""
    if request.method != "POST":
        return show(request, editor, proposal, key, asked)
    form = editor.form(proposal, asked[key], request.POST)
    if not form.is_valid():
        return show(request, editor, proposal, key, asked, form=form, status=422)
    try:
        editor.save(form, proposal, key=key, revision=revision_sent(request), by=request.user, now=timezone.now())  # type: ignore[arg-type]
    except SavedMeanwhile as meanwhile:
        unlike = _unlike(request, editor, form, proposal, meanwhile=meanwhile, asked=asked[key])
        if unlike:
            return show(request, editor, proposal, key, asked, form=form, status=409, meanwhile=meanwhile, unlike=unlike)
    except ValidationError as error:
        form.note(error.messages)
        return show(request, editor, proposal, key, asked, form=form, status=422)
    except PermissionDenied:
        return kept(request, _("This proposal can no longer be changed"), _("Its state has changed meanwhile."))
    messages.success(request, _("“%(page)s” is saved.") % {"page": BY_KEY[key].title})
    for told in form.readings():
        messages.info(request, told)
    editor.after(request, form, proposal)
    return redirect(_next(request.POST.get("then", ""), proposal, key, asked))


def _unlike(
    request: HttpRequest, editor: Editor, form: Any, proposal: Proposal, *, meanwhile: SavedMeanwhile, asked: dict[str, bool]
) -> list[tuple[str, str, str]]:
    """Where the page as sent differs from what someone saved meanwhile: nothing to tell where both are the same."""
    fresh = Proposal.objects.visible_to(request.user).select_related("call", "phase").get(pk=proposal.pk)
    if meanwhile.section.saved_by_id == request.user.pk:
        editor.adopt(form, fresh)
    found: list[tuple[str, str, str]] = form.unlike(editor.form(fresh, asked))
    return found


def _next(then: str, proposal: Proposal, key: str, asked: Asked) -> str:
    """Where a saved page leads: the next page, or the list; the address lets this device forget its copy."""
    keys = list(asked)
    place = keys.index(key) + 1
    if then == "next" and place < len(keys):
        target = reverse("portal:section", args=[proposal.pk, keys[place]])
    else:
        target = reverse("portal:task_list", args=[proposal.pk])
    return f"{target}?{urlencode({'saved': key})}"


def answer(request: HttpRequest, editor: Editor, proposal: Proposal, key: str, asked: dict[str, bool]) -> JsonResponse:
    """The page saved while it is typed: what is sound is kept, what is not is named (422), a conflict is told (409)."""
    form, now = editor.form(proposal, asked, request.POST), timezone.now()
    sound = form.is_valid()
    try:
        section = editor.save(form, proposal, key=key, revision=revision_sent(request), by=request.user, now=now)  # type: ignore[arg-type]
    except SavedMeanwhile as meanwhile:
        if _unlike(request, editor, form, proposal, meanwhile=meanwhile, asked=asked):
            return JsonResponse({"message": str(meanwhile)}, status=409)
        section = meanwhile.section
    except ValidationError as error:
        return JsonResponse({"errors": {"": error.messages}}, status=422)
    except PermissionDenied:
        return JsonResponse({"message": _("This proposal can no longer be changed.")}, status=403)
    told: dict[str, Any] = {}
    if section is not None:
        told = {"revision": section.revision, "saved_at": section.saved_at.isoformat(), "fields": editor.made(form, proposal)}
    if sound:
        return JsonResponse(told)
    return JsonResponse({**told, "errors": form.errors_by_field()}, status=422)
