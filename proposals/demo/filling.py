"""Fills the pages of one synthetic proposal, as its author would."""

import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from proposals.calls.models import Call, Topic
from proposals.calls.states import Level, TopicKind
from proposals.demo.people import person
from proposals.intake import actions
from proposals.intake.models import Proposal, Section
from proposals.partners.models import Organisation, User

NAMESPACE = uuid.UUID("5b1a3c6e-8e3f-4a53-9a3c-0c6f3d1f6a10")
WITH_PASSWORD = {"U01", "U14", "S01", "S03", "S04"}
COMMON_ORBIT = ("periselene_km", "aposelene_km", "inclination_deg", "period_h")
# Where the data's names differ from the sheet's, per page: name in the data -> column.
CRAFT = {"name": "craft_name", "kind": "craft_kind", "heritage": "craft_heritage", "trl": "craft_trl"} | {
    name: name for name in ("wet_mass_kg", "dry_mass_kg", "design_life_months", "operator")
}
LAUNCH = {
    "vehicle": "launch_vehicle",
    "vehicle_status": "launch_status",
    "site": "launch_site",
    "window_from_on": "launch_from_on",
    "window_to_on": "launch_to_on",
    "trajectory": "trajectory",
    "arrival": "arrival_on",
    "fallback": "launch_fallback",
    "dependence_days": "date_tolerance_days",
}
ORBIT = {"kind": "orbit_kind", **{name: name for name in COMMON_ORBIT}}
SITE = {name: name for name in ("latitude_deg", "longitude_deg", "ellipse_km", "separation_m")}
INTERACTION = {"kinds": "interactions"} | {
    name: name for name in ("closest_approach_m", "relative_speed_m_s", "abort_rule", "commander")
}
RADIO = {"band": "band", "direction": "link_direction", "protocol": "protocol", "itu_filing": "itu_filing"} | {
    name: name for name in ("centre_mhz", "bandwidth_mhz", "eirp_dbw", "relay_mbit_day")
}
LAW = {name: name for name in ("launching_state", "registry_state", "disposal")}
SHEET = (
    ("craft", "craft", CRAFT),
    ("launch", "launch", LAUNCH),
    ("orbit", "orbit", ORBIT),
    ("site", "site", SITE),
    ("interaction", "interaction", INTERACTION),
    ("communications", "communications", RADIO),
    ("operations", "law", LAW),
)


class Filing:
    """One synthetic proposal on its way: who files it, and the clock that its steps move on."""

    def __init__(self, entry: dict[str, Any], call: Call, bodies: list[Organisation], desk: User, begins: datetime) -> None:
        self.entry, self.call, self.bodies, self.desk, self.now = entry, call, bodies, desk, begins
        self.lead = bodies[entry["lead"]]
        self.author = person(entry["team"][0], self.lead, now=begins, by=desk, can_sign_in=entry["key"] in WITH_PASSWORD)

    @property
    def request_key(self) -> uuid.UUID:
        """The same for every seeding, so that a second one finds the first one's proposal."""
        return uuid.uuid5(NAMESPACE, self.entry["key"])

    def later(self, **by: float) -> datetime:
        """Move this filing's clock on."""
        self.now += timedelta(**by)
        return self.now

    def begin(self) -> Proposal:
        """Start the draft and fill its pages."""
        entry = self.entry
        proposal = actions.start(
            self.call, level=entry["level"], forms=entry["forms"], by=self.author, now=self.now, request_key=self.request_key
        )
        self.fill(proposal)
        return proposal

    def page(self, proposal: Proposal, key: str, values: dict[str, Any]) -> None:
        """Save one page of plain fields; what the data leaves open stays open."""
        revision = Section.objects.filter(proposal=proposal, key=key).values_list("revision", flat=True).first() or 0
        given = {name: value for name, value in values.items() if value not in (None, "")}
        actions.save_section(proposal, key=key, values=given, revision=revision, by=self.author, now=self.later(minutes=7))

    def fill(self, proposal: Proposal) -> None:
        """Every page that the data has something for."""
        entry = self.entry
        self.texts(proposal)
        actions.save_organisations(
            proposal,
            lead=self.lead,
            partners=[{**line, "organisation": self.bodies[line["organisation"]]} for line in entry["partners"]],
            revision=0,
            by=self.author,
            now=self.later(minutes=5),
        )
        self.team(proposal)
        export = entry["export_control"]
        licence = f"{export['licence_status'].replace('_', ' ')}: {export['note']}"[:200]
        self.page(proposal, "export", {"export_origin": export["origin"], "export_licence": licence})
        if entry["level"] == Level.MISSION:
            self.spacecraft(proposal)
        else:
            self.modules(proposal)
            self.page(proposal, "maturity", {"trl": entry["trl"], "heritage": entry["heritage"]})

    def texts(self, proposal: Proposal) -> None:
        """Title, abstract, aims and objectives."""
        entry = self.entry
        plain = {name: entry[name] for name in ("title", "acronym", "abstract")}
        self.page(proposal, "summary", {**plain, "keywords": ", ".join(entry["keywords"])})
        aims = list(Topic.objects.filter(call=self.call, kind=TopicKind.AIM))
        science = {
            "objectives": "\n".join(entry["objectives"]),
            "aims": [aims[number] for number in entry["aims"]],
            "payload_class": entry["payload_class"] if entry["level"] != Level.MISSION else "",
        }
        self.page(proposal, "science", science)

    def team(self, proposal: Proposal) -> None:
        """List everyone; the second person of every other team is invited and joins."""
        for number, entry in enumerate(self.entry["team"][1:], 1):
            body = self.bodies[entry["organisation"]]
            member = actions.list_member(
                proposal,
                full_name=entry["full_name"],
                native_name=entry["native_name"],
                email=entry["email"],
                role=entry["role"],
                organisation=body,
                by=self.author,
                now=self.later(minutes=1),
            )
            if number == 1 and int(self.entry["key"][1:]) % 2:
                invitation = actions.invite_member(member, by=self.author, now=self.now)
                invited = person(entry, body, now=self.now, by=self.desk, can_sign_in=False)
                actions.join_team(invitation, by=invited, now=self.later(hours=2))

    def modules(self, proposal: Proposal) -> None:
        """The mass budgets, then what each module needs of the lander."""
        percents = {margin.code: margin.percent for margin in self.call.margin_classes.all()}
        budgets = [
            (
                None,
                module["name"],
                [
                    {**line, "cbe_kg": Decimal(line["cbe_kg"]), "margin_percent": percents[line["maturity"]]}
                    for line in module["elements"]
                ],
            )
            for module in self.entry["modules"]
        ]
        actions.save_masses(proposal, budgets=budgets, revision=0, by=self.author, now=self.later(minutes=20))
        power: dict[str, Any] = {}
        envelope: dict[str, Any] = {}
        environment: dict[str, Any] = {}
        for row, module in zip(proposal.modules.order_by("position"), self.entry["modules"], strict=True):
            at = f"module.{row.pk}."
            for name in ("power_average_w", "power_peak_w", "power_survival_w", "data_mbit_day"):
                power[at + name] = decimal(module[name])
            power[at + "data_peak_kbit_s"] = decimal(module["peak_kbit_s"])
            for kind in ("stowed", "deployed"):
                for axis, value in zip("xyz", module[f"{kind}_mm"] or (), strict=False):
                    envelope[f"{at}{kind}_{axis}_mm"] = decimal(value)
            envelope[at + "mounting"] = module["accommodation"][:120]
            environment |= {at + name: decimal(value) for name, value in module["temperature"].items()}
        self.page(proposal, "power", power)
        self.page(proposal, "envelope", envelope)
        self.page(proposal, "environment", environment)

    def spacecraft(self, proposal: Proposal) -> None:
        """The mission sheet, page by page."""
        for key, part, names in SHEET:
            data = self.entry[part] or {}
            values = {f"mission.{names[name]}": typed(names[name], data.get(name)) for name in names}
            if data:
                self.page(proposal, key, values)


def decimal(value: Any) -> Decimal | None:
    """A figure of the data file, exactly."""
    return None if value is None else Decimal(str(value))


def typed(column: str, value: Any) -> Any:
    """A value of the data file as its column's type."""
    if column.endswith("_on"):
        return date.fromisoformat(value) if value else None
    if column.endswith(("_kg", "_km", "_deg", "_h", "_m", "_m_s", "_mhz", "_dbw", "_day")):
        return decimal(value)
    return value
