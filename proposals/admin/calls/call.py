"""The page of a call: its text, envelope and caps, with its phases, topics, documents, answers and announced projects."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from proposals.admin.acts import Act
from proposals.admin.base import Door
from proposals.admin.calls.forms import AnnouncedForm, CallForm, DocumentForm, PhaseForm
from proposals.admin.calls.pages import Cards, GuardedAdmin, Rows
from proposals.calls import actions
from proposals.calls.calculations import current, standing
from proposals.calls.models import AnnouncedProject, Call, Document, MarginClass, Phase, PublicAnswer, Topic
from proposals.calls.rules import may_delete_call, may_edit_calls, may_publish_call, may_read_calls_as_staff
from proposals.web.clock import in_beijing


class PhaseCards(Cards):
    """When the call is open; all else of a phase has its own page."""

    model = Phase
    form = PhaseForm
    fields = (("position", "kind", "title"), "zone", "opens_at", "closes_at", "late_until", "needs_endorsement")
    show_change_link = True
    extra = 0
    min_num = 1


class TopicRows(Rows):
    """Priorities, aims and sites."""

    model = Topic
    fields = ("kind", "position", "title", "text")


class DocumentRows(Rows):
    """Files for everyone."""

    model = Document
    form = DocumentForm


class AnswerCards(Cards):
    """Questions answered in public."""

    max_num = 120
    model = PublicAnswer
    fields = ("position", "question", "answer", "published_at")


class MarginRows(Rows):
    """Maturity classes and their margins."""

    model = MarginClass
    fields = ("code", "label", "percent")


class AnnouncedCards(Cards):
    """Selected projects as announced."""

    model = AnnouncedProject
    form = AnnouncedForm


@admin.register(Call)
class CallAdmin(GuardedAdmin):
    """Calls: everything about them is data."""

    door = Door(
        see=may_read_calls_as_staff,
        add=may_edit_calls,
        change=may_edit_calls,
        remove=may_delete_call,
        save=actions.save,
        delete=actions.delete,
    )
    acts = (
        Act(
            name="publish",
            label=_("Publish the call"),
            may=may_publish_call,
            run=actions.publish,
            says=_(
                "The call appears on the public pages at once, and partners can begin proposals when its first phase opens. "
                "Its code and address are fixed from then on. It cannot be taken back."
            ),
            done=_("The call is public."),
        ),
    )
    form = CallForm
    inlines = (PhaseCards, TopicRows, DocumentRows, AnswerCards, MarginRows, AnnouncedCards)
    list_display = ("title", "code", "is_published", "stands", "deadline")
    search_fields = ("title", "code")
    sections = (
        (None, {"fields": ("code", "title", "slug", "summary", "description", "source", "is_synthetic")}),
        (_("What may be proposed"), {"fields": ("levels", "forms")}),
        (
            _("Caps on mass"),
            {
                "fields": ("total_mass_kg", "module_mass_kg", "cap_basis", "system_margin_percent", "cap_effect"),
                "description": _(
                    "They hold for unit and system level only. Leave empty what is not published: nothing is checked then."
                ),
            },
        ),
        (
            _("Envelope"),
            {
                "fields": (
                    ("width_mm", "depth_mm", "height_mm"),
                    ("power_w", "data_mbit_day"),
                    ("temperature_min_c", "temperature_max_c"),
                ),
                "description": _("Leave empty what is not published: the call's page says “not yet published”."),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("phases")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Code and address are fixed once partners and mails carry them."""
        return ("code", "slug") if obj is not None and obj.is_published else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {"slug": ("title",)} if obj is None else {}

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes with a call; its phases have no deletion of their own, but go with it."""
        shown, counts, _needed, protected = super().get_deleted_objects(objs, request)
        return shown, counts, set(), protected

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> HttpResponse:
        """The page, with the way to what the public sees."""
        thing = kwargs.get("obj")
        response = super().render_change_form(request, context, *args, **kwargs)
        if thing is not None:
            page = {"label": _("See the call's page"), "url": reverse("portal:call", args=[thing.slug])}
            context["acts"] = [*context.get("acts", ()), page]
        return response

    @admin.display(description=_("stands"))
    def stands(self, call: Call) -> str:
        """Where the call's current phase stands now."""
        now = timezone.now()
        phase = current(list(call.phases.all()), now)
        return str(standing(phase.opens_at, phase.closes_at, phase.late_until, now).label) if phase else "–"

    @admin.display(description=_("deadline"))
    def deadline(self, call: Call) -> str:
        """The close of the current phase, in Beijing's time."""
        phase = current(list(call.phases.all()), timezone.now())
        return in_beijing(phase.closes_at) if phase else "–"
