"""The payload data sheet: modules with their mass budget and what they need of the lander."""

from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from proposals.intake.models.proposal import Proposal
from proposals.intake.states import ElementKind


def quantity(label: Any, *, digits: int = 12, places: int = 3, signed: bool = False) -> "models.DecimalField[Any, Any]":
    """A decimal figure that may be unknown; its unit is the suffix of the field's name."""
    validators = [] if signed else [MinValueValidator(0)]
    return models.DecimalField(label, max_digits=digits, decimal_places=places, null=True, blank=True, validators=validators)


class Module(models.Model):
    """One independent module of a payload proposal; the per-module cap applies to it."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="modules")
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    name = models.CharField(_("name of the module"), max_length=120, blank=True)
    power_average_w = quantity(_("average power"))
    power_peak_w = quantity(_("peak power"))
    power_survival_w = quantity(_("survival or night power"))
    bus_voltage_v = quantity(_("bus voltage"))
    energy_wh_day = quantity(_("energy per lunar day"))
    stowed_x_mm = quantity(_("stowed length (x)"), places=1)
    stowed_y_mm = quantity(_("stowed width (y)"), places=1)
    stowed_z_mm = quantity(_("stowed height (z)"), places=1)
    deployed_x_mm = quantity(_("deployed length (x)"), places=1)
    deployed_y_mm = quantity(_("deployed width (y)"), places=1)
    deployed_z_mm = quantity(_("deployed height (z)"), places=1)
    cog_x_mm = quantity(_("centre of gravity, x"), places=1, signed=True)
    cog_y_mm = quantity(_("centre of gravity, y"), places=1, signed=True)
    cog_z_mm = quantity(_("centre of gravity, z"), places=1, signed=True)
    data_mbit_day = quantity(_("data volume"))
    data_peak_kbit_s = quantity(_("peak data rate"))
    command_kbit_s = quantity(_("command rate"))
    latency_s = quantity(_("latency tolerated"))
    storage_mbit = quantity(_("storage needed on the lander"))
    operating_min_c = quantity(_("operating temperature, lowest"), digits=6, places=1, signed=True)
    operating_max_c = quantity(_("operating temperature, highest"), digits=6, places=1, signed=True)
    survival_min_c = quantity(_("survival temperature, lowest"), digits=6, places=1, signed=True)
    survival_max_c = quantity(_("survival temperature, highest"), digits=6, places=1, signed=True)
    night_concept = models.TextField(_("how it survives the night"), max_length=2000, blank=True)
    mounting = models.CharField(_("place: deck, side, deployed or free"), max_length=120, blank=True)
    field_of_view = models.CharField(_("field of view and pointing"), max_length=300, blank=True)
    clear_zone = models.CharField(_("clear zone"), max_length=300, blank=True)
    handling = models.CharField(_("crane or robot handling, mobility"), max_length=300, blank=True)
    environment = models.TextField(
        _("limits given and needed: EMC, magnetic, vibration, dust, plume"), max_length=2000, blank=True
    )
    hazards = models.TextField(
        _("hazards: pyros, pressure, toxic, laser class, RF emitter, biological material"), max_length=2000, blank=True
    )
    radioactive_source = models.CharField(_("radioactive source: nuclide"), max_length=120, blank=True)
    radioactivity_bq = quantity(_("activity"), digits=18, places=0)
    battery_wh = quantity(_("batteries"))
    organics_kg = quantity(_("organic material"))

    class Meta:
        verbose_name = _("module")
        verbose_name_plural = _("modules")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["proposal", "position"], name="module_position_once"),
            models.CheckConstraint(
                condition=Q(operating_min_c=None) | Q(operating_max_c=None) | Q(operating_min_c__lte=F("operating_max_c")),
                name="module_operating_in_order",
                violation_error_message=_("The lowest operating temperature is above the highest."),
            ),
            models.CheckConstraint(
                condition=Q(survival_min_c=None) | Q(survival_max_c=None) | Q(survival_min_c__lte=F("survival_max_c")),
                name="module_survival_in_order",
                violation_error_message=_("The lowest survival temperature is above the highest."),
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(_("Module %(n)d") % {"n": self.position})


class MassElement(models.Model):
    """One line of a module's mass budget: best estimate and margin; with margin = CBE x (1 + margin/100)."""

    module = models.ForeignKey(Module, models.CASCADE, related_name="elements")
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    name = models.CharField(_("element"), max_length=120)
    kind = models.CharField(_("kind"), max_length=8, choices=ElementKind, default=ElementKind.PAYLOAD)
    cbe_kg = models.DecimalField(
        _("current best estimate (CBE)"), max_digits=9, decimal_places=3, validators=[MinValueValidator(0)]
    )
    maturity = models.CharField(_("maturity class"), max_length=4, blank=True)
    margin_percent = models.DecimalField(
        _("margin"), max_digits=5, decimal_places=2, default=0, validators=[MinValueValidator(0)]
    )
    margin_reason = models.CharField(_("reason for another margin"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("mass element")
        verbose_name_plural = _("mass elements")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(cbe_kg__gte=0, margin_percent__gte=0), name="mass_element_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name
