"""What follows a selection: the agreement with its checklist, and the public announcement."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from proposals.calls.models import AnnouncedProject
from proposals.intake.models import Proposal
from proposals.partners.models import User


class Agreement(models.Model):
    """The agreement about a selected project: counterpart institute, checklist, dates."""

    proposal = models.OneToOneField(Proposal, models.PROTECT, related_name="agreement", verbose_name=_("proposal"))
    counterpart = models.CharField(_("counterpart institute"), max_length=250, blank=True)
    contact = models.CharField(_("contact at the counterpart"), max_length=250, blank=True)
    planned_on = models.DateField(_("signature planned on"), null=True, blank=True)
    signed_on = models.DateField(_("signed on"), null=True, blank=True)
    note = models.TextField(_("note"), max_length=8000, blank=True)
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("opened by"))
    opened_at = models.DateTimeField(_("opened at"))
    revision = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.counterpart or str(self.proposal_id)


class AgreementItem(models.Model):
    """One line of the checklist before an agreement."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="items")
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    text = models.CharField(_("to do"), max_length=300)
    due_on = models.DateField(_("due"), null=True, blank=True)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    done_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("done by"))

    class Meta:
        verbose_name = _("item of the checklist")
        verbose_name_plural = _("items of the checklist")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at=None, done_by=None) | Q(done_at__isnull=False, done_by__isnull=False),
                name="agreement_item_done_when_and_who",
            ),
        ]

    def __str__(self) -> str:
        return self.text


class Announcement(models.Model):
    """That a project was made public, and which line of the call's page shows it."""

    proposal = models.OneToOneField(Proposal, models.PROTECT, related_name="announcement", verbose_name=_("proposal"))
    project = models.OneToOneField(AnnouncedProject, models.PROTECT, related_name="announcement", verbose_name=_("public entry"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("announced by"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("announcement")
        verbose_name_plural = _("announcements")
        ordering = ["-id"]

    def __str__(self) -> str:
        return str(self.project)
