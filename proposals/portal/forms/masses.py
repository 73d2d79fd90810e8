"""The mass page: per module its elements with best estimate, maturity class and margin; rows come and go without a script."""

from collections.abc import Sequence
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proposals.calls.models import Call, MarginClass
from proposals.calls.states import CapBasis
from proposals.intake.calculations.mass import Budget, Excess, budget, excesses
from proposals.intake.models import MassElement, Module
from proposals.intake.states import ElementKind
from proposals.portal.forms.elements import ElementForm, Line
from proposals.portal.forms.fields import TextField
from proposals.portal.forms.sections import LenientForm

MODULES_AT_MOST, ELEMENTS_AT_MOST = 20, 60
FIRST_ROWS = list(ElementKind)  # a new module begins with a row of each kind


class ModuleForm(LenientForm):
    """A module's name, with its elements below."""

    name = TextField(limit=120, label=gettext_lazy("Name of the module"))

    def __init__(self, *args: Any, module: Module | None, number: int, quiet: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.module, self.number = module, number
        self.elements: list[ElementForm] = []
        self.helper = FormHelper()
        self.helper.form_show_errors = not quiet

    @property
    def is_blank(self) -> bool:
        """Whether a new module was left empty: then there is none."""
        return self.module is None and not str(self["name"].data or "").strip() and all(one.is_blank for one in self.elements)

    @property
    def is_sound(self) -> bool:
        """Whether it can be saved, whatever the other modules say."""
        return not self.errors and not any(one.errors for one in self.elements)

    @property
    def name_now(self) -> str:
        """The name as it stands on the page."""
        return str(self["name"].value() or "") or _("Module %(n)d") % {"n": self.number}

    def lines(self) -> list[Line]:
        """The elements that can be read."""
        if not self.is_bound:
            return [_line_of(one) for one in self.module.elements.all()] if self.module else []
        return [one.line() for one in self.elements if not one.is_blank and not one.errors]


def _line_of(element: MassElement) -> Line:
    names = ("name", "kind", "cbe_kg", "maturity", "margin_percent", "margin_reason")
    return Line(*(getattr(element, name) for name in names))


class MassForm:
    """All modules of the page. `data` is what was sent, `add` which row or module was asked for ("row-0", "module")."""

    management_form = None  # lets the error summary read it as it reads a formset

    def __init__(
        self, *, call: Call, modules: Sequence[Module], classes: Sequence[MarginClass], data: Any = None, add: str = ""
    ) -> None:
        self.call, self.classes, self.data, self.quiet = call, classes, data, bool(add)
        self.by_key = {str(module.pk): module for module in modules}
        self.notes: list[str] = []
        self.modules = [self._saved(number, module) for number, module in enumerate([*modules] or [None])]
        if data is not None:
            count = _count(data.get("modules"), MODULES_AT_MOST) + (add == "module")
            self.modules = [self._sent(index, add) for index in range(min(count, MODULES_AT_MOST))]

    def _saved(self, index: int, module: Module | None) -> ModuleForm:
        form = ModuleForm(
            prefix=f"module-{index}", module=module, number=index + 1, initial={"name": module.name if module else ""}
        )
        elements = list(module.elements.all()) if module else []
        rows: list[dict[str, Any]] = [self._initial(element) for element in elements]
        rows += [{"kind": ElementKind.PAYLOAD}] if rows else [{"kind": kind} for kind in FIRST_ROWS]
        form.elements = [self._row(index, place, initial=initial) for place, initial in enumerate(rows)]
        return form

    def _initial(self, element: MassElement) -> dict[str, Any]:
        names = ("name", "kind", "cbe_kg", "maturity", "margin_percent", "margin_reason")
        initial = {name: getattr(element, name) for name in names}
        percents = {one.code: one.percent for one in self.classes}
        if percents.get(element.maturity) == element.margin_percent and not element.margin_reason:
            initial["margin_percent"] = None  # the class gives it, also when another is chosen
        return initial

    def _sent(self, index: int, add: str) -> ModuleForm:
        prefix = f"module-{index}"
        key = str(self.data.get(f"{prefix}-id") or "")
        if key and key not in self.by_key:
            self.notes.append(
                _("A module was removed meanwhile. What you typed for it is kept below; save again to add it anew.")
            )
        form = ModuleForm(self.data, prefix=prefix, module=self.by_key.get(key), number=index + 1, quiet=self.quiet)
        is_new = f"{prefix}-rows" not in self.data
        rows = len(FIRST_ROWS) if is_new else _count(self.data.get(f"{prefix}-rows"), ELEMENTS_AT_MOST)
        places = range(rows if is_new else min(rows + (add == f"row-{index}"), ELEMENTS_AT_MOST))
        if is_new:
            form.elements = [self._row(index, place, initial={"kind": FIRST_ROWS[place]}) for place in places]
        else:
            form.elements = [self._row(index, place, data=self._with_kind(index, place)) for place in places]
        return form

    def _with_kind(self, index: int, place: int) -> Any:
        """What was sent; a row that was only asked for has its first kind chosen."""
        name = f"module-{index}-{place}-kind"
        if name in self.data:
            return self.data
        data = self.data.copy()
        data[name] = ElementKind.PAYLOAD
        return data

    def _row(self, index: int, place: int, **kwargs: Any) -> ElementForm:
        return ElementForm(prefix=f"module-{index}-{place}", classes=self.classes, quiet=self.quiet, **kwargs)

    @cached_property
    def forms(self) -> list[forms.Form]:
        """Every form of the page in its order, for the summary of errors."""
        return [form for module in self.modules for form in (module, *module.elements)]

    def non_form_errors(self) -> list[str]:
        """What is wrong with the page as a whole."""
        return self.notes

    def note(self, messages: Sequence[str]) -> None:
        """Say what the action refused."""
        self.notes += messages

    def errors_by_field(self) -> dict[str, list[str]]:
        """What is wrong, by the name of the field; "" for the page as a whole."""
        found = {form.add_prefix(name): [str(one) for one in texts] for form in self.forms for name, texts in form.errors.items()}
        return ({"": self.notes} if self.notes else {}) | found

    def is_valid(self) -> bool:
        """Whether everything can be saved."""
        return not self.notes and all(module.is_sound for module in self.modules)

    def budgets(self, *, sound_only: bool = False) -> list[tuple[Module | None, str, list[dict[str, Any]]]]:
        """What the action saves; with `sound_only` the modules with an error are left as they are."""
        wanted = [one for one in self.modules if not one.is_blank and (one.is_sound or not sound_only)]
        return [(one.module, one.cleaned_data["name"], [vars(line) for line in one.lines()]) for one in wanted]

    def new_ids(self, saved: Sequence[Module]) -> dict[str, str]:
        """The hidden fields of the modules that were just made, with their numbers."""
        fresh = [module for module in saved if str(module.pk) not in self.by_key]
        made = [one for one in self.modules if one.module is None and not one.is_blank and one.is_sound]
        return {
            f"{form.prefix}-id": str(module.pk) for form, module in zip(made, fresh[-len(made) :] if made else [], strict=False)
        }

    def adopt(self, saved: Sequence[Module]) -> None:
        """Take the modules that this page made in a save of its own, so that saving again does not double them."""
        mentioned = {one.module.pk for one in self.modules if one.module}
        rest = iter([module for module in saved if module.pk not in mentioned])
        for one in self.modules:
            if one.module is None and not one.is_blank:
                one.module = next(rest, None)

    def total_of(self, module: ModuleForm | None = None) -> Budget:
        """Best estimate and mass with margin (kg) of a module, or of all, as far as they can be read."""
        lines = [line for one in ([module] if module else self.modules) for line in one.lines()]
        on_cbe = self.call.cap_basis == CapBasis.CBE
        return budget(lines, system_margin_percent=self.call.system_margin_percent, on_cbe=on_cbe)

    def over(self) -> list[Excess]:
        """The caps passed by what is on the page, as far as it can be read."""
        each = [self.total_of(module) for module in self.modules]
        return excesses(each, self.total_of(), module_cap=self.call.module_mass_kg, total_cap=self.call.total_mass_kg)

    def readings(self) -> list[str]:
        """How the masses were read where the typing left a doubt."""
        return [told for module in self.modules for one in module.elements if not one.is_blank for told in one.readings()]

    def unlike(self, saved: "MassForm") -> list[tuple[str, str, str]]:
        """Where the modules typed differ from those saved: name, saved, typed, in words."""
        typed = [one for one in self.modules if not one.is_blank]
        found = []
        for place in range(max(len(typed), len(saved.by_key))):
            mine = typed[place] if place < len(typed) else None
            theirs = saved.modules[place] if place < len(saved.by_key) else None
            texts = _told(theirs), _told(mine)
            if texts[0] != texts[1] or (mine is not None and not mine.is_sound):
                label = (theirs or mine).name_now if (theirs or mine) else ""  # type: ignore[union-attr]
                found.append((label, *texts))
        return found


def _told(form: ModuleForm | None) -> str:
    """A module in one text: its name and its elements."""
    return "\n".join([str(form["name"].value() or "").strip(), *map(str, form.lines())]).strip() if form else ""


def _count(text: Any, most: int) -> int:
    """A number of rows as sent by a page, within what is allowed."""
    typed = str(text or "")
    return min(int(typed), most) if typed.isascii() and typed.isdecimal() and len(typed) < 4 else 0
