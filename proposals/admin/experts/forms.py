"""What is typed of an expert: languages by tag, and a weight for each topic."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proposals.review.models import Expert
from proposals.review.queries.experts import topics

TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
TOPIC = "topic_"
AVAILABLE = ("languages", "max_load", "away_from_on", "away_to_on")


class Languages(forms.CharField):
    """Languages by their tags (BCP 47), separated by commas."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        tags = list(dict.fromkeys(tag.strip() for tag in str(super().to_python(value)).split(",") if tag.strip()))
        if wrong := [tag for tag in tags if len(tag) > 12 or not TAG.fullmatch(tag)]:
            raise ValidationError(_("Not a language tag: %(tags)s. Type tags such as en, zh, fr.") % {"tags": ", ".join(wrong)})
        return tags

    def validate(self, value: Any) -> None:
        if self.required and not value:
            raise ValidationError(self.error_messages["required"], code="required")

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.prepare_value(initial or []) != str(data or "").strip())


class Weighted(forms.ModelForm):  # type: ignore[type-arg]
    """Carries the revision the page was opened at, and a weight for each topic."""

    languages = Languages(
        label=gettext_lazy("Languages read"),
        required=False,
        help_text=gettext_lazy("Tags separated by commas, such as en, zh, fr (BCP 47)."),
    )
    seen_revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Expert
        fields = AVAILABLE
        widgets = {name: forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d") for name in AVAILABLE[2:]}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen_revision"] = self.instance.revision
        if self.instance.pk:
            self.initial.update({TOPIC + row.topic: row.weight for row in self.instance.expertise.all()})

    def beside(self) -> dict[str, Any]:
        """What the verbs take beside the profile: weights by topic, and the revision seen."""
        given = {name.removeprefix(TOPIC): value for name, value in self.cleaned_data.items() if name.startswith(TOPIC)}
        return {"weights": given, "revision": self.cleaned_data.get("seen_revision")}


def _weight(label: Any) -> forms.DecimalField:
    box = forms.NumberInput(attrs={"step": "0.1", "min": "0", "max": "1"})
    return forms.DecimalField(
        label=label, min_value=Decimal(0), max_value=Decimal(1), decimal_places=2, required=False, widget=box
    )


WEIGHTS = {TOPIC + code: _weight(label) for code, label in topics()}
OwnForm = type("OwnForm", (Weighted,), dict(WEIGHTS))
ProfileForm = type("ProfileForm", (Weighted,), dict(WEIGHTS))
