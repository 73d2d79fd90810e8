"""Who is asked to judge which proposal, and the plans of assignment from which they came."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from proposals.calls.models import Phase
from proposals.intake.models import Proposal
from proposals.partners.models import User
from proposals.review.states import STANDING, Answer, ReviewKind, Wish


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    """Ways to ask for assignments."""

    def standing(self) -> "AssignmentQuerySet":
        """Asked or accepted."""
        return self.filter(answer__in=sorted(STANDING))

    def overdue(self, now: datetime) -> "AssignmentQuerySet":
        """Due before now, and no assessment submitted."""
        return self.standing().filter(due_at__lt=now).exclude(assessment__submitted_at__isnull=False)


class Assignment(models.Model):
    """One person is asked to judge one proposal in one phase; accepted, and with the undertaking, it grants access."""

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="assignments", verbose_name=_("proposal"))
    phase = models.ForeignKey(Phase, models.PROTECT, related_name="+", verbose_name=_("phase"))
    user = models.ForeignKey(User, models.PROTECT, related_name="assignments", verbose_name=_("reviewer"))
    kind = models.CharField(_("kind"), max_length=10, choices=ReviewKind)
    answer = models.CharField(_("answer"), max_length=10, choices=Answer, default=Answer.ASKED)
    is_lead = models.BooleanField(_("lead reviewer"), default=False)
    affinity = models.DecimalField(_("affinity"), max_digits=9, decimal_places=6, null=True, blank=True)
    why = models.TextField(_("why this pair"), blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("assigned by"))
    at = models.DateTimeField(_("assigned at"))
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    reason = models.TextField(_("reason"), max_length=2000, blank=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["user", "answer", "due_at"], name="assignment_by_user"),
            models.Index(fields=["due_at"], name="assignment_standing", condition=Q(answer__in=["accepted", "asked"])),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "phase", "user"], condition=Q(answer__in=["accepted", "asked"]), name="assignment_once"
            ),
            models.UniqueConstraint(
                fields=["proposal", "phase"],
                condition=Q(is_lead=True, answer__in=["accepted", "asked"]),
                name="assignment_one_lead",
            ),
            models.CheckConstraint(
                condition=~Q(answer=Answer.DECLINED) | ~Q(reason=""),
                name="assignment_declined_with_reason",
                violation_error_message=_("Say in a few words why you decline."),
            ),
            models.CheckConstraint(
                condition=Q(answer=Answer.ASKED, answered_at=None) | (~Q(answer=Answer.ASKED) & Q(answered_at__isnull=False)),
                name="assignment_answered_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} – {self.get_kind_display()}"


class Bid(models.Model):
    """A reviewer's wish for a proposal, given before the assignment where the plan asks for wishes."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="bids")
    user = models.ForeignKey(User, models.CASCADE, related_name="bids")
    wish = models.CharField(_("wish"), max_length=10, choices=Wish)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("wish of a reviewer")
        verbose_name_plural = _("wishes of reviewers")
        constraints = [models.UniqueConstraint(fields=["proposal", "user"], name="bid_once")]

    def __str__(self) -> str:
        return self.get_wish_display()


class Pairing(models.Model):
    """A plan of assignment as the optimiser made it and staff edited it; applied as one act, or left."""

    phase = models.ForeignKey(Phase, models.CASCADE, related_name="pairings", verbose_name=_("phase"))
    kind = models.CharField(_("kind"), max_length=10, choices=ReviewKind)
    pairs = models.JSONField(_("pairs"), default=list)
    result = models.JSONField(_("result"), default=dict)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made at"))
    applied_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("applied by"))
    applied_at = models.DateTimeField(_("applied at"), null=True, blank=True)
    revision = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("plan of assignment")
        verbose_name_plural = _("plans of assignment")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["phase", "kind"], condition=Q(applied_at=None), name="pairing_one_open"),
            models.CheckConstraint(
                condition=Q(applied_at=None, applied_by=None) | Q(applied_at__gte=F("made_at"), applied_by__isnull=False),
                name="pairing_applied_when_and_who",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.phase} – {self.get_kind_display()}"
