"""The forms of a review: scores, findings, verdict, comments; and of the discussion. What is sound of them is kept."""

import re
import uuid
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proposals.calls.models import Criterion
from proposals.intake.calculations.numbers import NotANumber, write_number
from proposals.review.actions.assessments import Written
from proposals.review.calculations.scores import plainly, read_score
from proposals.review.models import Assignment, Consensus
from proposals.review.queries.assessments import COLUMNS, Content
from proposals.review.states import Confidence, FindingKind, ReviewKind, Verdict

EMPTY_LINES = re.compile(r"\n[ \t]*\n\s*")


class Prose(forms.CharField):
    """A text of several lines; line ends as one sign."""

    def __init__(self, *, rows: int, most: int = 8000, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": rows, "dir": "auto"})
        super().__init__(max_length=most, required=False, widget=widget, **kwargs)

    def to_python(self, value: Any) -> str:
        return super().to_python(str(value or "").replace("\r\n", "\n").replace("\r", "\n")) or ""

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """No limit that would cut what is pasted: it is said instead."""
        return {}


class ScoreField(forms.Field):
    """A score from 0 to the criterion's maximum, typed as people write numbers."""

    def __init__(self, maximum: Decimal, **kwargs: Any) -> None:
        self.maximum = maximum
        attrs = {"inputmode": "decimal", "autocomplete": "off", "data-maximum": plainly(maximum)}
        super().__init__(required=False, widget=forms.TextInput(attrs=attrs), **kwargs)

    def to_python(self, value: Any) -> Decimal | None:
        try:
            return read_score(str(value or "").replace("\x00", ""), self.maximum)
        except NotANumber as error:
            raise ValidationError(str(error), "not_a_score") from error


class FindingsField(Prose):
    """Findings of one kind, an empty line between two."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(rows=3, most=20000, **kwargs)

    def to_python(self, value: Any) -> Any:
        """The findings as a list of texts."""
        return [found.strip() for found in EMPTY_LINES.split(super().to_python(value)) if found.strip()]

    def clean(self, value: Any) -> Any:
        """Each as long as one finding may be."""
        found: list[str] = self.to_python(value)
        self.run_validators("\n\n".join(found))
        if any(len(one) > 4000 for one in found):
            raise ValidationError(_("One finding has at most 4,000 characters. Leave an empty line between two findings."))
        return found


class AssessmentForm(forms.Form):
    """One review, over what is saved or over what was sent."""

    confidence = forms.TypedChoiceField(
        label=gettext_lazy("How sure are you of your judgement?"),
        choices=Confidence.choices,
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )
    to_panel = Prose(
        rows=5,
        label=gettext_lazy("Comments to the panel"),
        help_text=gettext_lazy("For the panel and the secretariat. The proposer never sees them."),
    )
    to_proposer = Prose(
        rows=5,
        label=gettext_lazy("Comments to the proposer"),
        help_text=gettext_lazy("The secretariat may pass them on without your name. Never compare with other proposals."),
    )

    def __init__(self, data: Any = None, *, assignment: Assignment, criteria: Sequence[Criterion], saved: Content) -> None:
        self.criteria = criteria
        super().__init__(data, initial=initial_of(saved), label_suffix="")
        for each in criteria:
            self.fields[f"score-{each.pk}"] = ScoreField(each.maximum, label=each.name)
            self.fields[f"unable-{each.pk}"] = forms.BooleanField(label=gettext_lazy("Not able to judge"), required=False)
            self.fields[f"comment-{each.pk}"] = Prose(rows=2, most=4000, label=gettext_lazy("Comment"))
        if assignment.kind == ReviewKind.TECHNICAL:
            self.fields["verdict"] = forms.ChoiceField(
                label=gettext_lazy("Can the lander accommodate it?"),
                choices=Verdict.choices,
                required=False,
                widget=forms.RadioSelect,
            )
            self.fields["conditions"] = Prose(rows=3, label=gettext_lazy("Conditions"))
        for kind in FindingKind:
            self.fields[f"findings-{kind}"] = FindingsField(label=FINDINGS[kind])

    def clean(self) -> dict[str, Any]:
        """A score and "not able to judge" exclude each other."""
        for each in self.criteria:
            name, unable = f"score-{each.pk}", f"unable-{each.pk}"
            if self.cleaned_data.get(name) is not None and self.cleaned_data.get(unable):
                self.add_error(name, _("You gave a score and said that you are not able to judge: choose one of them."))
        return self.cleaned_data

    def written(self) -> Written:
        """What of the form is sound."""
        sound = self.cleaned_data
        scores: dict[int, dict[str, Any]] = {}
        for each in self.criteria:
            given = scores[each.pk] = {}
            if f"score-{each.pk}" in sound:
                given |= {"value": sound[f"score-{each.pk}"], "unable": sound[f"unable-{each.pk}"]}
            if f"comment-{each.pk}" in sound:
                given["comment"] = sound[f"comment-{each.pk}"]
        whole = all(f"findings-{kind}" in sound for kind in FindingKind)
        findings = [(kind, text) for kind in FindingKind for text in sound[f"findings-{kind}"]] if whole else None
        return Written(scores, findings, {name: sound[name] for name in COLUMNS if name in sound})

    @property
    def scored(self) -> Iterator[tuple[Criterion, BoundField, BoundField, BoundField]]:
        """Each criterion with its score, its "not able to judge" and its comment."""
        for each in self.criteria:
            yield each, self[f"score-{each.pk}"], self[f"unable-{each.pk}"], self[f"comment-{each.pk}"]

    @property
    def findings(self) -> list[BoundField]:
        """The fields of the findings."""
        return [self[f"findings-{kind}"] for kind in FindingKind]

    def values(self) -> list[tuple[str, str, str]]:
        """(name, label, text) of every field, as it stands on the page."""
        return [(field.name, self._label(field), self._text(field)) for field in self]

    def unlike(self, other: "AssessmentForm") -> list[tuple[str, str, str]]:
        """Where this page differs from another: (label, text there, text here)."""
        there = {name: text for name, _label, text in other.values()}
        return [(label, there[name], text) for name, label, text in self.values() if there[name] != text]

    def _label(self, field: BoundField) -> str:
        kind, _dash, pk = field.name.partition("-")
        named = {f"{each.pk}": each.name for each in self.criteria}
        return f"{named[pk]}: {field.label}" if kind in {"unable", "comment"} else str(field.label)

    def _text(self, field: BoundField) -> str:
        """What a field says, read the same way whether it was typed or saved."""
        value = field.value()
        if isinstance(field.field, forms.BooleanField):
            return str(_("Yes")) if value else ""
        if isinstance(field.field, forms.ChoiceField):
            return str(dict(field.field.choices).get(_key(value), ""))  # type: ignore[arg-type]
        text = " ".join(str(value or "").split()) if isinstance(field.field, ScoreField) else _lines(value)
        try:
            read = read_score(text, field.field.maximum) if isinstance(field.field, ScoreField) else None
        except NotANumber:
            return text
        return plainly(read) if read is not None else text


def _key(value: Any) -> Any:
    return int(value) if str(value).isdecimal() else value


def _lines(value: Any) -> str:
    return str(value or "").replace("\r\n", "\n").strip()


FINDINGS = {
    FindingKind.MAJOR_STRENGTH: gettext_lazy("Major strengths"),
    FindingKind.MINOR_STRENGTH: gettext_lazy("Minor strengths"),
    FindingKind.MAJOR_WEAKNESS: gettext_lazy("Major weaknesses"),
    FindingKind.MINOR_WEAKNESS: gettext_lazy("Minor weaknesses"),
}


def initial_of(saved: Content) -> dict[str, Any]:
    """What the form's fields start with, over what is saved."""
    initial: dict[str, Any] = dict(saved["columns"])
    for pk, score in saved["scores"].items():
        initial[f"score-{pk}"] = "" if score["value"] is None else write_number(score["value"])
        initial[f"unable-{pk}"], initial[f"comment-{pk}"] = score["unable"], score["comment"]
    for kind in FindingKind:
        initial[f"findings-{kind}"] = "\n\n".join(text for of, text in saved["findings"] if of == kind)
    return initial


class SayForm(forms.Form):
    """A contribution to the discussion."""

    text = Prose(rows=4, label=gettext_lazy("What you want to say"))
    answers = forms.IntegerField(required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput)
    request_key = forms.UUIDField(initial=uuid.uuid4, widget=forms.HiddenInput)


class ConsensusForm(forms.Form):
    """What the reviewers say together."""

    to_panel = Prose(
        rows=6, label=gettext_lazy("To the panel"), help_text=gettext_lazy("Where you agree, where you do not, and why.")
    )
    feedback = Prose(
        rows=6,
        label=gettext_lazy("Feedback to the proposer"),
        help_text=gettext_lazy("Strengths and weaknesses of this proposal alone. Never compare proposals, never name reviewers."),
    )

    def __init__(self, data: Any = None, *, saved: Consensus | None) -> None:
        initial = {"to_panel": saved.to_panel, "feedback": saved.feedback} if saved else None
        super().__init__(data, initial=initial, label_suffix="")
