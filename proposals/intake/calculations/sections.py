"""The pages of the form: which fields each holds, and for which levels and forms it is asked.

What a phase asks is data (`Asked`); this is the catalogue it chooses from. A field is named
`title` (proposal), `module.power_peak_w` (payload sheet) or `mission.wet_mass_kg` (mission sheet);
the unit is the end of its name. Names in SPECIAL are answered by more than one column.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from proposals.calls.states import PAYLOAD_LEVELS, Form, Level

Label = str | Promise
PAYLOAD = frozenset(PAYLOAD_LEVELS)
MISSION = frozenset({Level.MISSION})
EVERY = PAYLOAD | MISSION


@dataclass(frozen=True)
class Section:
    """One page: its key in addresses, its title, its fields, and who is asked."""

    key: str
    title: Label
    fields: tuple[str, ...]
    levels: frozenset[Level] = EVERY
    asked_when: Callable[[Collection[str]], bool] = lambda forms: True  # noqa: ARG005  # most pages do not depend on forms

    def suits(self, level: str, forms: Collection[str]) -> bool:
        """Whether a proposal of this level and these forms is asked this page at all."""
        return level in self.levels and self.asked_when(forms)


def works_in_orbit(forms: Collection[str]) -> bool:
    """A craft that is launched to an orbit, or that meets the other in one; a lander that interacts gives its site."""
    return Form.LAUNCH_ORBIT in forms or (Form.INTERACTION in forms and Form.SURFACE not in forms)


def _of(prefix: str, names: str) -> tuple[str, ...]:
    return tuple(f"{prefix}.{name}" for name in names.split())


SECTIONS: tuple[Section, ...] = (
    Section("summary", _("Title and abstract"), ("title", "acronym", "abstract", "keywords")),
    Section("science", _("Aims and objectives"), ("objectives", "aims", "payload_class")),
    Section("organisations", _("Lead and partner organisations"), ("lead", "participations")),
    Section("team", _("Team and contacts"), ("pi", "contacts")),
    Section("mass", _("Modules and mass"), ("modules",), PAYLOAD),
    Section(
        "power",
        _("Power and data"),
        _of(
            "module",
            "power_average_w power_peak_w power_survival_w bus_voltage_v energy_wh_day data_mbit_day "
            "data_peak_kbit_s command_kbit_s latency_s storage_mbit",
        ),
        PAYLOAD,
    ),
    Section(
        "envelope",
        _("Size and accommodation"),
        _of(
            "module",
            "stowed_x_mm stowed_y_mm stowed_z_mm deployed_x_mm deployed_y_mm deployed_z_mm "
            "cog_x_mm cog_y_mm cog_z_mm mounting field_of_view clear_zone handling",
        ),
        PAYLOAD,
    ),
    Section(
        "environment",
        _("Temperature, environment and hazards"),
        _of(
            "module",
            "operating_min_c operating_max_c survival_min_c survival_max_c night_concept environment hazards "
            "radioactive_source radioactivity_bq battery_wh organics_kg",
        ),
        PAYLOAD,
    ),
    Section(
        "craft",
        _("Your spacecraft"),
        _of(
            "mission",
            "craft_name craft_kind wet_mass_kg dry_mass_kg craft_heritage craft_trl design_life_months operator craft_funding",
        ),
        MISSION,
    ),
    Section(
        "launch",
        _("Launch and arrival"),
        _of(
            "mission",
            "launch_vehicle launch_status launch_site launch_from_on launch_to_on trajectory arrival_on "
            "launch_fallback date_tolerance_days",
        ),
        MISSION,
    ),
    Section(
        "orbit",
        _("Orbit"),
        _of("mission", "orbit_kind periselene_km aposelene_km inclination_deg period_h epoch"),
        MISSION,
        works_in_orbit,
    ),
    Section(
        "site",
        _("Landing site"),
        _of("mission", "latitude_deg longitude_deg ellipse_km separation_m plume_keep_out_m"),
        MISSION,
        lambda forms: Form.SURFACE in forms,
    ),
    Section(
        "interaction",
        _("Interaction between the spacecraft"),
        _of(
            "mission",
            "interactions interface_standard closest_approach_m relative_speed_m_s abort_rule commander",
        ),
        MISSION,
        lambda forms: Form.INTERACTION in forms,
    ),
    Section(
        "communications",
        _("Communications"),
        _of(
            "mission",
            "band link_direction centre_mhz bandwidth_mhz eirp_dbw protocol itu_filing relay_mbit_day ground_stations",
        ),
        MISSION,
    ),
    Section(
        "operations",
        _("Operations, law and exchange"),
        _of("mission", "operations launching_state registry_state authorisation disposal exchange"),
        MISSION,
    ),
    Section(
        "maturity",
        _("Maturity and heritage"),
        ("trl", "trl6_on", "heritage", "critical_technology", "model_philosophy"),
        PAYLOAD,
    ),
    Section(
        "cost",
        _("Cost, schedule and risks"),
        ("cost_amount", "cost_currency", "funding_secured_percent", "schedule", "risks"),
    ),
    Section("export", _("Export control and planetary protection"), ("export_origin", "export_licence", "planetary_category")),
    Section("agreements", _("Data policy and publication"), ("data_policy_agreed", "publication_plan")),
    Section("questions", _("Questions of this call"), ("questions",)),
    Section("endorsement", _("Endorsement"), ("endorsement",)),
    Section("files", _("Files"), ("attachments",)),
)
BY_KEY = {section.key: section for section in SECTIONS}
SPECIAL = frozenset({"aims", "lead", "participations", "pi", "contacts", "modules", "questions", "endorsement", "attachments"})
ALWAYS = frozenset({"title", "lead", "participations", "pi", "contacts", "modules", "attachments"})

# The letter of intent as shipped: what a phase asks when its own list is empty (True: required).
LETTER_OF_INTENT: dict[str, bool] = {
    "title": True,
    "acronym": False,
    "abstract": True,
    "keywords": False,
    "aims": True,
    "payload_class": True,
    "lead": True,
    "participations": False,
    "pi": True,
    "contacts": True,
    "modules": True,
    "module.power_average_w": True,
    "module.power_peak_w": True,
    "module.data_mbit_day": False,
    "module.stowed_x_mm": True,
    "module.stowed_y_mm": True,
    "module.stowed_z_mm": True,
    "module.mounting": False,
    "mission.craft_name": True,
    "mission.craft_kind": True,
    "mission.wet_mass_kg": True,
    "mission.dry_mass_kg": False,
    "mission.launch_vehicle": True,
    "mission.launch_status": True,
    "mission.launch_from_on": True,
    "mission.launch_to_on": True,
    "mission.date_tolerance_days": False,
    "mission.orbit_kind": True,
    "mission.periselene_km": True,
    "mission.aposelene_km": True,
    "mission.inclination_deg": False,
    "mission.latitude_deg": True,
    "mission.longitude_deg": True,
    "mission.separation_m": False,
    "mission.interactions": True,
    "mission.closest_approach_m": False,
    "mission.abort_rule": False,
    "trl": True,
    "heritage": False,
    "export_origin": True,
    "export_licence": True,
    "endorsement": False,
    "attachments": False,
    "questions": False,
}

UNITS: dict[str, Label] = {
    "kg": "kg",
    "w": "W",
    "v": "V",
    "wh": "Wh",
    "wh_day": "Wh",
    "mm": "mm",
    "mbit_day": "Mbit/day",
    "kbit_s": "kbit/s",
    "mbit": "Mbit",
    "s": "s",
    "c": "°C",
    "bq": "Bq",
    "percent": "%",
    "km": "km",
    "m": "m",
    "m_s": "m/s",
    "deg": "°",
    "h": "h",
    "mhz": "MHz",
    "dbw": "dBW",
    "months": _("months"),
    "days": _("days"),
}


def unit_of(field: str) -> Label:
    """The unit that a field's name ends in; "" for a field without one."""
    if not any(field.endswith(f"_{unit}") for unit in UNITS):
        return ""
    return UNITS[max((unit for unit in UNITS if field.endswith(f"_{unit}")), key=len)]


def known_fields() -> list[str]:
    """Every name that `Asked.field` may hold, in the order of the pages."""
    return [field for section in SECTIONS for field in section.fields]


def asked_of(asked: dict[str, bool], level: str, forms: Collection[str]) -> dict[str, dict[str, bool]]:
    """Per section key, the fields asked of this level and these forms, and whether each is required."""
    chosen = dict.fromkeys(ALWAYS, True) | {"participations": False, "attachments": False} | (asked or LETTER_OF_INTENT)
    pages: dict[str, dict[str, bool]] = {}
    for section in SECTIONS:
        if section.suits(level, forms):
            fields = {name: chosen[name] for name in section.fields if name in chosen and _suits(name, level)}
            if fields:
                pages[section.key] = fields
    return pages


def _suits(field: str, level: str) -> bool:
    """A payload class means nothing for an own spacecraft."""
    return field != "payload_class" or level in PAYLOAD
