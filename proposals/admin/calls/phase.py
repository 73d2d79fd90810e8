"""The page of a phase: its days, what it asks, how it is judged; and the extension of its deadline."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from proposals.admin.acts import Act
from proposals.admin.base import Door
from proposals.admin.calls.forms import AskedForm, ExtensionForm, PhasePageForm, QuestionForm
from proposals.admin.calls.pages import Cards, GuardedAdmin, Rows
from proposals.calls import actions
from proposals.calls.calculations import days_later, write_instant
from proposals.calls.models import Asked, Criterion, DependentDate, Phase, Question
from proposals.calls.rules import may_edit_calls, may_read_calls_as_staff
from proposals.intake.actions.deadline import extend_deadline
from proposals.intake.queries.deadlines import concerned_by


class DateRows(Rows):
    """Days that follow from the phase."""

    model = DependentDate
    fields = ("label", "on", "kind", "moves_with_deadline")


class AskedRows(Rows):
    """Which fields the phase asks."""

    max_num = 120
    model = Asked
    form = AskedForm


class CriterionCards(Cards):
    """How the phase is judged."""

    model = Criterion
    fields = ("position", "name", "description", ("weight", "maximum", "pass_minimum"))


class QuestionCards(Cards):
    """The call's own questions."""

    model = Question
    form = QuestionForm


@admin.register(Phase)
class PhaseAdmin(GuardedAdmin):
    """Phases, reached from their call."""

    door = Door(see=may_read_calls_as_staff, change=may_edit_calls, save=actions.save_phase)
    acts = (
        Act(
            name="extend",
            label=_("Extend the deadline"),
            may=may_edit_calls,
            run=extend_deadline,
            says=_("The new deadline holds at once."),
            done=_("The deadline is extended."),
        ),
    )
    form = PhasePageForm
    inlines = (DateRows, AskedRows, CriterionCards, QuestionCards)
    list_display = ("title", "call", "closes_at")
    list_select_related = ("call",)
    readonly_fields = ("call",)
    sections = (
        (None, {"fields": ("call", "position", "kind", "title", "needs_endorsement")}),
        (_("Who signs before a submission"), {"fields": ("two_key", "partners_sign")}),
        (_("When it is open"), {"fields": ("zone", "opens_at", "closes_at", "late_until")}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("call")

    def call_of(self, thing: Any) -> Any:
        return thing.call

    def judged(self, thing: Any, carried: dict[str, Any]) -> dict[str, Any]:
        return {"rows": [thing, *carried.get("rows", ())], "removed": carried.get("removed", ())}

    def act_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """The extension has a page of its own, with a preview; a reader without the right gets the ordinary refusal."""
        phase = self.get_object(request, object_id)
        if name != "extend" or phase is None or not may_edit_calls(request.user, phase):
            return super().act_view(request, object_id, name)
        return self.extend_view(request, phase)

    def extend_view(self, request: HttpRequest, phase: Phase) -> HttpResponse:
        """Ask for the new instant, show what will happen and who will be told, then do it: only what was shown."""
        form = ExtensionForm(request.POST if request.method == "POST" else None, phase=phase)
        preview = None
        if request.method == "POST" and form.is_valid():
            closes_at, now = form.cleaned_data["closes_at"], timezone.now()
            try:
                actions.check_extension(phase, closes_at=closes_at, now=now)
                if "sure" in request.POST and request.POST.get("previewed") == closes_at.isoformat():
                    told = extend_deadline(phase, closes_at=closes_at, by=request.user, now=now)
                    self.message_user(request, self.told_words(told), messages.SUCCESS)
                    return HttpResponseRedirect(reverse("admin:proposals_phase_change", args=[phase.pk]))
            except actions.DeadlineNotMovable as refusal:
                form.add_error("closes_at", refusal.messages)
            else:
                preview = self.preview(phase, closes_at)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Extend the deadline"),
            "phase": phase,
            "form": form,
            "preview": preview,
            "present": write_instant(phase.closes_at, phase.zone),
            "people": concerned_by(phase).count(),
            "back": reverse("admin:proposals_phase_change", args=[phase.pk]),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/calls/extend.html", context)

    def preview(self, phase: Phase, closes_at: Any) -> dict[str, Any]:
        """What the extension will change."""
        shift = days_later(phase.closes_at, closes_at, phase.zone)
        late = phase.late_until and phase.late_until + (closes_at - phase.closes_at)
        dates = [(date.label, date.on, date.on + shift) for date in phase.dates.filter(moves_with_deadline=True)]
        return {
            "closes_at": closes_at,
            "there": write_instant(closes_at, phase.zone),
            "beijing": write_instant(closes_at, "Asia/Shanghai"),
            "utc": write_instant(closes_at, "UTC"),
            "late_until": late and write_instant(late, phase.zone),
            "days": shift.days,
            "dates": dates,
        }

    def told_words(self, told: int) -> str:
        """What happened, and how many hear of it."""
        return ngettext(
            "The deadline is extended. A message to %(n)d person is on its way.",
            "The deadline is extended. Messages to %(n)d people are on their way.",
            told,
        ) % {"n": told}
