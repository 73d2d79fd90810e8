"""The staff's verbs on a message: try again, send once more, send to another address, set aside what came back."""

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proposals.admin.acts import Act, ThingForm
from proposals.admin.proposal.acts import BeijingInstant
from proposals.outbox import actions, rules
from proposals.outbox.actions import repeats
from proposals.outbox.actions.bounces import close_bounces
from proposals.outbox.models import Bounce, Message
from proposals.outbox.states import FAILED, Delivery, Kind
from proposals.web.clock import BEIJING

FAILURES = [(state.value, state.label) for state in (Delivery.DEAD, Delivery.REFUSED, Delivery.BOUNCED)]


class OnceForm(ThingForm):
    """A form whose second sending is known by its key."""

    request_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


class ReaddressForm(OnceForm):
    """Where one message shall go instead."""

    address = forms.EmailField(
        label=gettext_lazy("New address for this message"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, data: Any = None, *, thing: Message) -> None:
        super().__init__(data, thing=thing)
        self.order_fields(["address"])
        self.fields["address"].help_text = _("It went to %(address)s.") % {"address": thing.address}

    def clean_address(self) -> str:
        """Another one than before."""
        address: str = self.cleaned_data["address"]
        if address.lower() == self.thing.address.lower():
            raise ValidationError(_("The message went to this address already. Choose “Try again” or “Send once more” for it."))
        return address


class AgainForm(forms.Form):
    """Which failed messages to try again together."""

    delivery = forms.TypedChoiceField(
        label=gettext_lazy("Messages that are"), choices=FAILURES, coerce=Delivery, initial=Delivery.DEAD
    )
    since = BeijingInstant(label=gettext_lazy("Written from (Beijing time)"))
    until = BeijingInstant(label=gettext_lazy("Written until (Beijing time)"))

    def clean(self) -> dict[str, Any]:
        """A time that begins before it ends."""
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and since > until:
            raise ValidationError(_("The time ends before it begins."))
        return self.cleaned_data


def has_come_back(user: Any, message: Message) -> bool:
    """The secretariat sets aside what came back from a message's address."""
    return rules.may_repeat(user) and Bounce.objects.open().filter(address=message.address).exists()


def close(message: Message, *, by: Any, now: Any) -> None:
    """Everything that came back from the message's address."""
    close_bounces(message.address, by=by, about=message, now=now)


def in_words(verb: Callable[..., Any]) -> Callable[..., None]:
    """A verb whose refusal is told in words."""

    def told(message: Message, **given: Any) -> None:
        try:
            verb(message, **given)
        except actions.CannotRepeat as refusal:
            raise ValidationError(_("Nothing was done: the message has moved on meanwhile.")) from refusal

    return told


def allowed(can: Callable[[Message], bool]) -> Callable[[Any, Message], bool]:
    """The secretariat, where the message allows it."""
    return lambda user, message: rules.may_repeat(user) and can(message)


ACTS = (
    Act(
        name="retry",
        label=gettext_lazy("Try again"),
        may=allowed(rules.can_retry),
        run=in_words(actions.retry),
        says=gettext_lazy("The message goes back into the queue, to the same address, and is tried for up to 72 hours from now."),
        done=gettext_lazy("The message is queued again."),
    ),
    Act(
        name="resend",
        label=gettext_lazy("Send once more"),
        may=allowed(rules.can_resend),
        run=in_words(actions.resend),
        says=gettext_lazy("The same text is sent once more, to the address that the person has today."),
        done=gettext_lazy("The message will be sent once more."),
        form=OnceForm,
    ),
    Act(
        name="readdress",
        label=gettext_lazy("Send to another address"),
        may=allowed(rules.can_readdress),
        run=in_words(repeats.readdress),
        says=gettext_lazy(
            "A copy of this one message goes to the address you give, and its reader learns what it says. The account keeps its "
            "address, and later messages go there: only the person can change it, under Security. If they cannot confirm a new "
            "address by mail, you can confirm it by hand on their page."
        ),
        done=gettext_lazy("The copy is queued for the new address."),
        form=ReaddressForm,
    ),
    Act(
        name="close",
        label=gettext_lazy("Set aside what came back"),
        may=has_come_back,
        run=close,
        says=gettext_lazy(
            "What came back from this address is no longer shown as open: the address works, or somebody saw to it. "
            "Mail goes on to it as before. A new report opens it again."
        ),
        done=gettext_lazy("What came back is set aside."),
    ),
)


def why_here_only(message: Message) -> str:
    """What to do instead, where a message cannot go to another address; empty where it can, or went well."""
    if message.delivery not in FAILED or rules.can_readdress(message):
        return ""
    if message.kind == Kind.SECURITY:
        return _("A sign-in message cannot be sent again: the person asks for a new one on the sign-in page.")
    if message.template in rules.FOR_ONE_ADDRESS:
        return _(
            "This offer can only be accepted by its own address. If that is mistyped, take the offer back, on the page of the "
            "organisation or of the proposal's team, and invite the right address."
        )
    return _(
        "This message was made for this address alone. If it is a role mailbox, its organisation removes it and adds the right "
        "one; anyone else is told again at the right address."
    )


def standing_of(word: str | Promise, bounce: Bounce | None) -> str:
    """How an address or a member stands, and whether mail to it came back."""
    if bounce is None:
        return str(word)
    return f"{word}, " + _("mail came back on %(day)s") % {"day": f"{bounce.at.astimezone(BEIJING):%Y-%m-%d}"}
