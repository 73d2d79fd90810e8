"""The call itself: its envelope and its public text."""

from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from proposals.calls.states import CapBasis, CapEffect, Change, Form, Level, TopicKind

NOT_NEGATIVE = [MinValueValidator(0)]


def all_levels() -> list[str]:
    """Every level: what a new call allows."""
    return list(Level.values)


def all_forms() -> list[str]:
    """Every form: what a new call allows."""
    return list(Form.values)


class CallQuerySet(models.QuerySet["Call"]):
    """Ways to ask for calls."""

    def published(self) -> "CallQuerySet":
        """Shown to the public."""
        return self.filter(is_published=True)

    def visible_to(self, user: Any) -> "CallQuerySet":
        """Everyone sees what is published; staff also see what is being prepared."""
        return self.all() if user.is_active and getattr(user, "reads_all", False) else self.published()

    def open(self, now: datetime) -> "CallQuerySet":
        """With a phase that takes proposals at this instant."""
        return self.published().filter(phases__opens_at__lte=now, phases__closes_at__gte=now).distinct()


class Call(models.Model):
    """One invitation to propose; a figure left empty means "not yet published" and is not checked."""

    code = models.CharField(
        _("code"),
        max_length=8,
        unique=True,
        validators=[RegexValidator(r"^[A-Z][A-Z0-9]{1,7}$", _("2 to 8 capital letters and digits, such as CE8."))],
        help_text=_("Begins every reference, such as CE8-7KQ4M."),
    )
    slug = models.SlugField(_("address"), max_length=60, unique=True)
    title = models.CharField(_("title"), max_length=200)
    summary = models.TextField(_("summary"))
    description = models.TextField(_("description"), blank=True)
    is_published = models.BooleanField(_("published"), default=False)
    is_synthetic = models.BooleanField(_("synthetic"), default=False)
    source = models.CharField(_("source"), max_length=300, blank=True)
    levels = ArrayField(models.CharField(max_length=10, choices=Level), verbose_name=_("levels allowed"), default=all_levels)
    forms = ArrayField(
        models.CharField(max_length=14, choices=Form), verbose_name=_("forms allowed"), default=all_forms, blank=True
    )
    total_mass_kg = models.DecimalField(
        _("mass offered in all, kg"), max_digits=9, decimal_places=3, null=True, blank=True, validators=NOT_NEGATIVE
    )
    module_mass_kg = models.DecimalField(
        _("cap for one module, kg"), max_digits=9, decimal_places=3, null=True, blank=True, validators=NOT_NEGATIVE
    )
    cap_basis = models.CharField(_("mass held against caps"), max_length=12, choices=CapBasis, default="with_margin")
    cap_effect = models.CharField(_("above a cap"), max_length=6, choices=CapEffect, default=CapEffect.BLOCK)
    system_margin_percent = models.DecimalField(
        _("system margin, %"), max_digits=5, decimal_places=2, default=0, validators=NOT_NEGATIVE
    )
    power_w = models.DecimalField(_("power, W"), max_digits=9, decimal_places=3, null=True, blank=True, validators=NOT_NEGATIVE)
    data_mbit_day = models.DecimalField(
        _("data, Mbit/day"), max_digits=12, decimal_places=3, null=True, blank=True, validators=NOT_NEGATIVE
    )
    width_mm = models.PositiveIntegerField(_("width, mm"), null=True, blank=True)
    depth_mm = models.PositiveIntegerField(_("depth, mm"), null=True, blank=True)
    height_mm = models.PositiveIntegerField(_("height, mm"), null=True, blank=True)
    temperature_min_c = models.DecimalField(_("lowest temperature, °C"), max_digits=6, decimal_places=1, null=True, blank=True)
    temperature_max_c = models.DecimalField(_("highest temperature, °C"), max_digits=6, decimal_places=1, null=True, blank=True)
    revision = models.PositiveIntegerField(default=1, editable=False)

    objects = CallQuerySet.as_manager()

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(temperature_min_c=None)
                | Q(temperature_max_c=None)
                | Q(temperature_min_c__lte=models.F("temperature_max_c")),
                name="call_temperatures_in_order",
                violation_error_message=_("The lowest temperature is above the highest."),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Topic(models.Model):
    """A priority, a science aim or a candidate site of a call."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="topics")
    kind = models.CharField(_("kind"), max_length=10, choices=TopicKind)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    title = models.CharField(_("title"), max_length=250)
    text = models.TextField(_("text"), blank=True)

    class Meta:
        verbose_name = _("priority, aim or site")
        verbose_name_plural = _("priorities, aims and sites")
        ordering = ["kind", "position", "id"]

    def __str__(self) -> str:
        return self.title


class Document(models.Model):
    """A file of the call that anyone may download."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="documents")
    title = models.CharField(_("title"), max_length=200)
    language = models.CharField(_("language"), max_length=12, default="en")
    file = models.FileField(_("file"), upload_to="calls/%Y/")
    sha256 = models.CharField(_("SHA-256"), max_length=64, editable=False, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.title


class PublicAnswer(models.Model):
    """A question about the call, answered for everyone."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="answers")
    question = models.TextField(_("question"))
    answer = models.TextField(_("answer"))
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("question and answer")
        verbose_name_plural = _("questions and answers")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.question[:80]


class AnnouncedProject(models.Model):
    """A selected project as its operator announced it; published facts only, with their source."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="announced")
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    title = models.CharField(_("title"), max_length=250)
    organisations = models.CharField(_("organisations as announced"), max_length=500)
    countries = CountryField(verbose_name=_("countries or regions"), multiple=True, blank=True, max_length=200)
    mass_kg = models.DecimalField(_("published mass, kg"), max_digits=9, decimal_places=3, null=True, blank=True)
    level = models.CharField(_("level"), max_length=10, choices=Level, blank=True)
    source = models.CharField(_("source"), max_length=300)
    change = models.CharField(_("what became of it"), max_length=12, choices=Change, blank=True, default="", db_default="")
    changed_on = models.DateField(_("changed on"), null=True, blank=True)

    class Meta:
        verbose_name = _("announced project")
        verbose_name_plural = _("announced projects")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.title
