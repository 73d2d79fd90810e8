"""The reviewers' page of wishes: what they would like to judge, where a phase asks."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from proposals.admin.base import Door, HouseAdmin, nobody
from proposals.review.actions.bids import wish
from proposals.review.models import Bid
from proposals.review.queries.bids import asking_phases, wishes_for
from proposals.review.rules.bids import may_wish
from proposals.review.states import Wish


@admin.register(Bid)
class BidAdmin(HouseAdmin):
    """One's own wishes; those of others are nobody's to read but the optimiser's."""

    door = Door(see=nobody)

    def changelist_view(self, request: Any, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The proposals of each phase that asks; a POST keeps what was said for one phase."""
        if not may_wish(request.user):
            raise PermissionDenied
        phases = {phase.pk: phase for phase in asking_phases(request.user)}
        if request.method == "POST":
            return self._keep(request, phases)
        context = {
            **self.admin_site.each_context(request),
            "title": _("What you would like to review"),
            "opts": self.opts,
            "lists": [(phase, wishes_for(request.user, phase)) for phase in phases.values()],
            "wishes": Wish.choices,
        }
        return TemplateResponse(request, "admin/assignments/wishes.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A wish has no page of its own."""
        raise Http404

    def _keep(self, request: Any, phases: dict[int, Any]) -> HttpResponse:
        """The one call; a list that is no longer asked for is answered as one that never was."""
        asked = request.POST.get("phase", "")
        phase = phases.get(int(asked)) if asked.isdecimal() else None
        if phase is None:
            raise Http404
        said: dict[UUID, str] = {}
        for name, value in request.POST.items():
            kind, _dash, pk = name.partition("wish-")
            if not kind and value in {"", *Wish.values}:
                try:
                    said[UUID(pk)] = value
                except ValueError as error:
                    raise Http404 from error
        n = wish(phase, wishes=said, by=request.user, now=timezone.now())
        told = ngettext("%(n)d wish is changed.", "%(n)d wishes are changed.", n) % {"n": n} if n else _("Nothing was changed.")
        self.message_user(request, told, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:proposals_bid_changelist"))
