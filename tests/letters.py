"""Two letters of intent of a fictional institute, page by page, as their authors type them."""

CALL = "/calls/chang-e-8-demonstration-round/"
ORGANISATION = "Talweg Institute of Planetary Radar"

SUMMARY = "Title and abstract"
TEAM = "Team and contacts"
MASSES = "Modules and mass"
PAYLOAD_TITLE = "Talweg: a ground-penetrating radar for the landing site"
PAYLOAD_ABSTRACT = "A radar of two frequencies maps ice and layers down to 30 m below the lander."
PAYLOAD: dict[str, dict[str, str]] = {
    SUMMARY: {"Title": PAYLOAD_TITLE, "Acronym (optional)": "TWG", "Abstract": PAYLOAD_ABSTRACT},
    "Aims and objectives": {
        "Geological profile of the region around the landing site": "yes",
        "Payload class": "geophysics",
    },
    MASSES: {},
    "Power and data": {"Average power": "12.5", "Peak power": "31", "Data volume (optional)": "1 850,5"},
    "Size and accommodation": {"Stowed length (x)": "320", "Stowed width (y)": "210", "Stowed height (z)": "95.5"},
    "Maturity and heritage": {"Technology readiness level (TRL) now": "4: breadboard, functions verified in the laboratory"},
    "Export control and planetary protection": {
        "Origin of controlled parts": "None: all parts are made by the partners.",
        "Export licence": "not required",
    },
}
ELEMENTS = (
    {"Element": "Antenna and electronics", "Best estimate (CBE)": "18.4", "Maturity class": "C: Minor change of design (10 %)"},
    {"Element": "Mounting plate", "Best estimate (CBE)": "1.25", "Maturity class": "D: New design (20 %)"},
)
# 18.4 kg + 10 %, 1.25 kg + 20 %
PAYLOAD_TOTALS = "Total: 19.650 kg best estimate, 21.740 kg with margin."

MISSION_TITLE = "Talweg Relay: a small orbiter that ranges with the lander"
FORMS = ("Launch and orbit operation", "Spacecraft-to-spacecraft interaction")
MISSION: dict[str, dict[str, str]] = {
    SUMMARY: {"Title": MISSION_TITLE, "Abstract": "A 300 kg orbiter relays data and ranges with the lander for a year."},
    "Aims and objectives": {"Study of the several physical fields of the Moon": "yes"},
    "Your spacecraft": {"Name of the spacecraft": "Talweg Relay", "Kind of spacecraft": "orbiter", "Wet mass": "300"},
    "Launch and arrival": {
        "Launch vehicle": "a medium launcher",
        "Status of the launch contract": "planned",
        "Launch window opens": "2029-03-01",
        "Launch window closes": "2029-09-30",
    },
    "Orbit": {"Type of orbit": "frozen polar", "Periselene altitude": "80", "Aposelene altitude": "2 400"},
    "Interaction between the spacecraft": {"relay": "yes", "ranging": "yes"},
    "Export control and planetary protection": {"Origin of controlled parts": "None.", "Export licence": "not required"},
}
