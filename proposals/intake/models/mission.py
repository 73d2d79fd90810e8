"""The mission-level data sheet: the partner's own spacecraft and how it works with the mission."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, TextChoices
from django.utils.translation import gettext_lazy as _

from proposals.intake.models.payload import quantity
from proposals.intake.models.proposal import Proposal


class Interaction(TextChoices):
    """What the two spacecraft do together."""

    RELAY = "relay", _("relay")
    RANGING = "ranging", _("ranging")
    CROSSLINK = "crosslink", _("crosslink")
    FORMATION = "formation", _("formation")
    IMAGING = "imaging", _("imaging")
    DOCKING = "docking", _("rendezvous or docking")
    POWER = "power", _("power transfer")
    SAMPLE = "sample", _("sample transfer")


def text(label: object, length: int = 300) -> "models.CharField[str, str]":
    """A short free text."""
    return models.CharField(label, max_length=length, blank=True)  # type: ignore[arg-type]


class MissionSheet(models.Model):
    """The mission-level block; which parts are asked follows from the forms ticked."""

    proposal = models.OneToOneField(Proposal, models.CASCADE, related_name="mission", primary_key=True)
    craft_name = text(_("name of the spacecraft"), 120)
    craft_kind = text(_("kind of spacecraft"), 120)
    wet_mass_kg = quantity(_("wet mass"))
    dry_mass_kg = quantity(_("dry mass"))
    craft_heritage = models.TextField(_("heritage of the spacecraft"), max_length=2000, blank=True)
    craft_trl = models.PositiveSmallIntegerField(_("TRL of the spacecraft"), null=True, blank=True)
    design_life_months = models.PositiveSmallIntegerField(_("design life"), null=True, blank=True)
    operator = text(_("operator"), 200)
    craft_funding = text(_("funding of the spacecraft"))
    launch_vehicle = text(_("launch vehicle"), 120)
    launch_status = text(_("status of the launch contract"), 120)
    launch_site = text(_("launch site"), 120)
    launch_from_on = models.DateField(_("launch window opens"), null=True, blank=True)
    launch_to_on = models.DateField(_("launch window closes"), null=True, blank=True)
    trajectory = text(_("trajectory"))
    arrival_on = models.DateField(_("arrival at the Moon"), null=True, blank=True)
    launch_fallback = models.TextField(_("fallback launch"), max_length=1000, blank=True)
    date_tolerance_days = models.PositiveSmallIntegerField(_("tolerance if the lander's launch moves"), null=True, blank=True)
    orbit_kind = text(_("type of orbit"), 120)
    periselene_km = quantity(_("periselene altitude"), places=1)
    aposelene_km = quantity(_("aposelene altitude"), places=1)
    inclination_deg = quantity(_("inclination"))
    period_h = quantity(_("period"))
    epoch = text(_("epoch"), 80)
    latitude_deg = quantity(_("landing latitude"), digits=8, places=4, signed=True)
    longitude_deg = quantity(_("landing longitude"), digits=8, places=4, signed=True)
    ellipse_km = quantity(_("landing ellipse, longest axis"))
    separation_m = quantity(_("separation from the lander"), places=1)
    plume_keep_out_m = quantity(_("keep-out distance for plumes"), places=1)
    interactions = ArrayField(
        models.CharField(max_length=10, choices=Interaction), verbose_name=_("interaction"), default=list, blank=True
    )
    interface_standard = text(_("interface standard"), 200)
    closest_approach_m = quantity(_("closest approach"), places=1)
    relative_speed_m_s = quantity(_("relative speed"))
    abort_rule = models.TextField(_("abort rule"), max_length=1000, blank=True)
    commander = text(_("who commands"), 200)
    band = text(_("frequency band"), 40)
    link_direction = text(_("direction of the link"), 80)
    centre_mhz = quantity(_("centre frequency"))
    bandwidth_mhz = quantity(_("bandwidth"))
    eirp_dbw = quantity(_("EIRP"), signed=True)
    protocol = text(_("CCSDS protocol"), 120)
    itu_filing = text(_("ITU filing and SFCG coordination"), 200)
    relay_mbit_day = quantity(_("relay need"))
    ground_stations = text(_("ground stations"))
    operations = models.TextField(
        _("operations: centres, shifts, languages, contact at all hours, anomaly rule"), max_length=2000, blank=True
    )
    launching_state = text(_("launching State or States"), 200)
    registry_state = text(_("State of registry"), 200)
    authorisation = text(_("liability and authorisation"))
    disposal = text(_("disposal at end of life"))
    exchange = models.TextField(_("what each side gives, data access, joint group"), max_length=4000, blank=True)

    class Meta:
        verbose_name = _("mission sheet")
        verbose_name_plural = _("mission sheets")
        constraints = [
            models.CheckConstraint(
                condition=Q(latitude_deg=None) | Q(latitude_deg__gte=-90, latitude_deg__lte=90),
                name="mission_latitude_in_range",
                violation_error_message=_("Latitude runs from -90 to 90 degrees."),
            ),
            models.CheckConstraint(
                condition=Q(longitude_deg=None) | Q(longitude_deg__gte=-180, longitude_deg__lte=360),
                name="mission_longitude_in_range",
                violation_error_message=_("Longitude runs from -180 to 360 degrees."),
            ),
            models.CheckConstraint(
                condition=Q(inclination_deg=None) | Q(inclination_deg__lte=180),
                name="mission_inclination_in_range",
                violation_error_message=_("Inclination runs from 0 to 180 degrees."),
            ),
            models.CheckConstraint(
                condition=Q(dry_mass_kg=None) | Q(wet_mass_kg=None) | Q(dry_mass_kg__lte=models.F("wet_mass_kg")),
                name="mission_dry_within_wet",
                violation_error_message=_("The dry mass is above the wet mass."),
            ),
            models.CheckConstraint(
                condition=Q(periselene_km=None) | Q(aposelene_km=None) | Q(periselene_km__lte=models.F("aposelene_km")),
                name="mission_periselene_within_aposelene",
                violation_error_message=_("The periselene is above the aposelene."),
            ),
        ]

    def __str__(self) -> str:
        return self.craft_name or str(_("Mission sheet"))
