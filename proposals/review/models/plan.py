"""How a phase is judged: by how many, until when, and who is barred; rows that staff edit."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from proposals.calls.models import Phase

MANY = [MinValueValidator(0), MaxValueValidator(20)]


def english() -> list[str]:
    """The language of a call unless it says otherwise (BCP 47)."""
    return ["en"]


class ReviewPlan(models.Model):
    """The review of one phase; a phase without a plan is decided without reviewers."""

    phase = models.OneToOneField(Phase, models.CASCADE, related_name="review_plan", verbose_name=_("phase"))
    reviewers = models.PositiveSmallIntegerField(_("science reviewers for each proposal"), default=3, validators=MANY)
    assessors = models.PositiveSmallIntegerField(_("technical assessors for each payload proposal"), default=1, validators=MANY)
    due_at = models.DateTimeField(_("reviews due"), null=True, blank=True)
    languages = ArrayField(
        models.CharField(max_length=12),
        verbose_name=_("languages of the proposals"),
        default=english,
        help_text=_("A reviewer reads at least one of them (BCP 47, such as en, zh)."),
    )
    country_conflict = models.BooleanField(_("same country or region is a conflict"), default=True)
    exempt_countries = ArrayField(
        models.CharField(max_length=2),
        verbose_name=_("exempt countries or regions"),
        default=list,
        blank=True,
        help_text=_("Two capital letters each, such as CN: the host country, or every reviewer there would be barred."),
    )
    is_blind = models.BooleanField(_("blind to other reviews until one's own is in"), default=True)
    asks_wishes = models.BooleanField(_("reviewers say which proposals they would like"), default=False)
    undertaking = models.TextField(
        _("confidentiality undertaking"),
        blank=True,
        help_text=_("Reviewers accept it before the first proposal opens. Empty: the standard text."),
    )
    revision = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("review plan")
        verbose_name_plural = _("review plans")

    def __str__(self) -> str:
        return str(self.phase)
