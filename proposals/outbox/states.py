"""The life of one message, and the kinds of messages there are."""

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _


class Delivery(TextChoices):
    """How far a message has come."""

    QUEUED = "queued", _("queued")
    SENDING = "sending", _("being sent")
    SENT = "sent", _("sent")
    UNCERTAIN = "uncertain", _("uncertain")
    REFUSED = "refused", _("refused")
    DEAD = "dead", _("given up")


FINAL = {Delivery.SENT, Delivery.REFUSED, Delivery.DEAD}


class Kind(TextChoices):
    """What a message is about; preferences and wiping go by kind."""

    RECEIPT = "receipt", _("receipts")
    STATUS = "status", _("status changes")
    TEAM = "team", _("invitations and team")
    DEADLINE = "deadline", _("deadlines")
    NOTICE = "notice", _("notices to staff")
    SECURITY = "security", _("sign-in and security")


class Priority(IntegerChoices):
    """Which message goes first."""

    SECURITY = 10, _("security")
    STATUS = 20, _("status")
    ROUTINE = 50, _("routine")
