"""Published calls and the public directory, as rows; the synthetic round counts its days from seeding."""

import json
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from proposals.calls.models import (
    AnnouncedProject,
    Asked,
    Call,
    Criterion,
    DependentDate,
    MarginClass,
    Phase,
    PublicAnswer,
    Topic,
)
from proposals.calls.states import PhaseKind, TopicKind
from proposals.intake.calculations.sections import LETTER_OF_INTENT, known_fields
from proposals.partners.models import Organisation, User

DATA = Path(__file__).parent / "data"
BEIJING = ZoneInfo("Asia/Shanghai")
FIRST_CLOSE_DAYS = -5  # the demonstration round was extended once, as such rounds are


@cache
def load(name: str) -> Any:
    """One of the shipped data files."""
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def seed_directory(by: User | None, now: datetime) -> int:
    """Add the organisations of the public directory that are not there yet; returns how many."""
    known = set(Organisation.objects.directory().values_list("name", flat=True))
    rows = [
        Organisation(
            name=entry["name"],
            acronym=entry["acronym"],
            native_name=entry["native_name"],
            aliases=entry["aliases"],
            kind=entry["kind"],
            country=entry["country"] or "",
            in_directory=True,
            confirmed_at=now,
            confirmed_by=by,
        )
        for entry in load("directory")
        if entry["name"] not in known
    ]
    Organisation.objects.bulk_create(rows)
    return len(rows)


def seed_calls(now: datetime) -> list[Call]:
    """Add the calls that are not there yet, each with all its rows."""
    known = set(Call.objects.values_list("code", flat=True))
    return [make_call(entry, now) for entry in load("calls") if entry["code"] not in known]


def instant(value: str | int, now: datetime, *, at: time = time(23, 59)) -> datetime:
    """An ISO instant; or a day counted from seeding, in Beijing, at a time of that day."""
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    return datetime.combine(now.astimezone(BEIJING).date() + timedelta(days=value), at, BEIJING)


def make_call(entry: dict[str, Any], now: datetime) -> Call:
    """Add a call with all its rows, as its entry in the data says."""
    width, depth, height = entry["envelope_mm"] or (None, None, None)
    plain = (
        "code slug title summary description levels forms total_mass_kg module_mass_kg power_w data_mbit_day "
        "temperature_min_c temperature_max_c cap_basis cap_effect system_margin_percent source"
    )
    call = Call.objects.create(
        **{name: entry[name] for name in plain.split()},
        width_mm=width,
        depth_mm=depth,
        height_mm=height,
        is_published=True,
        is_synthetic=entry["synthetic"],
    )
    for kind, key in ((TopicKind.PRIORITY, "priorities"), (TopicKind.AIM, "aims"), (TopicKind.SITE, "sites")):
        Topic.objects.bulk_create(Topic(call=call, kind=kind, position=n, title=title) for n, title in enumerate(entry[key], 1))
    MarginClass.objects.bulk_create(
        MarginClass(call=call, code=item["code"], label=item["label"], percent=item["percent"])
        for item in load("vocabularies")["margin_classes"]["items"]
    )
    PublicAnswer.objects.bulk_create(
        PublicAnswer(call=call, question=item["question"], answer=item["answer"], published_at=now, position=n)
        for n, item in enumerate(entry["faq"], 1)
    )
    for number, phase in enumerate(entry["phases"], 1):
        _phase(call, number, phase, entry, now)
    _announced(call)
    return call


def _phase(call: Call, number: int, entry: dict[str, Any], whole: dict[str, Any], now: datetime) -> None:
    closes, late = entry["closes_at"], entry.get("late_until")
    if entry.get("relative_days") and late is not None:  # before its extension: the same days of grace
        closes, late = FIRST_CLOSE_DAYS, FIRST_CLOSE_DAYS + late - closes
    phase = Phase.objects.create(
        call=call,
        kind=entry["kind"],
        position=number,
        title=entry["title"],
        opens_at=instant(entry["opens_at"], now, at=time(0)),
        closes_at=instant(closes, now),
        late_until=None if late is None else instant(late, now),
        zone=entry["zone"],
        two_key=entry.get("two_key", False),
    )
    asked = LETTER_OF_INTENT if entry["kind"] == PhaseKind.LOI else dict.fromkeys(known_fields(), False) | LETTER_OF_INTENT
    Asked.objects.bulk_create(Asked(phase=phase, field=name, required=required) for name, required in asked.items())
    Criterion.objects.bulk_create(
        Criterion(
            phase=phase,
            position=n,
            name=item["name"],
            description=item["description"],
            weight=Decimal(item["weight"]),
            maximum=Decimal(item["maximum"]),
            pass_minimum=Decimal(item["pass_minimum"]),
        )
        for n, item in enumerate(whole["criteria"], 1)
    )
    if number == 1:
        DependentDate.objects.bulk_create(
            DependentDate(phase=phase, label=item["label"], on=_day(item["on"], now), moves_with_deadline=False)
            for item in whole["dates"]
        )


def _day(value: Any, now: datetime) -> Any:
    if isinstance(value, int):
        return now.astimezone(BEIJING).date() + timedelta(days=value)
    return value


def _announced(call: Call) -> None:
    AnnouncedProject.objects.bulk_create(
        AnnouncedProject(
            call=call,
            position=entry["number"],
            title=entry["title"],
            organisations=", ".join(body["name"] for body in entry["organisations"])[:500],
            countries=",".join(country for country in entry["countries"] if country),
            mass_kg=entry["mass_kg"],
            level=entry["level"] or "",
            source=entry["source"][:300],
        )
        for entry in load("announced")
        if entry["call"] == call.code
    )
