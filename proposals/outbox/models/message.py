"""The outbox: one row per recipient, written in the business transaction."""

from django.conf import settings
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from proposals.outbox.states import FINAL, TROUBLED, Delivery, Kind, Priority

# What limits of pace go by; the claim says the same in SQL.
DOMAIN = Lower(Func(F("address"), Value("@"), Value(-1), function="split_part"))


class MessageQuerySet(models.QuerySet["Message"]):
    """Ways to ask for messages."""

    def shown_to(self, user_id: int) -> "MessageQuerySet":
        """A person's inbox, newest first: everything but security mail, and digests of what is there already."""
        return self.filter(recipient_id=user_id).exclude(kind__in=[Kind.SECURITY, Kind.DIGEST]).order_by("-id")

    def for_digest(self) -> "MessageQuerySet":
        """Waiting for its reader's next daily digest."""
        return self.filter(delivery=Delivery.DIGEST, carried_by=None)

    def unread(self) -> "MessageQuerySet":
        """Not opened on the site yet."""
        return self.filter(read_at=None)


class Message(models.Model):
    """One mail to one person; what is sent is fixed when the row is made."""

    key = models.CharField(_("event key"), max_length=200, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    priority = models.SmallIntegerField(_("priority"), choices=Priority, default=Priority.ROUTINE)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="messages")
    address = models.EmailField(_("address"), max_length=254)
    language = models.CharField(_("language"), max_length=12)
    template = models.CharField(_("template"), max_length=60)
    about_type = models.CharField(_("about"), max_length=40, blank=True)
    about_id = models.CharField(max_length=64, blank=True)
    subject = models.CharField(_("subject"), max_length=300)
    text = models.TextField(_("text"))
    html = models.TextField(_("HTML"))
    link = models.CharField(_("link"), max_length=500, blank=True)
    message_id = models.CharField(_("Message-ID"), max_length=200, unique=True)
    thread_id = models.CharField(_("thread"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("written at"), auto_now_add=True)
    due_at = models.DateTimeField(_("due at"))
    delivery = models.CharField(_("delivery"), max_length=10, choices=Delivery, default=Delivery.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    lease_id = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    last_reply = models.TextField(_("last reply"), blank=True)
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    # an iCalendar file that goes with the mail
    calendar = models.TextField(_("calendar"), blank=True, db_default="")
    # the daily digest that this message went out in
    carried_by = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="carries", db_index=False, verbose_name=_("digest")
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = [
            models.Index(fields=["priority", "due_at", "id"], name="message_open", condition=~Q(delivery__in=sorted(FINAL))),
            models.Index(
                DOMAIN,
                "priority",
                "due_at",
                "id",
                name="message_in_lane",
                condition=~Q(delivery__in=sorted(FINAL)) & Q(address__gt=""),
            ),
            models.Index(fields=["delivery"], name="message_troubled", condition=Q(delivery__in=sorted(TROUBLED))),
            models.Index(
                fields=["recipient", "id"], name="message_for_digest", condition=Q(delivery=Delivery.DIGEST, carried_by=None)
            ),
            models.Index(fields=["carried_by"], name="message_carried", condition=Q(carried_by__isnull=False)),
            models.Index(fields=["recipient", "-id"], name="message_inbox"),
            models.Index(fields=["about_type", "about_id", "id"], name="message_about"),
            models.Index(fields=["address", "-id"], name="message_address"),
        ]
        constraints = [
            models.CheckConstraint(
                # a bounce may come for a mail whose acceptance we never heard of
                condition=Q(delivery=Delivery.SENT, sent_at__isnull=False)
                | Q(delivery=Delivery.BOUNCED)
                | (~Q(delivery__in=[Delivery.SENT, Delivery.BOUNCED]) & Q(sent_at__isnull=True)),
                name="message_sent_at_when_sent",
                violation_error_message=_("A sent message says when it was sent."),
            ),
        ]

    def __str__(self) -> str:
        return self.subject


class Attempt(models.Model):
    """The evidence of one try: when, how far it came, what the server answered."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="evidence")
    at = models.DateTimeField(_("at"))
    phase = models.CharField(_("phase reached"), max_length=12)
    outcome = models.CharField(_("outcome"), max_length=12)
    code = models.PositiveSmallIntegerField(_("reply code"), null=True)
    reply = models.TextField(_("reply"), blank=True)

    class Meta:
        verbose_name = _("delivery attempt")
        verbose_name_plural = _("delivery attempts")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.message_id} {self.outcome} {self.code or ''}"


class Heartbeat(models.Model):
    """When a part of the system last made progress."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.name
