"""What is kept for good: versions, moves, files, the endorsement."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from proposals.audit.models import AppendOnly, NoTruncate
from proposals.calls.models.phase import Phase
from proposals.intake.models.proposal import Proposal
from proposals.intake.states import AttachmentKind, Scan, Status
from proposals.partners.models import User


class Version(models.Model):
    """What was submitted, frozen: canonical JSON and its SHA-256."""

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="versions")
    phase = models.ForeignKey(Phase, models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField(_("version"))
    canonical = models.TextField(_("canonical JSON"))
    sha256 = models.CharField(_("SHA-256"), max_length=64, db_index=True)
    is_late = models.BooleanField(_("late"), default=False)
    frozen_at = models.DateTimeField(_("received at"))
    frozen_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    on_behalf = models.BooleanField(_("filed by the secretariat on the partner's behalf"), default=False)

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["proposal", "number"], name="version_number_once")]
        triggers = [AppendOnly(), NoTruncate()]

    def __str__(self) -> str:
        return f"{self.proposal.reference} v{self.number}"


class Move(models.Model):
    """One change of status: was, now, by whom, why, when."""

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="moves")
    phase = models.ForeignKey(Phase, models.PROTECT, related_name="+")
    was = models.CharField(_("was"), max_length=14, choices=Status)
    now = models.CharField(_("now"), max_length=14, choices=Status)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    by_label = models.CharField(_("by"), max_length=200)
    note = models.TextField(_("note"), blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("move")
        verbose_name_plural = _("moves")
        ordering = ["id"]
        indexes = [models.Index(fields=["at"], name="move_at")]
        triggers = [AppendOnly(), NoTruncate()]

    def __str__(self) -> str:
        return f"{self.was} > {self.now}"


class Attachment(models.Model):
    """A file of a proposal; the bytes lie under their SHA-256, the row is written last."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="attachments")
    request_key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=12, choices=AttachmentKind, default=AttachmentKind.OTHER)
    title = models.CharField(_("title"), max_length=200, blank=True)
    name = models.CharField(_("file name"), max_length=200)
    size = models.PositiveBigIntegerField(_("size, bytes"))
    content_type = models.CharField(_("type"), max_length=100)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    scan = models.CharField(_("scan"), max_length=8, choices=Scan, default=Scan.PENDING)
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(_("uploaded at"))
    removed_at = models.DateTimeField(_("removed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering = ["uploaded_at", "id"]

    def __str__(self) -> str:
        return self.title or self.name


class Endorsement(models.Model):
    """The letter by which an agency stands behind a proposal; it may arrive after the proposal."""

    proposal = models.OneToOneField(Proposal, models.CASCADE, related_name="endorsement", primary_key=True)
    agency = models.CharField(_("endorsing agency"), max_length=250, blank=True)
    signatory = models.CharField(_("signed by"), max_length=200, blank=True)
    signatory_title = models.CharField(_("title of the signatory"), max_length=200, blank=True)
    signed_on = models.DateField(_("date of the letter"), null=True, blank=True)
    letter = models.ForeignKey(
        Attachment, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("signed letter (PDF)")
    )

    class Meta:
        verbose_name = _("endorsement")
        verbose_name_plural = _("endorsements")
        constraints = [
            models.CheckConstraint(
                condition=Q(letter=None) | ~Q(agency=""),
                name="endorsement_letter_names_agency",
                violation_error_message=_("Name the agency that signed the letter."),
            ),
        ]

    def __str__(self) -> str:
        return self.agency
