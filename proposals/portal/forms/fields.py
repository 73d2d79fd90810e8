"""Fields that read what people type: figures in any notation, text without what no one can see, days, lists."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proposals.intake.calculations.numbers import NotANumber, read_number

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # control characters but tab and newline; surrogates
_PLAINLY_TYPED = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
EARLIEST, LATEST = date(1990, 1, 1), date(2100, 12, 31)


def cleaned(text: str) -> str:
    """The text without what nobody typed on purpose: control characters, lone surrogates; line ends as one sign.

    NUL must never reach PostgreSQL; tabs and line ends stay.
    """
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def plainly(value: Decimal) -> str:
    """A figure as anyone may type it back: no exponent, no zeros that the column added."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class TextField(forms.CharField):
    """Text of one or more lines; its limit is said, and never enforced by cutting what was pasted."""

    default_error_messages = {"too_long": gettext_lazy("This text has %(length)s characters; at most %(limit)s are kept.")}

    def __init__(self, *, limit: int, rows: int = 1, **kwargs: Any) -> None:
        self.limit = limit
        widget = forms.Textarea(attrs={"rows": rows, "dir": "auto"}) if rows > 1 else forms.TextInput(attrs={"dir": "auto"})
        super().__init__(widget=widget, **kwargs)

    def to_python(self, value: Any) -> str:
        text = cleaned(str(value or ""))
        if isinstance(self.widget, forms.TextInput):
            text = " ".join(text.split())
        return text

    def validate(self, value: str) -> None:
        super().validate(value)
        if len(value) > self.limit:
            figures = {"length": f"{len(value):,}", "limit": f"{self.limit:,}"}
            raise ValidationError(self.error_messages["too_long"], "too_long", figures)


class FigureField(forms.Field):
    """A decimal figure in the unit printed beside it, typed as people write numbers.

    `digits` and `places` are the column's; `lowest` and `highest` are the limits that make sense, in the same unit.
    """

    default_error_messages = {
        "places": gettext_lazy("%(value)s is too exact: give at most %(limit)s digits after the point."),
        "lowest": gettext_lazy("%(value)s is too low: the lowest figure is %(limit)s."),
        "highest": gettext_lazy("%(value)s is too high: the highest figure is %(limit)s."),
    }

    def __init__(
        self,
        *,
        digits: int,
        places: int,
        unit: Any = "",
        lowest: Decimal | int | None = 0,
        highest: Decimal | int | None = None,
        **kwargs: Any,
    ) -> None:
        self.places, self.unit = places, unit
        most = Decimal(10) ** (digits - places) - Decimal(1).scaleb(-places)
        self.lowest = -most if lowest is None else Decimal(lowest)
        self.highest = most if highest is None else min(Decimal(highest), most)
        attrs = {"inputmode": "decimal", "autocomplete": "off"} | ({"data-unit": unit} if unit else {})
        super().__init__(widget=forms.TextInput(attrs=attrs), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return plainly(value) if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Decimal | None:
        text = cleaned(str(value or "")).strip()
        if not text:
            return None
        try:
            return read_number(text)
        except NotANumber as error:
            raise ValidationError(str(error), "not_a_number") from error

    def validate(self, value: Decimal | None) -> None:
        super().validate(value)
        if value is None:
            return
        if value < self.lowest:
            self._refuse("lowest", value, self.lowest)
        if value > self.highest:
            self._refuse("highest", value, self.highest)
        exponent = value.normalize().as_tuple().exponent
        if isinstance(exponent, int) and -exponent > self.places:
            raise ValidationError(
                self.error_messages["places"],
                "places",
                {"label": self.label, "value": self._with_unit(value), "limit": self.places},
            )

    def _refuse(self, code: str, value: Decimal, limit: Decimal) -> None:
        figures = {"value": self._with_unit(value), "limit": self._with_unit(limit)}
        raise ValidationError(self.error_messages[code], code, figures)

    def _with_unit(self, value: Decimal) -> str:
        shown = plainly(value) if abs(value.adjusted()) < 30 else str(value)
        return f"{shown} {self.unit}".strip()

    def clean(self, value: Any) -> Decimal | None:
        found: Decimal | None = super().clean(value)
        # kept in plain digits: 1E+3 and 1000 are one figure
        return None if found is None else Decimal(plainly(found))

    def reading(self, typed: str) -> str:
        """How a text was read, where that is not plain to see; empty where it is, or where it cannot be read."""
        text = cleaned(typed).strip()
        if not text or _PLAINLY_TYPED.fullmatch(text):
            return ""
        try:
            value = self.clean(text)
        except ValidationError:
            return ""
        figures = {"label": self.label, "typed": text[:40], "value": self._with_unit(Decimal(value or 0))}
        return _("“%(label)s”: we read “%(typed)s” as %(value)s.") % figures


class WholeField(FigureField):
    """A count: a whole figure that fits a small column."""

    def __init__(self, *, highest: int = 32767, **kwargs: Any) -> None:
        super().__init__(digits=5, places=0, highest=highest, **kwargs)

    def clean(self, value: Any) -> Any:
        found = super().clean(value)
        return None if found is None else int(found)


class DayField(forms.DateField):
    """A day as year-month-day, within the years a mission can have."""

    default_error_messages = {
        "invalid": gettext_lazy("Type the day as year, month and day, such as 2029-03-31."),
        "range": gettext_lazy("The year %(year)s cannot be right: give one from 1990 to 2100."),
    }

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "min": EARLIEST, "max": LATEST, "class": "lp-short"})
        super().__init__(widget=widget, input_formats=["%Y-%m-%d"], **kwargs)

    def to_python(self, value: Any) -> date | None:
        return super().to_python(cleaned(value) if isinstance(value, str) else value)

    def validate(self, value: date | None) -> None:
        super().validate(value)
        if value is not None and not EARLIEST <= value <= LATEST:
            raise ValidationError(self.error_messages["range"], "range", {"year": value.year})


class SeveralField(forms.MultipleChoiceField):
    """Several of a vocabulary, kept in one text column as "EM, PFM"; what an older text holds besides stays a choice."""

    widget = forms.CheckboxSelectMultiple

    def prepare_value(self, value: Any) -> Any:
        return [one.strip() for one in value.split(",") if one.strip()] if isinstance(value, str) else value

    def clean(self, value: Any) -> Any:
        return ", ".join(super().clean(value))


class NumbersField(forms.TypedMultipleChoiceField):
    """Several rows by their numbers, from a list already at hand: no value of the reader's reaches a query."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, *, choices: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(choices=choices, coerce=int, empty_value=[], **kwargs)
