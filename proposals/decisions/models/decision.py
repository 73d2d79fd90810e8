"""A decision: drafted by one person, released by another, with the letter that its team reads."""

from datetime import datetime

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from proposals.audit.models import NoTruncate
from proposals.calls.models import Phase
from proposals.decisions.states import Outcome
from proposals.intake.models import Proposal
from proposals.outbox.models import WordingVersion
from proposals.partners.models import User


class ReleasedStays(pgtrigger.Trigger):
    """What was released is neither changed nor removed, by raw SQL either."""

    name = "released_stays"
    when = pgtrigger.Before
    operation = pgtrigger.Update | pgtrigger.Delete
    condition = pgtrigger.Q(old__released_at__isnull=False)

    def get_func(self, model: models.Model) -> str:
        """The body: an error."""
        return "RAISE EXCEPTION 'a released decision stays as it is' USING ERRCODE = 'check_violation';"


class LetterStays(pgtrigger.Trigger):
    """The letters of a released decision stay as they are too."""

    name = "letter_stays"
    when = pgtrigger.Before
    operation = pgtrigger.Update | pgtrigger.Delete

    def get_func(self, model: models.Model) -> str:
        """The body: look whether the decision was released."""
        return (
            "IF EXISTS (SELECT FROM proposals_decision WHERE id = OLD.decision_id AND released_at IS NOT NULL) THEN "
            "RAISE EXCEPTION 'the letter of a released decision stays as it is' USING ERRCODE = 'check_violation'; END IF; "
            "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW;"
        )


class ReleaseQuerySet(models.QuerySet["Release"]):
    """Ways to ask for releases."""

    def held(self) -> "ReleaseQuerySet":
        """Neither released nor stopped."""
        return self.filter(released_at=None, stopped_at=None)

    def due(self, now: datetime) -> "ReleaseQuerySet":
        """Approved, and its instant has come."""
        return self.held().filter(approved_at__isnull=False, release_at__lte=now)


class Release(models.Model):
    """A set of decisions that becomes visible at one instant: all of them or none."""

    phase = models.ForeignKey(Phase, models.PROTECT, related_name="releases", verbose_name=_("phase"))
    title = models.CharField(_("title"), max_length=200)
    release_at = models.DateTimeField(_("released at"), null=True, blank=True, help_text=_("The instant of the embargo's end."))
    prepared_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("prepared by"))
    prepared_at = models.DateTimeField(_("prepared at"))
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("approved by"))
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    released_at = models.DateTimeField(_("done at"), null=True, blank=True)
    stopped_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("stopped by"))
    stopped_at = models.DateTimeField(_("stopped at"), null=True, blank=True)
    problem = models.TextField(_("what stands in the way"), blank=True)
    revision = models.PositiveIntegerField(default=1, editable=False)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["release_at"],
                name="release_waiting",
                condition=Q(released_at=None, stopped_at=None, approved_at__isnull=False),
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("prepared_by")),
                name="release_two_people",
                violation_error_message=_("A second person approves a release."),
            ),
            models.CheckConstraint(
                condition=Q(approved_at=None, approved_by=None)
                | Q(approved_at__isnull=False, approved_by__isnull=False, release_at__isnull=False),
                name="release_approved_when_and_who",
            ),
            models.CheckConstraint(
                condition=Q(stopped_at=None, stopped_by=None) | Q(stopped_at__isnull=False, stopped_by__isnull=False),
                name="release_stopped_when_and_who",
            ),
            models.CheckConstraint(
                condition=Q(released_at=None) | Q(approved_at__isnull=False, stopped_at=None), name="release_was_approved"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class DecisionQuerySet(models.QuerySet["Decision"]):
    """Ways to ask for decisions."""

    def open(self) -> "DecisionQuerySet":
        """Neither released nor dropped."""
        return self.filter(released_at=None, dropped_at=None)


class Decision(models.Model):
    """What is answered to one proposal in one phase; whoever wrote it cannot release it."""

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="decisions", verbose_name=_("proposal"))
    phase = models.ForeignKey(Phase, models.PROTECT, related_name="+", verbose_name=_("phase"))
    outcome = models.CharField(_("outcome"), max_length=14, choices=Outcome)
    merged_into = models.ForeignKey(
        Proposal, models.PROTECT, null=True, blank=True, related_name="absorbs", verbose_name=_("merged into")
    )
    reason = models.TextField(_("reason, for the record"), max_length=8000, blank=True)
    feedback = models.TextField(_("feedback to the proposer"), max_length=12000, blank=True)
    wording = models.ForeignKey(
        WordingVersion, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("wording of the letter")
    )
    drafted_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("drafted by"))
    drafted_at = models.DateTimeField(_("drafted at"))
    amended_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("amended by"))
    amended_at = models.DateTimeField(_("amended at"), null=True, blank=True)
    release = models.ForeignKey(
        Release, models.PROTECT, null=True, blank=True, related_name="decisions", verbose_name=_("release")
    )
    released_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("released by"))
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)
    dropped_at = models.DateTimeField(_("dropped at"), null=True, blank=True)
    revision = models.PositiveIntegerField(default=1, editable=False)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["proposal"], condition=Q(released_at=None, dropped_at=None), name="decision_one_open"
            ),
            models.CheckConstraint(
                condition=Q(released_by=None) | ~Q(released_by=F("drafted_by")),
                name="decision_two_people",
                violation_error_message=_("Whoever drafted a decision cannot release it."),
            ),
            models.CheckConstraint(
                condition=Q(released_by=None) | Q(amended_by=None) | ~Q(released_by=F("amended_by")),
                name="decision_not_released_by_its_editor",
                violation_error_message=_("Whoever amended a decision cannot release it."),
            ),
            models.CheckConstraint(
                condition=Q(released_at=None, released_by=None)
                | Q(released_at__isnull=False, released_by__isnull=False, release__isnull=False, dropped_at=None),
                name="decision_released_when_and_who",
            ),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.MERGED, merged_into__isnull=False)
                | (~Q(outcome=Outcome.MERGED) & Q(merged_into=None)),
                name="decision_merge_names_the_other",
                violation_error_message=_("Name the proposal that it is merged into, for a merge and only then."),
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=F("proposal")),
                name="decision_not_into_itself",
                violation_error_message=_("A proposal cannot be merged into itself."),
            ),
        ]
        triggers = [ReleasedStays(), NoTruncate()]

    def __str__(self) -> str:
        return self.get_outcome_display()


class Condition(models.Model):
    """What a conditionally selected project still has to meet, until when, and whether it has."""

    decision = models.ForeignKey(Decision, models.PROTECT, related_name="conditions")
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    text = models.TextField(_("condition"), max_length=2000)
    due_on = models.DateField(_("due"), null=True, blank=True)
    met_at = models.DateTimeField(_("met at"), null=True, blank=True)
    met_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("confirmed by"))
    note = models.TextField(_("how it was met"), max_length=2000, blank=True)

    class Meta:
        verbose_name = _("condition")
        verbose_name_plural = _("conditions")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(met_at=None, met_by=None) | Q(met_at__isnull=False, met_by__isnull=False),
                name="condition_met_when_and_who",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:80]


class Letter(models.Model):
    """The letter of a decision in one language, as it was read before the release and as its team reads it."""

    decision = models.ForeignKey(Decision, models.CASCADE, related_name="letters")
    language = models.CharField(_("language"), max_length=12)
    subject = models.CharField(_("subject"), max_length=300)
    body = models.TextField(_("text"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    written_at = models.DateTimeField(_("written at"))

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["decision", "language"], name="letter_once")]
        triggers = [LetterStays(), NoTruncate()]

    def __str__(self) -> str:
        return self.subject


class Merge(models.Model):
    """One proposal went into another: both teams, files and histories are kept, and there is one lead."""

    decision = models.OneToOneField(Decision, models.PROTECT, related_name="merge")
    parent = models.ForeignKey(Proposal, models.PROTECT, related_name="merged_as", verbose_name=_("merged proposal"))
    into = models.ForeignKey(Proposal, models.PROTECT, related_name="merges", verbose_name=_("merged into"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["parent"], name="merge_once"),
            models.CheckConstraint(condition=~Q(parent=F("into")), name="merge_not_into_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.parent_id} > {self.into_id}"
