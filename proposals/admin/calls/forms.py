"""Forms of the calls' pages: instants in the phase's own zone, and the second look before a contradicting edit."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from proposals.admin.calls.fields import Countries, Lines, Pdf, Ticks
from proposals.audit.calculations import canonical, sha256
from proposals.calls.calculations import NotAnInstant, read_instant, write_instant
from proposals.calls.models import AnnouncedProject, Asked, Call, Document, Phase, Question
from proposals.calls.states import Form, Level
from proposals.intake.queries.askable import askable

INSTANTS = ("opens_at", "closes_at", "late_until")
INSTANT_BOX = forms.TextInput(attrs={"size": 26, "dir": "ltr", "autocomplete": "off", "inputmode": "numeric"})
HOW_TO_TYPE = _("In the phase's zone, such as 2027-03-31 23:59. 24:00 is the end of that day.")


class Contradicts(ValidationError):
    """The edit contradicts what was submitted; saving it needs a second look at these very sentences."""

    def __init__(self, found: list[str]) -> None:
        super().__init__([_("Nothing is saved yet. This edit contradicts what partners have already submitted:"), *found])
        self.digest = sha256(canonical(found))


class SecondLook(forms.ModelForm):  # type: ignore[type-arg]
    """Carries the revision the page was opened at, and "I have read this" where a contradiction was found."""

    seen_revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    confirmed = forms.Field(required=False, label=_("Save all the same"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen_revision"] = self.call_of(self.instance).revision
        refusal = getattr(self, "refusal", None)
        if isinstance(refusal, Contradicts):
            self.fields["confirmed"].widget.choices = [(refusal.digest, _("I have read this and want to save it all the same."))]

    def call_of(self, instance: Any) -> Call:
        """The call whose revision guards this page."""
        return instance if isinstance(instance, Call) else instance.call


class CallForm(SecondLook):
    """The call itself."""

    levels = Ticks(label=_("Levels allowed"), choices=Level.choices)
    forms = Ticks(label=_("Forms of cooperation allowed"), choices=Form.choices, required=False)

    class Meta:
        model = Call
        fields = "__all__"  # noqa: DJ007  # the admin's fieldsets say which


class PhaseForm(forms.ModelForm):  # type: ignore[type-arg]
    """A phase; its instants are typed and shown in its own zone."""

    opens_at = forms.CharField(label=_("Opens at"), widget=INSTANT_BOX, help_text=HOW_TO_TYPE)
    closes_at = forms.CharField(label=_("Closes at"), widget=INSTANT_BOX, help_text=_("The exact instant is still on time."))
    late_until = forms.CharField(
        label=_("Last instant for late ones"),
        widget=INSTANT_BOX,
        required=False,
        help_text=_("Until then a late submission is kept and marked late. Empty: nothing is taken after the close."),
    )

    class Meta:
        model = Phase
        fields = "__all__"  # noqa: DJ007  # the admin's fieldsets say which
        help_texts = {"zone": _("An area and a place, such as Asia/Shanghai. All three instants are in this zone.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            for name in INSTANTS:
                instant = getattr(self.instance, name)
                self.initial[name] = write_instant(instant, self.instance.zone) if instant else ""

    def clean(self) -> dict[str, Any]:
        """Read the typed instants in the zone typed beside them."""
        cleaned = super().clean() or self.cleaned_data
        for name in INSTANTS:
            typed = cleaned.get(name)
            if not typed:
                cleaned[name] = None
                continue
            try:
                cleaned[name] = read_instant(typed, cleaned.get("zone", ""))
            except NotAnInstant as error:
                self.add_error(name, str(error))
        return cleaned


class PhasePageForm(PhaseForm, SecondLook):
    """A phase on its own page."""


class DocumentForm(forms.ModelForm):  # type: ignore[type-arg]
    """A document of the call."""

    file = Pdf(label=_("File"), help_text=_("PDF only. Anyone can download it once the call is published."))

    class Meta:
        model = Document
        fields = ("position", "title", "language", "file")


class AnnouncedForm(forms.ModelForm):  # type: ignore[type-arg]
    """An announced project."""

    countries = Countries(
        label=_("Countries or regions"), required=False, help_text=_("Two-letter codes, separated by commas: ZA, PE.")
    )

    class Meta:
        model = AnnouncedProject
        fields = ("position", "title", "organisations", "countries", "mass_kg", "level", "source", "change", "changed_on")


class QuestionForm(forms.ModelForm):  # type: ignore[type-arg]
    """A question of the call's own."""

    choices = Lines(label=_("Choices"), required=False, help_text=_("For the type “choice” only: one a line."))
    levels = Ticks(label=_("Asked of levels"), choices=Level.choices, initial=Level.values)

    class Meta:
        model = Question
        fields = ("position", "kind", "label", "hint", "unit", "choices", "required", "levels")


class AskedForm(forms.ModelForm):  # type: ignore[type-arg]
    """A field that the phase asks."""

    field = forms.ChoiceField(
        label=_("Field"), choices=askable, help_text=_("With no field chosen at all, the shipped letter of intent is asked.")
    )

    class Meta:
        model = Asked
        fields = ("field", "required")


class ExtensionForm(forms.Form):
    """The new deadline, typed in the phase's zone."""

    closes_at = forms.CharField(label=_("New deadline"), widget=INSTANT_BOX, help_text=HOW_TO_TYPE)

    def __init__(self, *args: Any, phase: Phase, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.phase = phase

    def clean_closes_at(self) -> Any:
        """The instant typed."""
        try:
            return read_instant(self.cleaned_data["closes_at"], self.phase.zone)
        except NotAnInstant as error:
            raise ValidationError(str(error)) from error
