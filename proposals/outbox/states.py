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
    BOUNCED = "bounced", _("bounced")
    DIGEST = "digest", _("in the daily digest")
    SITE = "site", _("on the site only")


# What no worker has to send: it is done, or was never to be a mail of its own.
FINAL = {Delivery.SENT, Delivery.REFUSED, Delivery.DEAD, Delivery.BOUNCED, Delivery.DIGEST, Delivery.SITE}
# What did not arrive: staff see it, and may start it anew.
FAILED = {Delivery.REFUSED, Delivery.DEAD, Delivery.BOUNCED}
# What staff look at: the failed, and what may have arrived.
TROUBLED = FAILED | {Delivery.UNCERTAIN}


class Kind(TextChoices):
    """What a message is about; preferences and wiping go by kind."""

    RECEIPT = "receipt", _("receipts")
    STATUS = "status", _("status changes")
    TEAM = "team", _("invitations and team")
    DEADLINE = "deadline", _("deadlines")
    REMINDER = "reminder", _("reminders")
    CALL = "call", _("new calls")
    LETTER = "letter", _("letters of the secretariat")
    DIGEST = "digest", _("daily digest")
    NOTICE = "notice", _("notices to staff")
    SECURITY = "security", _("sign-in and security")


class Way(TextChoices):
    """How a person wants to hear of a kind of thing."""

    AT_ONCE = "at_once", _("at once, by e-mail")
    DIGEST = "digest", _("in one e-mail a day")
    SITE = "site", _("on the site only")


# The kinds that a person may turn down; receipts, status changes, deadlines and letters always come at once.
CHOSEN_BY_READER = (Kind.TEAM, Kind.REMINDER, Kind.CALL)


class Priority(IntegerChoices):
    """Which message goes first."""

    SECURITY = 10, _("security")
    STATUS = 20, _("status")
    ROUTINE = 50, _("routine")
    REMINDER = 70, _("reminder")


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
    """How one attempt ended, or what was heard of it later; AGAIN is a member of staff who asked for a new start."""

    SENT = "sent", _("sent")
    TRANSIENT = "transient", _("put off")
    PERMANENT = "permanent", _("refused")
    UNCERTAIN = "uncertain", _("uncertain")
    CRASHED = "crashed", _("broken off")
    AGAIN = "again", _("started anew by staff")
    BOUNCED = "bounced", _("came back")
    COMPLAINED = "complained", _("marked as unwanted")
    DELAYED = "delayed", _("delayed on its way")
    DELIVERED = "delivered", _("delivered")


class Report(TextChoices):
    """What a mail server, or its reader, told us after it had taken a mail."""

    BOUNCED = "bounced", _("came back")
    DELAYED = "delayed", _("delayed")
    COMPLAINED = "complained", _("marked as unwanted")


class ReportSource(TextChoices):
    """By which way a report came."""

    WEBHOOK = "webhook", _("the mail provider's report")
    RETURNED_MAIL = "returned", _("a mail returned to us")
