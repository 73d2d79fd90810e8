"""What is known of the ways out: how fast each domain may be written to, and what came back."""

from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from proposals.outbox.models.message import Message
from proposals.outbox.states import Report, ReportSource


class Pace(models.Model):
    """When the next mail to a domain may leave; the row with an empty name is for all mail together."""

    domain = models.CharField(max_length=255, primary_key=True)
    free_at = models.DateTimeField()

    class Meta:
        verbose_name = _("pace")
        verbose_name_plural = _("paces")

    def __str__(self) -> str:
        return self.domain


class BounceQuerySet(models.QuerySet["Bounce"]):
    """Ways to ask for bounces."""

    def open(self) -> "BounceQuerySet":
        """The address has not been mended since; a delay alone says nothing against it."""
        return self.filter(closed_at=None).exclude(report=Report.DELAYED)

    def came_back(self) -> "BounceQuerySet":
        """Open ones that say that an address takes no mail; a complaint says that it does."""
        return self.open().filter(report=Report.BOUNCED)

    def last_of(self, addresses: Iterable[str]) -> "dict[str, Bounce]":
        """The newest open bounce of each of these addresses that has one; one statement."""
        found = self.came_back().filter(address__in=set(addresses)).order_by("at", "id")
        return {bounce.address: bounce for bounce in found}

    def still_used(self) -> "BounceQuerySet":
        """Open ones from addresses that we would write to again: its person has not left it, or no person is known."""
        left = Q(message__recipient__isnull=False) & ~Q(message__recipient__email=F("address"))
        return self.open().exclude(left)


class Bounce(models.Model):
    """A report about a mail that a server had taken: it came back, is delayed, or its reader did not want it."""

    event_id = models.CharField(_("event"), max_length=200, unique=True)
    report = models.CharField(_("report"), max_length=12, choices=Report)
    source = models.CharField(_("source"), max_length=12, choices=ReportSource)
    address = models.EmailField(_("address"), max_length=254)
    message = models.ForeignKey(Message, models.SET_NULL, null=True, blank=True, related_name="bounces")
    reply = models.TextField(_("reply"), blank=True)
    at = models.DateTimeField(_("at"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    objects = BounceQuerySet.as_manager()

    class Meta:
        verbose_name = _("bounce")
        verbose_name_plural = _("bounces")
        indexes = [models.Index(fields=["address"], name="bounce_open", condition=Q(closed_at=None))]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None) | Q(closed_at__isnull=False), name="bounce_closed_when"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.report}"
