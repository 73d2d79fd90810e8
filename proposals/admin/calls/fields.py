"""Form fields of the calls' pages: several choices, one a line, country codes, and a PDF."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from proposals.calls.gateways import NotAcceptable, examine_pdf


class Ticks(forms.MultipleChoiceField):
    """Several of a few choices, as check boxes."""

    widget = forms.CheckboxSelectMultiple


class Lines(forms.CharField):
    """A list, typed one item a line; empty lines do not count."""

    widget = forms.Textarea(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        text = str(super().to_python(value) or "")
        return [line.strip() for line in text.splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(list(initial or []) != self.to_python(data))


class Countries(forms.CharField):
    """Two-letter codes of countries or regions (ISO 3166-1), separated by commas."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(str(getattr(one, "code", one)) for one in value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        codes = sorted({code.strip().upper() for code in str(super().to_python(value)).split(",") if code.strip()})
        unknown = [code for code in codes if code not in dict(countries)]
        if unknown:
            raise ValidationError(
                _("Unknown code: %(codes)s. Type two letters each, such as ZA, PE."), params={"codes": ", ".join(unknown)}
            )
        return codes

    def validate(self, value: Any) -> None:
        """Empty is right: an international organisation has none."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(
            self.prepare_value(initial or []) != ", ".join(sorted(c.strip() for c in str(data or "").split(",") if c.strip()))
        )


class Pdf(forms.FileField):
    """A PDF by its content, of a sane size."""

    widget = forms.ClearableFileInput(attrs={"accept": "application/pdf"})

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        if data:
            try:
                examine_pdf(data, limit_bytes=settings.ATTACHMENT_MAX_BYTES)
            except NotAcceptable as error:
                raise ValidationError(str(error)) from error
        return file
