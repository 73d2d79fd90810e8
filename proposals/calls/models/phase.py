"""A call's phases: when each is open, what it asks and how it is judged."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from proposals.calls.models.call import NOT_NEGATIVE, Call, all_levels
from proposals.calls.states import DayKind, Level, PhaseKind, QuestionKind


class PhaseQuerySet(models.QuerySet["Phase"]):
    """Ways to ask for phases."""

    def open(self, now: datetime) -> "PhaseQuerySet":
        """Taking proposals on time."""
        return self.filter(opens_at__lte=now, closes_at__gte=now)


class Phase(models.Model):
    """One stage of a call. On time means up to and including `closes_at`; late is kept until `late_until`."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="phases")
    kind = models.CharField(_("kind"), max_length=6, choices=PhaseKind, default=PhaseKind.LOI)
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    title = models.CharField(_("title"), max_length=120)
    opens_at = models.DateTimeField(_("opens at"))
    closes_at = models.DateTimeField(_("closes at"))
    late_until = models.DateTimeField(
        _("last instant for late ones"), null=True, blank=True, help_text=_("Empty: nothing is taken after the close.")
    )
    zone = models.CharField(_("zone of the deadline"), max_length=60, default="Asia/Shanghai")
    needs_endorsement = models.BooleanField(_("asks for an endorsement"), default=False)
    two_key = models.BooleanField(
        _("the PI releases, a representative submits"),
        default=False,
        db_default=False,
        help_text=_("The PI releases the proposal; then a representative of the lead organisation submits it."),
    )
    partners_sign = models.BooleanField(
        _("partner organisations sign their part"),
        default=False,
        db_default=False,
        help_text=_("Each partner organisation signs its part before the proposal can be submitted."),
    )

    objects = PhaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("phase")
        verbose_name_plural = _("phases")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["call", "position"], name="phase_position_once"),
            models.CheckConstraint(
                condition=Q(opens_at__lt=F("closes_at")),
                name="phase_opens_before_it_closes",
                violation_error_message=_("The phase closes before it opens."),
            ),
            models.CheckConstraint(
                condition=Q(late_until=None) | Q(late_until__gte=F("closes_at")),
                name="phase_late_after_close",
                violation_error_message=_("The last instant for late ones is before the close."),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class DependentDate(models.Model):
    """A day that follows from a phase, such as the preliminary selection; an extension moves it along."""

    phase = models.ForeignKey(Phase, models.CASCADE, related_name="dates")
    label = models.CharField(_("what happens"), max_length=200)
    on = models.DateField(_("day"))
    kind = models.CharField(_("meaning"), max_length=12, choices=DayKind, default=DayKind.PLAIN, db_default=DayKind.PLAIN)
    moves_with_deadline = models.BooleanField(_("moves with the deadline"), default=True)

    class Meta:
        verbose_name = _("dependent date")
        verbose_name_plural = _("dependent dates")
        ordering = ["on", "id"]

    def __str__(self) -> str:
        return self.label


class Asked(models.Model):
    """A field of the data sheets that a phase asks, and whether it must be filled."""

    phase = models.ForeignKey(Phase, models.CASCADE, related_name="asked")
    field = models.CharField(_("field"), max_length=60)
    required = models.BooleanField(_("required"), default=False)

    class Meta:
        verbose_name = _("field asked")
        verbose_name_plural = _("fields asked")
        constraints = [models.UniqueConstraint(fields=["phase", "field"], name="asked_once")]

    def __str__(self) -> str:
        return self.field


class Criterion(models.Model):
    """What a phase is judged by: weight in the total, maximum score, and the least that passes."""

    phase = models.ForeignKey(Phase, models.CASCADE, related_name="criteria")
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("description"), blank=True)
    weight = models.DecimalField(_("weight"), max_digits=6, decimal_places=2, validators=[MinValueValidator(0)])
    maximum = models.DecimalField(_("maximum"), max_digits=6, decimal_places=2, default=10)
    pass_minimum = models.DecimalField(_("pass minimum"), max_digits=6, decimal_places=2, default=0)

    class Meta:
        verbose_name = _("criterion")
        verbose_name_plural = _("criteria")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(pass_minimum__gte=0, pass_minimum__lte=F("maximum")),
                name="criterion_pass_within_maximum",
                violation_error_message=_("The pass minimum is above the maximum."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Question(models.Model):
    """A question of this call's own, asked of the levels named."""

    phase = models.ForeignKey(Phase, models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    kind = models.CharField(_("type"), max_length=10, choices=QuestionKind, default=QuestionKind.TEXT)
    label = models.CharField(_("question"), max_length=300)
    hint = models.CharField(_("hint"), max_length=300, blank=True)
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    choices = ArrayField(models.CharField(max_length=200), verbose_name=_("choices"), default=list, blank=True)
    required = models.BooleanField(_("required"), default=False)
    levels = ArrayField(models.CharField(max_length=10, choices=Level), verbose_name=_("asked of levels"), default=all_levels)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind=QuestionKind.CHOICE) | ~Q(choices=[]),
                name="question_choice_has_choices",
                violation_error_message=_("A choice needs its choices, one a line."),
            ),
        ]

    def __str__(self) -> str:
        return self.label


class MarginClass(models.Model):
    """A maturity class and the mass margin it needs (ESA margin philosophy SRE-PA/2011.097 by default)."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="margin_classes")
    code = models.CharField(_("class"), max_length=4)
    label = models.CharField(_("label"), max_length=120)
    percent = models.DecimalField(_("margin, %"), max_digits=5, decimal_places=2, validators=NOT_NEGATIVE)

    class Meta:
        verbose_name = _("maturity class")
        verbose_name_plural = _("maturity classes")
        ordering = ["percent", "code"]
        constraints = [models.UniqueConstraint(fields=["call", "code"], name="margin_class_once")]

    def __str__(self) -> str:
        return self.label
