"""One row of the mass page: an element with its best estimate, maturity class and margin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proposals.calls.models import MarginClass
from proposals.intake.states import ElementKind
from proposals.portal.forms.fields import FigureField, TextField, plainly
from proposals.portal.forms.sections import LenientForm

TYPED = ("name", "cbe_kg", "maturity", "margin_percent", "margin_reason")


@dataclass(frozen=True)
class Line:
    """An element as it would be saved."""

    name: str
    kind: str
    cbe_kg: Decimal
    maturity: str
    margin_percent: Decimal
    margin_reason: str

    def __str__(self) -> str:
        told = _("%(name)s (%(kind)s): %(mass)s kg, class %(maturity)s, margin %(margin)s %%. %(reason)s") % {
            "name": self.name,
            "kind": ElementKind(self.kind).label,
            "mass": plainly(self.cbe_kg),
            "maturity": self.maturity or "–",
            "margin": plainly(self.margin_percent),
            "reason": self.margin_reason,
        }
        return told.strip()


class ClassSelect(forms.Select):
    """The maturity classes; each option tells the totals on the page its margin."""

    percents: Mapping[str, Decimal] = {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        if str(value) in self.percents:
            option["attrs"]["data-percent"] = plainly(self.percents[str(value)])
        return option


class ElementForm(LenientForm):
    """One element; left empty it is no element, and without a margin its class gives it."""

    name = TextField(limit=120, label=gettext_lazy("Element"))
    kind = forms.ChoiceField(choices=ElementKind.choices, label=gettext_lazy("Kind"))
    cbe_kg = FigureField(digits=9, places=3, unit="kg", label=gettext_lazy("Best estimate (CBE)"))
    maturity = forms.ChoiceField(widget=ClassSelect, label=gettext_lazy("Maturity class"))
    margin_percent = FigureField(
        digits=5, places=2, unit="%", highest=100, required=False, label=gettext_lazy("Margin, where not the class's")
    )
    margin_reason = TextField(limit=200, required=False, label=gettext_lazy("Reason for another margin"))
    DELETE = forms.BooleanField(required=False, label=gettext_lazy("Remove this element"))

    def __init__(self, *args: Any, classes: Sequence[MarginClass], quiet: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.classes = {one.code: one for one in classes}
        self.helper = FormHelper()
        self.helper.form_show_errors = not quiet
        labels = [(one.code, f"{one.code}: {one.label} ({plainly(one.percent)} %)") for one in classes]
        maturity = self.fields["maturity"]
        maturity.choices = [("", _("Choose one")), *labels]  # type: ignore[attr-defined]
        maturity.widget.percents = {one.code: one.percent for one in classes}
        if not classes:
            del self.fields["maturity"]

    @property
    def is_blank(self) -> bool:
        """Whether nobody has typed anything into this row, or it is to go."""
        return bool(self["DELETE"].data) or not any(str(self[name].data or "").strip() for name in TYPED if name in self.fields)

    @property
    def is_unfolded(self) -> bool:
        """Whether the part of the row that few need holds something."""
        values = [self[name].value() for name in ("margin_percent", "margin_reason", "DELETE")]
        return any(value not in {None, "", False} for value in values) or "margin_reason" in self.errors

    def clean(self) -> dict[str, Any]:
        """An element has a mass, and a margin from its class or with a reason."""
        data = self.cleaned_data
        if self.is_blank:
            return data
        chosen = self.classes.get(data.get("maturity") or "")
        if "cbe_kg" in data and data["cbe_kg"] is None:
            self.add_error("cbe_kg", _("Type the mass in kg, or empty the whole row."))
        if data.get("margin_percent") is None:
            if self.classes and chosen is None and "maturity" in data and "margin_percent" in data:
                self.add_error("maturity", _("Choose a maturity class, or type a margin with its reason."))
        elif self.classes and not data.get("margin_reason") and (chosen is None or data["margin_percent"] != chosen.percent):
            self.add_error("margin_reason", _("Say why the margin differs from the class's."))
        return data

    def line(self) -> Line:
        """The element, once there is no error."""
        data = self.cleaned_data
        chosen = self.classes.get(data.get("maturity") or "")
        margin = data["margin_percent"]
        return Line(
            name=data["name"] or str(capfirst(ElementKind(data["kind"] or ElementKind.PAYLOAD).label)),
            kind=data["kind"] or ElementKind.PAYLOAD,
            cbe_kg=data["cbe_kg"],
            maturity=chosen.code if chosen else "",
            margin_percent=margin if margin is not None else chosen.percent if chosen else Decimal(0),
            margin_reason=data["margin_reason"],
        )
