"""What a reviewer found: scores, findings, verdict; what was submitted is frozen; and what reviewers say together."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from proposals.audit.models import AppendOnly, NoTruncate
from proposals.calls.models import Criterion, Phase
from proposals.intake.models import Proposal
from proposals.partners.models import User
from proposals.review.models.assignment import Assignment
from proposals.review.states import Confidence, FindingKind, Stage, Verdict


class Assessment(models.Model):
    """One reviewer's judgement of one proposal: written as a draft, submitted, and revised if need be.

    Once submitted, the row, its scores and findings are what counts; a revision waits in `unsent` until it is submitted.
    """

    assignment = models.OneToOneField(Assignment, models.PROTECT, related_name="assessment")
    stage = models.CharField(_("stage"), max_length=10, choices=Stage, default=Stage.DRAFT)
    confidence = models.PositiveSmallIntegerField(_("confidence"), choices=Confidence, null=True, blank=True)
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict, blank=True)
    conditions = models.TextField(_("conditions"), max_length=8000, blank=True)
    to_panel = models.TextField(_("comments to the panel"), max_length=8000, blank=True)
    to_proposer = models.TextField(_("comments to the proposer"), max_length=8000, blank=True)
    saved_at = models.DateTimeField(_("saved at"))
    submitted_at = models.DateTimeField(_("first submitted at"), null=True, blank=True)
    unsent = models.JSONField(_("revision not submitted yet"), null=True, blank=True, editable=False)
    revision = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(stage=Stage.SUBMITTED) | Q(submitted_at__isnull=False), name="assessment_submitted_when"
            ),
        ]

    def __str__(self) -> str:
        return str(self.assignment)


class Score(models.Model):
    """A score for one criterion; "not able to judge" is never counted as 0."""

    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="scores")
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="scores")
    value = models.DecimalField(_("score"), max_digits=6, decimal_places=2, null=True, blank=True)
    unable = models.BooleanField(_("not able to judge"), default=False)
    comment = models.TextField(_("comment"), max_length=4000, blank=True)

    class Meta:
        verbose_name = _("score")
        verbose_name_plural = _("scores")
        constraints = [
            models.UniqueConstraint(fields=["assessment", "criterion"], name="score_once"),
            models.CheckConstraint(condition=Q(unable=False) | Q(value=None), name="score_or_unable"),
            models.CheckConstraint(condition=Q(value=None) | Q(value__gte=0), name="score_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.value}"


class Finding(models.Model):
    """A strength or a weakness, major or minor."""

    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="findings")
    kind = models.CharField(_("kind"), max_length=14, choices=FindingKind)
    text = models.TextField(_("text"), max_length=4000)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.text[:80]


class FrozenAssessment(models.Model):
    """An assessment as it was submitted, each time: canonical JSON and its SHA-256, kept for good."""

    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="frozen")
    number = models.PositiveSmallIntegerField(_("version"))
    canonical = models.TextField(_("canonical JSON"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("submitted assessment")
        verbose_name_plural = _("submitted assessments")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["assessment", "number"], name="frozen_assessment_once")]
        triggers = [AppendOnly(), NoTruncate()]

    def __str__(self) -> str:
        return f"{self.assessment} v{self.number}"


class Post(models.Model):
    """One contribution to the discussion of a proposal among those who judge it."""

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="posts")
    phase = models.ForeignKey(Phase, models.PROTECT, related_name="+")
    request_key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    answers = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="replies")
    text = models.TextField(_("text"), max_length=8000)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("contribution")
        verbose_name_plural = _("contributions")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text[:80]


class Consensus(models.Model):
    """What the reviewers of a proposal say together, written by the lead reviewer; feedback never compares proposals."""

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="consensus")
    phase = models.ForeignKey(Phase, models.PROTECT, related_name="+")
    to_panel = models.TextField(_("to the panel"), max_length=8000, blank=True)
    feedback = models.TextField(_("feedback to the proposer"), max_length=8000, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))
    revision = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("consensus")
        verbose_name_plural = _("consensus")
        constraints = [models.UniqueConstraint(fields=["proposal", "phase"], name="consensus_once")]

    def __str__(self) -> str:
        return self.to_panel[:80]
