"""The masses of a proposal against the caps of its call."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from proposals.calls.states import PAYLOAD_LEVELS, CapBasis, CapEffect
from proposals.intake.calculations.mass import Budget, Excess, budget, excesses
from proposals.intake.calculations.numbers import write_number
from proposals.intake.models import MassElement, Module, Proposal
from proposals.intake.queries.at_hand import PROPOSAL
from proposals.partners.gateways import Compiled

_MODULES = Compiled(lambda: Module.objects.filter(proposal=PROPOSAL))
_ELEMENTS = Compiled(lambda: MassElement.objects.filter(module__proposal=PROPOSAL))


@dataclass(frozen=True)
class MassReport:
    """Per module and in all: best estimate and mass with margin (kg), and the caps passed."""

    modules: list[tuple[Module, Budget]]
    total: Budget
    excesses: list[Excess]
    blocks: bool

    def facts(self) -> dict[str, Any]:
        """The columns of the proposal that follow: masses in kg, None without a module."""
        return {
            "mass_cbe_kg": self.total.cbe_kg if self.modules else None,
            "mass_kg": self.total.mass_kg if self.modules else None,
            "largest_module_kg": max((budget.mass_kg for _module, budget in self.modules), default=None),
            "is_over_cap": bool(self.excesses),
        }

    def sentences(self) -> list[str]:
        """What is over which cap, and what to do, in words."""
        return [self._sentence(excess) for excess in self.excesses]

    def _sentence(self, excess: Excess) -> str:
        figures = {"mass": write_number(f"{excess.mass_kg:.3f}"), "cap": write_number(f"{excess.cap_kg:.3f}")}
        if excess.module is None:
            return (
                _("All modules together are %(mass)s kg; the call offers %(cap)s kg. Lower a mass or leave out a module.")
                % figures
            )
        return _(
            "%(module)s is %(mass)s kg; the call allows %(cap)s kg a module. Lower a mass, "
            "or choose a smaller margin with a reason."
        ) % {**figures, "module": str(self.modules[excess.module - 1][0])}


def _budget(elements: Iterable[MassElement], rules: tuple[Decimal, bool]) -> Budget:
    """One budget by the call's rules: its system margin in percent, and whether caps test the best estimate alone."""
    return budget(elements, system_margin_percent=rules[0], on_cbe=rules[1])


def modules_of(proposal: Proposal) -> list[Module]:
    """A proposal's modules in their order. One query."""
    return _MODULES(proposal=proposal.pk)


def weighed_modules(proposal: Proposal) -> list[Module]:
    """A proposal's modules in their order, each with its elements at hand. Two queries, one without a module."""
    modules = modules_of(proposal)
    by_module: defaultdict[int, list[MassElement]] = defaultdict(list)
    for element in _ELEMENTS(proposal=proposal.pk) if modules else []:
        by_module[element.module_id].append(element)
    for module in modules:
        rows: Any = module.elements.all()
        # where Django's own prefetching, which compiles its query each time, puts them
        rows._result_cache = by_module[module.pk]  # noqa: SLF001
        module._prefetched_objects_cache = {"elements": rows}  # type: ignore[attr-defined]  # noqa: SLF001
    return modules


def mass_report(proposal: Proposal) -> MassReport:
    """Sum a payload proposal's modules; mission level has none and no caps. Two queries."""
    call = proposal.call
    modules = weighed_modules(proposal) if proposal.level in PAYLOAD_LEVELS else []
    rules: tuple[Decimal, bool] = (call.system_margin_percent, call.cap_basis == CapBasis.CBE)
    each = [_budget(module.elements.all(), rules) for module in modules]
    elements: list[MassElement] = [element for module in modules for element in module.elements.all()]
    total = _budget(elements, rules)
    found: list[Excess] = []
    if proposal.level in PAYLOAD_LEVELS:
        found = excesses(each, total, module_cap=call.module_mass_kg, total_cap=call.total_mass_kg)
    return MassReport(list(zip(modules, each, strict=True)), total, found, bool(found) and call.cap_effect == CapEffect.BLOCK)
