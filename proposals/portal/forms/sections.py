"""The form of one page of plain fields, made from what the phase asks and from the columns that keep it."""

from collections.abc import Mapping, Sequence
from copy import copy
from decimal import Decimal
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Fieldset, Layout
from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proposals.intake.calculations.sections import unit_of
from proposals.intake.calculations.vocabularies import BANDS, CURRENCIES, MODELS, PLANETARY, TRL
from proposals.intake.models import MissionSheet, Proposal
from proposals.intake.models.mission import Interaction
from proposals.intake.queries import modules_of
from proposals.intake.queries.at_hand import aims_of
from proposals.portal.forms.fields import DayField, FigureField, NumbersField, SeveralField, TextField, WholeField
from proposals.portal.forms.hints import COLDEST_C, HINTS, HOTTEST_C

NONE_CHOSEN = ("", gettext_lazy("Choose one"))
ONE_OF = {"planetary_category": PLANETARY, "cost_currency": CURRENCIES}
SEVERAL_OF = {"model_philosophy": MODELS, "band": BANDS}
LONG = 300  # characters from which a text gets several lines and its limit is told


class LenientForm(forms.Form):
    """A form in which nothing must be filled in to be saved; `required` only decides what the label says."""

    use_required_attribute = False

    def full_clean(self) -> None:
        """Check what was typed, and let the rest wait for the submission."""
        asked = {name: field.required for name, field in self.fields.items()}
        for field in self.fields.values():
            field.required = False
        try:
            super().full_clean()
        finally:
            for name, field in self.fields.items():
                field.required = asked[name]

    def sent(self, name: str) -> bool:
        """Whether the page that was sent had this field: a field added meanwhile is not emptied."""
        return not self.fields[name].widget.value_omitted_from_data(self.data, self.files, self.add_prefix(name))

    def note(self, messages: Sequence[str]) -> None:
        """Say what the action refused."""
        for message in messages:
            self.add_error(None, message)

    def errors_by_field(self) -> dict[str, list[str]]:
        """What is wrong, by the name of the field; "" for the page as a whole."""
        return {"" if name == "__all__" else name: [str(one) for one in found] for name, found in self.errors.items()}

    def readings(self) -> list[str]:
        """How the figures were read, each in a sentence, where the typing left a doubt."""
        figures = [(name, field) for name, field in self.fields.items() if isinstance(field, FigureField)]
        told = (field.reading(str(self[name].data or "")) for name, field in figures if name not in self.errors)
        return [sentence for sentence in told if sentence]


class SectionForm(LenientForm):
    """One page; `rows` are the rows whose columns it shows, each with the prefix of its fields' names."""

    def __init__(self, *, rows: Sequence[tuple[str, models.Model]], asked: Mapping[str, bool], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rows, self.names = rows, dict[str, str]()
        for prefix, row in rows:
            for name, required in asked.items():
                self._add(prefix, row, name, required=required)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(*[self._group(prefix, row) for prefix, row in rows])

    def _add(self, prefix: str, row: models.Model, name: str, *, required: bool) -> None:
        """One field; its own name is the one by which the list of what is missing links to it."""
        column = name.rpartition(".")[2]
        own = f"{prefix.replace('.', '-')}-{column}" if prefix.startswith("module") else column
        self.names[own] = f"{prefix}.{column}" if prefix else column
        if column == "aims":
            aims = aims_of(row)  # type: ignore[arg-type]  # only a proposal has aims
            self.fields[own] = NumbersField(choices=[(key, title) for key, title, _is_chosen in aims])
            self.initial[own] = [key for key, _title, is_chosen in aims if is_chosen] if not self.is_bound else []
        else:
            self.initial[own] = getattr(row, column)
            self.fields[own] = _field(row._meta.get_field(column), self.initial[own])
        field = self.fields[own]
        field.required = required
        field.label = capfirst(str(getattr(row._meta.get_field(column), "verbose_name", column)))
        limit = getattr(field, "limit", 0)
        told = [str(HINTS.get(name, "")), _("At most %(limit)s characters.") % {"limit": f"{limit:,}"} if limit > LONG else ""]
        field.help_text = " ".join(filter(None, told))

    def _group(self, prefix: str, row: models.Model) -> Any:
        """The fields of one row: figures side by side, all else one under another; a module's under its name."""
        parts: list[Any] = []
        for own in [own for own, name in self.names.items() if name.rpartition(".")[0] == prefix]:
            if not isinstance(self.fields[own], FigureField):
                parts.append(own)
            elif parts and isinstance(parts[-1], Div):
                parts[-1].append(own)
            else:
                parts.append(Div(own, css_class="lp-grid-form"))
        return Fieldset(str(row), *parts) if prefix.startswith("module") else Layout(*parts)

    def clean(self) -> dict[str, Any]:
        """Hold the rows' own constraints (lowest below highest, ...) and say them at the field."""
        if self.strangers():
            self.add_error(None, _("A module was removed meanwhile. What you typed for it is not saved."))
        for prefix, row in self.rows:
            mine = {name.rpartition(".")[2]: own for own, name in self.names.items() if name.rpartition(".")[0] == prefix}
            trial = copy(row)
            for column, own in mine.items():
                if column != "aims" and own in self.cleaned_data:
                    setattr(trial, column, self.cleaned_data[own])
            self._hold(trial, mine)
        return self.cleaned_data

    def _hold(self, row: models.Model, mine: Mapping[str, str]) -> None:
        checks = [one for one in row._meta.constraints if isinstance(one, models.CheckConstraint)]
        for check in checks:
            concerned = [own for column, own in mine.items() if column in getattr(check.condition, "referenced_base_fields", ())]
            if not concerned or not all(own in self.cleaned_data for own in concerned):
                continue
            try:
                # told of all columns, it would read the proposal's search words for nothing
                unread = {field.name for field in row._meta.fields} - getattr(check.condition, "referenced_base_fields", set())
                check.validate(type(row), row, exclude=unread)
            except ValidationError as error:
                self.add_error(concerned[-1], error.messages[0])
                for own in concerned[:-1]:
                    self.cleaned_data.pop(own)

    def values(self) -> dict[str, Any]:
        """What can be saved, by the names that the action knows: sent, and without an error."""
        return {self.names[own]: value for own, value in self.cleaned_data.items() if own in self.names and self.sent(own)}

    def unlike(self, saved: "SectionForm") -> list[tuple[str, str, str]]:
        """Where what was typed differs from what is saved: label, saved, typed, in words."""
        found = []
        for own, field in self.fields.items():
            if own not in saved.fields or not self.sent(own):
                continue
            typed = self.cleaned_data.get(own, self[own].data)
            there = saved[own].initial
            if _bare(field.prepare_value(typed)) != _bare(field.prepare_value(there)):
                found.append((str(field.label), shown(field, there), shown(field, typed)))
        return found

    def strangers(self) -> bool:
        """Whether the page that was sent had fields of a module that this proposal does not have."""
        known = {prefix.replace(".", "-") for prefix, _row in self.rows}
        sent = {"-".join(name.split("-")[:2]) for name in self.data if name.startswith("module-")}
        return bool(sent - known)


def _bare(value: Any) -> Any:
    """A value so that nothing, empty and no choice are one, and the order of choices does not matter."""
    return sorted(map(str, value)) if isinstance(value, list) and value else "" if value in (None, [], False) else str(value)


def shown(field: forms.Field, value: Any) -> str:
    """A value in the words of its field: labels for choices, the unit after a figure."""
    value = field.prepare_value(value)
    if isinstance(field, forms.ChoiceField):
        chosen = {str(one) for one in (value if isinstance(value, list) else [value])}
        options: Any = field.choices
        return ", ".join(str(label) for key, label in options if key not in {"", None} and str(key) in chosen)
    if isinstance(field, forms.BooleanField):
        return _("yes") if value else _("no")
    unit = getattr(field, "unit", "")
    return f"{value} {unit}".strip() if value not in (None, "") else ""


def _field(column: Any, value: Any) -> forms.Field:
    """The form's field for a model's column; a value from before the vocabulary stays a choice."""
    name = column.name
    if name in {"trl", "craft_trl"}:
        return forms.TypedChoiceField(choices=[NONE_CHOSEN, *TRL], coerce=int, empty_value=None)
    if name == "interactions":
        return forms.MultipleChoiceField(choices=Interaction.choices, widget=forms.CheckboxSelectMultiple)
    if name in SEVERAL_OF:
        kept = [one.strip() for one in (value or "").split(",") if one.strip()]
        return SeveralField(choices=_with(SEVERAL_OF[name], kept))
    if name in ONE_OF or column.choices:
        return forms.ChoiceField(choices=[NONE_CHOSEN, *_with(ONE_OF.get(name) or column.choices, [value] if value else [])])
    return _plain_field(column)


def _with(choices: Sequence[Any], kept: Sequence[str]) -> list[Any]:
    known = {key for key, _label in choices}
    return [*choices, *((one, one) for one in kept if one not in known)]


def _plain_field(column: Any) -> forms.Field:
    unit = unit_of(column.name)
    if isinstance(column, models.DecimalField):
        signed = not any(getattr(rule, "limit_value", None) == 0 for rule in column.validators)
        lowest, highest = (None, None) if signed else (0, 100 if column.name.endswith("_percent") else None)
        if column.name.endswith("_c"):
            lowest, highest = Decimal(COLDEST_C), Decimal(HOTTEST_C)  # type: ignore[assignment]
        digits, places = column.max_digits or 12, column.decimal_places or 0
        return FigureField(digits=digits, places=places, unit=unit, lowest=lowest, highest=highest)
    if isinstance(column, models.IntegerField):
        return WholeField(unit=unit)
    if isinstance(column, models.DateField):
        return DayField()
    if isinstance(column, models.BooleanField):
        return forms.BooleanField()
    limit = column.max_length or 4000
    return TextField(limit=limit, rows=1 if limit <= LONG else 4 if limit <= 2000 else 8)


def section_form(proposal: Proposal, asked: Mapping[str, bool], data: Any = None) -> SectionForm:
    """The page's form over the rows it needs: the proposal, its mission sheet, or each of its modules. One query at most."""
    prefixes = {name.rpartition(".")[0] for name in asked}
    rows: list[tuple[str, models.Model]] = []
    if "" in prefixes:
        rows.append(("", proposal))
    if "mission" in prefixes:
        sheet = MissionSheet.objects.filter(proposal=proposal).first()
        rows.append(("mission", sheet or MissionSheet(proposal=proposal)))
    if "module" in prefixes:
        rows += [(f"module.{module.pk}", module) for module in modules_of(proposal)]
    return SectionForm(rows=rows, asked=asked, data=data)
