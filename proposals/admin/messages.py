"""The staff's list of messages: who was told what, and how its delivery went; nothing is edited, failures are started anew."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proposals.admin.acts import Act
from proposals.admin.base import Door, HouseAdmin
from proposals.admin.keyed import Filter, KeyedList
from proposals.outbox import actions
from proposals.outbox.models import Message
from proposals.outbox.rules import may_repeat
from proposals.outbox.states import FAILED, Delivery, Kind
from proposals.partners.rules import may_look_as_staff


def may_retry(user: Any, message: Message) -> bool:
    """The secretariat starts anew what was refused or given up, but never sign-in mail."""
    return may_repeat(user) and message.delivery in FAILED and message.kind != Kind.SECURITY


def may_resend(user: Any, message: Message) -> bool:
    """The secretariat sends once more what was sent, but never sign-in mail."""
    return may_repeat(user) and message.delivery == Delivery.SENT and message.kind != Kind.SECURITY


def retry(message: Message, **who_and_when: Any) -> None:
    """The action's refusal in words."""
    try:
        actions.retry(message, **who_and_when)
    except actions.CannotRepeat as refusal:
        raise ValidationError(_("The message is under way already.")) from refusal


def resend(message: Message, **who_and_when: Any) -> None:
    """The action's refusal in words."""
    try:
        actions.resend(message, **who_and_when)
    except actions.CannotRepeat as refusal:
        raise ValidationError(_("The message is under way already.")) from refusal


@admin.register(Message)
class MessageAdmin(KeyedList, HouseAdmin):
    """Messages, newest first; the text of sign-in mail is shown nowhere."""

    door = Door(see=may_look_as_staff)
    list_template = "admin/proposals/message/list.html"
    filters = (
        Filter("delivery", gettext_lazy("Delivery"), "delivery", Delivery.choices),
        Filter("kind", gettext_lazy("Kind"), "kind", Kind.choices),
    )
    acts = (
        Act(
            name="retry",
            label=gettext_lazy("Try again"),
            may=may_retry,
            run=retry,
            says=gettext_lazy("The message goes back into the queue, and is tried for up to 72 hours from now."),
            done=gettext_lazy("The message is queued again."),
        ),
        Act(
            name="resend",
            label=gettext_lazy("Send once more"),
            may=may_resend,
            run=resend,
            says=gettext_lazy("The same text is sent once more, to the address that the person has today."),
            done=gettext_lazy("The message will be sent once more."),
        ),
    )

    def rows(self, request: HttpRequest) -> QuerySet[Any]:
        """Without the texts."""
        return self.get_queryset(request).defer("text", "html", "last_reply").select_related("recipient")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One message with its evidence."""
        if not self.has_view_permission(request) or request.method != "GET":
            raise PermissionDenied
        message = self.get_object(request, object_id)
        if message is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "title": message.subject,
            "opts": self.opts,
            "message": message,
            "shows_text": message.kind != Kind.SECURITY,
            "tries": list(message.evidence.all()),
            "buttons": [(act.label, self.act_url(act, message)) for act in self.acts if act.may(request.user, message)],
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/proposals/message/page.html", context)
