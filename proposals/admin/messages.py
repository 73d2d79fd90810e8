"""The staff's ledger of mail: who was told what, when, and how it went; nothing is edited, what failed is started anew."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Max, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from proposals.admin.base import Door, HouseAdmin
from proposals.admin.keyed import Filter, KeyedList
from proposals.admin.repeats import ACTS, AgainForm, why_here_only
from proposals.intake.models import Proposal
from proposals.intake.queries.unbarred import messages_for
from proposals.outbox.actions.repeats import MOST_AT_ONCE, failed_between, retry_all
from proposals.outbox.models import Message
from proposals.outbox.rules import may_repeat
from proposals.outbox.states import FINAL, Delivery, Kind
from proposals.partners.models import User
from proposals.partners.rules import may_look_as_staff
from proposals.web.plots import number

# Subjects have no index: a rare word is looked for so far back and no further.
SEARCHED = 20_000


class DeliveryFilter(Filter):
    """By state; what is not final says so too, for the index of what is open."""

    def narrow(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """The rows in a state."""
        rows = rows.filter(delivery=value)
        return rows if value in FINAL else rows.exclude(delivery__in=sorted(FINAL))


class Search(Filter):
    """An address, whole; a proposal's reference, whole; or words of a subject, among the newest 20,000 messages."""

    def narrow(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """The rows that fit."""
        text = value.strip()
        if "@" in text:
            people = list(User.objects.filter(email=text.lower()).values_list("pk", flat=True))
            return rows.filter(Q(address__in={text, text.lower()}) | Q(recipient_id__in=people))
        proposal = Proposal.objects.filter(reference=text.upper()).values_list("pk", flat=True).first()
        if proposal is not None:
            return rows.filter(about_type="proposal", about_id=str(proposal))
        newest = Message.objects.aggregate(pk=Max("pk"))["pk"] or 0
        return rows.filter(pk__gt=newest - SEARCHED, subject__icontains=text)


@admin.register(Message)
class MessageAdmin(KeyedList, HouseAdmin):
    """Messages, newest first; the text of sign-in mail is shown nowhere."""

    door = Door(see=may_look_as_staff)
    list_template = "admin/proposals/message/list.html"
    filters = (
        Search("q", gettext_lazy("Address, reference or words of the subject"), "subject"),
        DeliveryFilter("delivery", gettext_lazy("Delivery"), "delivery", Delivery.choices),
        Filter("kind", gettext_lazy("Kind"), "kind", Kind.choices),
    )
    acts = ACTS

    def get_urls(self) -> list[URLPattern]:
        again = path("again/", self.admin_site.admin_view(self.again_view), name="proposals_message_again")
        return [again, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """All but what tells of a proposal that this reader must not know of."""
        return messages_for(request.user)

    def rows(self, request: HttpRequest) -> QuerySet[Any]:
        """Without the texts."""
        return self.get_queryset(request).defer("text", "html", "calendar", "last_reply").select_related("recipient")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """One page of the list, and the way to try many again."""
        extra = {"may_repeat": may_repeat(request.user), "searched": number(SEARCHED), **(extra_context or {})}
        return super().changelist_view(request, extra)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One message with its evidence."""
        if not self.has_view_permission(request) or request.method != "GET":
            raise PermissionDenied
        message = self.get_object(request, unquote(object_id))
        if message is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "title": message.subject,
            "opts": self.opts,
            "message": message,
            "shows_text": message.kind != Kind.SECURITY,
            "tries": list(message.evidence.all()),
            "bounces": list(message.bounces.select_related("closed_by").order_by("-at")),
            "buttons": [(act.label, self.act_url(act, message)) for act in self.acts if act.may(request.user, message)],
            "why_here_only": why_here_only(message),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/proposals/message/page.html", context)

    def act_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """As any act's page; but a second click meets the message where the first one left it, and is told so."""
        act = next((act for act in self.acts if act.name == name), None)
        message = self.get_object(request, unquote(object_id))
        late = request.method == "POST" and may_repeat(request.user)
        if late and act is not None and message is not None and not act.may(request.user, message):
            self.message_user(request, _("Nothing was done: the message has moved on meanwhile."), messages.WARNING)
            return HttpResponseRedirect(reverse("admin:proposals_message_change", args=[message.pk]))
        return super().act_view(request, object_id, name)

    def again_view(self, request: HttpRequest) -> HttpResponse:
        """Count what failed in a state and a time; on POST try it all again."""
        if not may_repeat(request.user):
            raise PermissionDenied
        posted = request.method == "POST"
        given = request.POST if posted else request.GET
        form = AgainForm(given) if given else AgainForm()
        found, known = None, messages_for(request.user)
        if given and form.is_valid():
            state, since, until = (form.cleaned_data[name] for name in ("delivery", "since", "until"))
            if posted:
                n = retry_all(state, since=since, until=until, by=request.user, now=timezone.now(), among=known)
                said = ngettext("%(n)d message is queued again.", "%(n)d messages are queued again.", n) % {"n": n}
                self.message_user(request, said, messages.SUCCESS if n else messages.WARNING)
                return HttpResponseRedirect(reverse("admin:proposals_message_changelist"))
            found = failed_between(state, since=since, until=until, among=known)[:MOST_AT_ONCE].count()
        context = {
            **self.admin_site.each_context(request),
            "title": _("Try again all that failed"),
            "opts": self.opts,
            "form": form,
            "found": found,
            "most": number(MOST_AT_ONCE),
        }
        return TemplateResponse(request, "admin/proposals/message/again.html", context)
