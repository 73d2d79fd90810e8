"""The mass budget: best estimates, margins, totals and caps, exact to the gram."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

GRAM = Decimal("0.001")
HUNDRED = Decimal(100)


class Element(Protocol):
    """A line of the budget: best estimate in kg, margin in percent."""

    @property
    def cbe_kg(self) -> Decimal:
        """Current best estimate, kg."""

    @property
    def margin_percent(self) -> Decimal:
        """Margin, %."""


def to_gram(mass_kg: Decimal) -> Decimal:
    """A mass in kg rounded half up to the gram: what is shown is what is compared."""
    return mass_kg.quantize(GRAM, rounding=ROUND_HALF_UP)


def with_margin_kg(cbe_kg: Decimal, margin_percent: Decimal) -> Decimal:
    """CBE x (1 + margin/100), in kg, unrounded (ESA margin philosophy SRE-PA/2011.097)."""
    return cbe_kg * (HUNDRED + margin_percent) / HUNDRED


@dataclass(frozen=True)
class Budget:
    """A module's or a proposal's mass in kg, to the gram: best estimate, with margin, and what caps test."""

    cbe_kg: Decimal
    mass_kg: Decimal
    tested_kg: Decimal


def budget(elements: Iterable[Element], *, system_margin_percent: Decimal, on_cbe: bool) -> Budget:
    """Sum the elements exactly, add the system margin, round once."""
    cbe = total = Decimal(0)
    for element in elements:
        cbe += element.cbe_kg
        total += with_margin_kg(element.cbe_kg, element.margin_percent)
    total = with_margin_kg(total, system_margin_percent)
    return Budget(to_gram(cbe), to_gram(total), to_gram(cbe if on_cbe else total))


@dataclass(frozen=True)
class Excess:
    """A cap that is passed: which, by what mass, and the limit, in kg; `module` is None for the total."""

    module: int | None
    mass_kg: Decimal
    cap_kg: Decimal


def excesses(modules: Sequence[Budget], total: Budget, *, module_cap: Decimal | None, total_cap: Decimal | None) -> list[Excess]:
    """The caps passed; exactly at a cap passes the check, a gram above does not. A cap of None is not tested."""
    found = [
        Excess(number, module.tested_kg, module_cap)
        for number, module in enumerate(modules, 1)
        if module_cap is not None and module.tested_kg > module_cap
    ]
    if total_cap is not None and total.tested_kg > total_cap:
        found.append(Excess(None, total.tested_kg, total_cap))
    return found
