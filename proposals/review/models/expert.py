"""Experts and what bars them: profile, expertise, undertaking, conflicts."""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from proposals.intake.models import Proposal
from proposals.partners.models import Organisation, User
from proposals.review.states import FOUND, ConflictKind

UNIT = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(1))]


class Expert(models.Model):
    """What is known of a person who judges: for whom they work, what they know, how much they can take on."""

    user = models.OneToOneField(User, models.CASCADE, related_name="expert", verbose_name=_("person"))
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="experts", verbose_name=_("organisation")
    )
    country = CountryField(verbose_name=_("country or region"), blank=True)
    languages = ArrayField(
        models.CharField(max_length=12), verbose_name=_("languages read"), default=list, blank=True,
        help_text=_("BCP 47, such as en, zh."),
    )  # fmt: skip
    max_load = models.PositiveSmallIntegerField(
        _("proposals at most"), default=5, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    away_from_on = models.DateField(_("away from"), null=True, blank=True)
    away_to_on = models.DateField(_("away until"), null=True, blank=True)
    undertaken_at = models.DateTimeField(_("undertaking accepted at"), null=True, blank=True)
    undertaken_sha256 = models.CharField(_("SHA-256 of the undertaking"), max_length=64, blank=True)
    revision = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("expert")
        verbose_name_plural = _("experts")
        ordering = ["user__full_name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(away_from_on=None, away_to_on=None) | Q(away_to_on__gte=F("away_from_on")),
                name="expert_away_in_order",
                violation_error_message=_("The absence ends before it begins."),
            ),
            models.CheckConstraint(
                condition=Q(undertaken_at=None, undertaken_sha256="")
                | (Q(undertaken_at__isnull=False) & ~Q(undertaken_sha256="")),
                name="expert_undertaken_when_and_what",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)


class Expertise(models.Model):
    """How well an expert knows a topic, from 0 to 1; topics are payload classes and the forms of mission level."""

    expert = models.ForeignKey(Expert, models.CASCADE, related_name="expertise")
    topic = models.CharField(_("topic"), max_length=16)
    weight = models.DecimalField(_("weight"), max_digits=3, decimal_places=2, validators=UNIT)

    class Meta:
        verbose_name = _("expertise")
        verbose_name_plural = _("expertise")
        ordering = ["topic"]
        constraints = [
            models.UniqueConstraint(fields=["expert", "topic"], name="expertise_once"),
            models.CheckConstraint(condition=Q(weight__gte=0, weight__lte=1), name="expertise_from_0_to_1"),
        ]

    def __str__(self) -> str:
        return self.topic


class ConflictQuerySet(models.QuerySet["Conflict"]):
    """Ways to ask for conflicts."""

    def standing(self) -> "ConflictQuerySet":
        """Neither overridden nor ended."""
        return self.filter(overridden_at=None, ended_at=None)


class Conflict(models.Model):
    """One reason why one person may not judge, find or count one proposal; each that stands is a bar in Access."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="conflicts")
    user = models.ForeignKey(User, models.CASCADE, related_name="conflicts", verbose_name=_("person"))
    kind = models.CharField(_("kind"), max_length=14, choices=ConflictKind)
    note = models.TextField(_("note"), max_length=2000, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("declared by"))
    at = models.DateTimeField(_("since"))
    ended_at = models.DateTimeField(_("no longer so since"), null=True, blank=True)
    overridden_at = models.DateTimeField(_("overridden at"), null=True, blank=True)
    overridden_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("overridden by")
    )
    override_reason = models.TextField(_("why overridden"), max_length=2000, blank=True)

    objects = ConflictQuerySet.as_manager()

    class Meta:
        verbose_name = _("conflict")
        verbose_name_plural = _("conflicts")
        ordering = ["-id"]
        indexes = [models.Index(fields=["user", "proposal"], name="conflict_by_user")]
        constraints = [
            models.UniqueConstraint(fields=["proposal", "user", "kind"], condition=Q(ended_at=None), name="conflict_once"),
            models.CheckConstraint(
                condition=Q(overridden_at=None, overridden_by=None, override_reason="")
                | (Q(overridden_at__isnull=False, overridden_by__isnull=False) & ~Q(override_reason="")),
                name="conflict_overridden_when_who_why",
            ),
            models.CheckConstraint(
                condition=Q(by__isnull=False) | Q(kind__in=sorted(FOUND)), name="conflict_declared_by_somebody"
            ),
            models.CheckConstraint(
                condition=Q(overridden_by=None) | ~Q(overridden_by=F("user")), name="conflict_not_overridden_by_oneself"
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
