"""The admin of releases: prepared from drafted decisions, read whole as a dry run, approved or stopped by another."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from proposals.admin.acts import Act
from proposals.admin.base import Door, HouseAdmin
from proposals.admin.releases.forms import ApproveForm, InviteForm, PrepareForm
from proposals.calls.models import Phase
from proposals.decisions.actions.inviting import invite
from proposals.decisions.actions.releases import NotHeld, Obstructed, approve, prepare, stop
from proposals.decisions.models import Release
from proposals.decisions.queries.inviting import next_phase
from proposals.decisions.queries.releases import counts, decisions_of, entries, in_words, obstacles, phases_waiting, releases_for
from proposals.decisions.rules.inviting import may_invite
from proposals.decisions.rules.releases import had_a_hand, may_approve, may_prepare, may_read_releases, may_stop
from proposals.intake.models import MoveNotAllowed


class ReleasePages:
    """The pages of a release beside its own: prepared, prepared again, and the invitations after it."""

    admin_site: Any
    opts: Any
    get_object: Any
    message_user: Any

    def get_urls(self) -> list[URLPattern]:
        opened = self.admin_site.admin_view
        mine = [
            path("invite/", opened(self.invite_view), name="proposals_release_invite"),
            path("<path:object_id>/again/", opened(self.again_view), name="proposals_release_again"),
        ]
        return [*mine, *super().get_urls()]  # type: ignore[misc]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Choose the phase, then its decisions; a POST writes their letters and holds them."""
        if not may_prepare(request.user):
            raise PermissionDenied
        asked = request.GET.get("phase", "")
        phase = Phase.objects.filter(pk=int(asked)).first() if asked.isdecimal() and len(asked) < 10 else None
        if phase is None:
            return self.page(request, "choose", phases=phases_waiting(request.user), title=_("Prepare a release"))
        return self._prepare(request, phase, None)

    def again_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The same for a release that waits: its letters are written anew."""
        release = self.get_object(request, object_id)
        if release is None:
            raise Http404
        if not may_prepare(request.user, release):
            raise PermissionDenied
        return self._prepare(request, release.phase, release)

    def _prepare(self, request: Any, phase: Phase, release: Release | None) -> HttpResponse:
        data = request.POST if request.method == "POST" else None
        form = PrepareForm(data, phase=phase, user=request.user, release=release)
        if data and form.is_valid():
            given = form.cleaned_data
            if release is not None:
                release.revision = given["seen"] or 0
            try:
                said = {"decisions": given["decisions"], "title": given["title"], "release": release}
                made = prepare(phase, **said, by=request.user, now=timezone.now())
            except NotHeld as refusal:
                form.add_error(None, str(refusal))
            except ValidationError as refusal:
                form.add_error(None, refusal.messages)
            else:
                self.message_user(request, _("The letters are written and held. Read them below."), messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:proposals_release_change", args=[made.pk]))
        title = _("Prepare again") if release else _("Prepare a release")
        return self.page(request, "prepare", phase=phase, release=release, form=form, title=title)

    def invite_view(self, request: Any) -> HttpResponse:
        """Invite what was preliminarily selected to the next phase, and say by when each has to submit."""
        if not may_invite(request.user):
            raise PermissionDenied
        data = request.POST if request.method == "POST" else None
        form = InviteForm(data, user=request.user)
        if data and form.is_valid():
            try:
                made = len(invite(form.cleaned_data["proposals"], by=request.user, now=timezone.now()))
            except MoveNotAllowed:
                form.add_error(None, _("Someone was faster: one of them has moved on meanwhile. Nothing was done."))
            except ValidationError as refusal:
                form.add_error(None, refusal.messages)
            else:
                done = ngettext("%(n)d proposal is invited.", "%(n)d proposals are invited.", made) % {"n": made}
                self.message_user(request, done, messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:proposals_release_changelist"))
        phases = {one.phase_id: one.phase for one in form.rows.values()}.values()
        following = [(phase, next_phase(phase)) for phase in phases]
        return self.page(request, "invite", form=form, following=following, title=_("Invite to the next phase"))

    def page(self, request: HttpRequest, name: str, **more: Any) -> HttpResponse:
        """One page of releases."""
        context = {**self.admin_site.each_context(request), "opts": self.opts, **more}
        return TemplateResponse(request, f"admin/proposals/release/{name}.html", context)


@admin.register(Release)
class ReleaseAdmin(ReleasePages, HouseAdmin):
    """Releases, newest first: held, approved, done and stopped."""

    door = Door(see=may_read_releases)
    refusals = (ValidationError, NotHeld, Obstructed)
    list_display = ("title", "phase", "letters_held", "release_at", "standing", "prepared_by")
    ordering = ("-pk",)
    acts = (
        Act(
            name="approve",
            label=gettext_lazy("Approve it"),
            may=may_approve,
            run=approve,
            says=gettext_lazy(
                "At this instant every decision becomes visible to its team and everybody's mail leaves: all of it, or nothing. "
                "It can be stopped until then, and not after."
            ),
            done=gettext_lazy("The release is approved."),
            form=ApproveForm,
        ),
        Act(
            name="stop",
            label=gettext_lazy("Stop it"),
            may=may_stop,
            run=stop,
            says=gettext_lazy("Nothing of it is released. Its decisions wait for another release."),
            done=gettext_lazy("The release is stopped."),
        ),
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_prepare(request.user)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Only those of whose proposals this reader may know all."""
        return releases_for(request.user).annotate(held=Count("decisions"))

    @admin.display(description=gettext_lazy("letters"))
    def letters_held(self, release: Any) -> int:
        """How many decisions it holds."""
        return int(release.held)

    @admin.display(description=gettext_lazy("state"))
    def standing(self, release: Release) -> str:
        """Where a release stands, and by whom."""
        return standing_of(release)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The dry run: how many letters of which outcome, each as it will be read, who is told, what stands in the way."""
        release = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if release is None or request.method != "GET":
            raise Http404
        decisions = decisions_of(release)
        waits = release.released_at is None and release.stopped_at is None
        own = waits and release.approved_at is None and had_a_hand(request.user, release)
        found = obstacles(decisions, read_again=release.approved_at is None) if waits else []
        listed = entries(decisions)
        more = {
            "release": release,
            "standing": standing_of(release),
            "total": in_words(decisions),
            "counts": counts(decisions),
            "entries": listed,
            "mails": sum(len(entry.told) for entry in listed),
            "obstacles": found,
            "own": own,
            "buttons": [
                (act.label, self.act_url(act, release), act.name == "stop")
                for act in self.acts
                if act.may(request.user, release) and not (act.name == "approve" and found)
            ],
            "again": may_prepare(request.user, release),
        }
        return self.page(request, "page", title=str(release), **more)


def standing_of(release: Release) -> str:
    """Held, approved, done or stopped, in words."""
    if release.released_at:
        return _("released")
    if release.stopped_by:
        return _("stopped by %s") % release.stopped_by
    if release.problem:
        return _("could not be released")
    return _("approved by %s") % release.approved_by if release.approved_by else _("waits for a second person")
