"""The staff's list of what happened: who, what, to what and when; read-only for everyone."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from proposals.admin.base import Door, HouseAdmin
from proposals.admin.keyed import Filter, KeyedList
from proposals.audit.models import Event
from proposals.intake.queries.unbarred import events_for
from proposals.partners.rules import may_look_as_staff


@admin.register(Event)
class EventAdmin(KeyedList, HouseAdmin):
    """The trail, newest first."""

    door = Door(see=may_look_as_staff)
    list_template = "admin/proposals/event/list.html"
    filters = (
        Filter("type", gettext_lazy("Subject"), "subject_type"),
        Filter("id", gettext_lazy("Its id"), "subject_id"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """All but what tells of a proposal that this reader must not know of."""
        return events_for(request.user)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """An event has no page of its own: the list says all of it."""
        raise Http404
