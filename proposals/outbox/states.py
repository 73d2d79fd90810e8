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


class SmtpPhase(TextChoices):
    """How far one conversation with the relay came; the name is that of the command last given."""

    UNKNOWN = "unknown", _("not known")
    BUILD = "build", _("writing the mail")
    CONNECT = "connect", _("connecting")
    HELLO = "hello", _("greeting")
    TLS = "tls", _("encryption")
    LOGIN = "login", _("signing in")
    MAIL = "mail", _("sender")
    RCPT = "rcpt", _("recipient")
    DATA = "data", _("content")
    DOT = "dot", _("acceptance")


# Before the sender is named a fault is the relay's, or our own settings': it says nothing against one mail.
BEFORE_THE_MAIL = {SmtpPhase.CONNECT, SmtpPhase.HELLO, SmtpPhase.TLS, SmtpPhase.LOGIN}


class Result(TextChoices):
    """How one attempt ended; AGAIN is no attempt, but a member of staff who asked for a new start."""

    SENT = "sent", _("sent")
    TRANSIENT = "transient", _("put off")
    PERMANENT = "permanent", _("refused")
    UNCERTAIN = "uncertain", _("uncertain")
    CRASHED = "crashed", _("broken off")
    AGAIN = "again", _("started anew by staff")
