"""How a call is doing: what came when, of which level, form and country or region, and the mass asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import accumulate
from typing import Any

from django.db.models import CharField, Count, F, Func, Sum
from django.db.models.functions import TruncHour

from proposals.calls.models import Call
from proposals.calls.states import PAYLOAD_LEVELS
from proposals.intake.models import Proposal, ProposalQuerySet, Version
from proposals.intake.states import CLOSED

POINTS_AT_MOST = 200
HEAVIEST = 10
HEAVY = ("reference", "largest_module_kg")


@dataclass(frozen=True)
class Glance:
    """The figures of one call at one instant; "live" is submitted and neither withdrawn nor ineligible; masses in kg."""

    at: datetime
    filed: int
    live: int
    over_time: list[tuple[datetime, int]]
    by_level: list[tuple[str, int]]
    by_form: list[tuple[str, int]]
    by_country: list[tuple[str, int]]
    mass_kg: list[tuple[str, Decimal]]
    heaviest_kg: list[tuple[str, Decimal]]


def glance(call: Call, *, user: Any, now: datetime) -> Glance:
    """The figures of a call, over what this reader may know of; six statements however many proposals there are."""
    filed = Proposal.objects.visible_to(user).submitted().filter(call=call)
    live = filed.exclude(status__in=sorted(CLOSED))
    levels = list(live.values("level").annotate(n=Count("pk"), kg=Sum("mass_kg")).order_by("-n"))
    over_time = _over_time(filed)
    heaviest = live.filter(largest_module_kg__isnull=False).order_by("-largest_module_kg", "pk")
    return Glance(
        at=now,
        filed=over_time[-1][1] if over_time else 0,
        live=sum(row["n"] for row in levels),
        over_time=thinned(over_time),
        by_level=[(row["level"], row["n"]) for row in levels],
        by_form=_by_member(live, "forms"),
        by_country=_by_member(live, "countries"),
        mass_kg=[(row["level"], row["kg"] or Decimal(0)) for row in levels if row["level"] in PAYLOAD_LEVELS],
        heaviest_kg=[(str(p.reference), p.largest_module_kg or Decimal(0)) for p in heaviest.only(*HEAVY)[:HEAVIEST]],
    )


def _over_time(filed: ProposalQuerySet) -> list[tuple[datetime, int]]:
    """How many had come by the end of each hour in which one came: by their first version."""
    first = Version.objects.filter(number=1, proposal__in=filed.values("pk"))
    hours = list(first.annotate(hour=TruncHour("frozen_at")).values("hour").annotate(n=Count("pk")).order_by("hour"))
    return list(zip((row["hour"] for row in hours), accumulate(row["n"] for row in hours), strict=True))


def thinned(points: list[tuple[datetime, int]]) -> list[tuple[datetime, int]]:
    """At most 200 points of a stair, the last one always among them."""
    step = max(1, -(-len(points) // POINTS_AT_MOST))
    return points[::-1][::step][::-1]


def _by_member(proposals: Iterable[Any], column: str) -> list[tuple[str, int]]:
    """How many proposals name each member of an array, most first; one proposal counts under each of its members."""
    each: Any = proposals
    members = each.annotate(member=Func(F(column), function="unnest", output_field=CharField()))
    counted = members.values("member").annotate(n=Count("pk")).order_by("-n", "member")
    return list(counted.values_list("member", "n"))
