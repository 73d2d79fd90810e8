"""A letter of the secretariat to the teams of several proposals: held, read, approved by a second person, sent."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from proposals.intake.models.proposal import Proposal
from proposals.outbox.models import WordingVersion
from proposals.partners.models import User


class CircularQuerySet(models.QuerySet["Circular"]):
    """Ways to ask for circulars."""

    def held(self) -> "CircularQuerySet":
        """Neither sent nor stopped."""
        return self.filter(approved_at=None, stopped_at=None)


class Circular(models.Model):
    """One letter to a filtered set of proposals: every mail is written when it is drafted, and leaves when approved."""

    request_key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(WordingVersion, models.PROTECT, related_name="circulars", verbose_name=_("wording"))
    filters = models.CharField(_("filters"), max_length=1000, blank=True)
    drafted_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("drafted by"))
    drafted_at = models.DateTimeField(_("drafted at"))
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("approved by"))
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    stopped_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("stopped by"))
    stopped_at = models.DateTimeField(_("stopped at"), null=True, blank=True)

    objects = CircularQuerySet.as_manager()

    class Meta:
        verbose_name = _("circular")
        verbose_name_plural = _("circulars")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("drafted_by")),
                name="circular_two_people",
                violation_error_message=_("A second person approves a circular."),
            ),
            models.CheckConstraint(
                condition=Q(approved_at=None, approved_by=None) | Q(approved_at__isnull=False, approved_by__isnull=False),
                name="circular_approved_when_and_who",
            ),
            models.CheckConstraint(
                condition=Q(stopped_at=None, stopped_by=None) | Q(stopped_at__isnull=False, stopped_by__isnull=False),
                name="circular_stopped_when_and_who",
            ),
            models.CheckConstraint(condition=Q(approved_at=None) | Q(stopped_at=None), name="circular_sent_or_stopped"),
        ]

    def __str__(self) -> str:
        return f"{self.version.wording} ({self.drafted_at:%Y-%m-%d})"


class CircularMail(models.Model):
    """One mail of a circular, as its reader will get it: fixed when it is drafted, so that what was read is what leaves."""

    circular = models.ForeignKey(Circular, models.CASCADE, related_name="mails")
    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="+")
    person = models.ForeignKey(User, models.CASCADE, related_name="+")
    language = models.CharField(_("language"), max_length=12)
    subject = models.CharField(_("subject"), max_length=300)
    body = models.TextField(_("text"))

    class Meta:
        verbose_name = _("mail of a circular")
        verbose_name_plural = _("mails of circulars")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["circular", "proposal", "person"], name="circular_mail_once")]

    def __str__(self) -> str:
        return self.subject
