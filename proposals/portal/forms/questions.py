"""The form of a call's own questions: one field a question, of the seven kinds that a call may ask."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.translation import gettext as _

from proposals.calls.models import Question
from proposals.calls.states import QuestionKind
from proposals.intake.models import Answer
from proposals.portal.forms.fields import DayField, FigureField, TextField, plainly
from proposals.portal.forms.sections import NONE_CHOSEN, LenientForm, shown

LINE, TEXT = 300, 8000


class QuestionsForm(LenientForm):
    """The questions of this phase and level; answers are kept as text. A file is added on a page of its own."""

    def __init__(self, *, questions: Sequence[Question], answers: Mapping[int, Answer], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.of: dict[str, int] = {}
        self.by_file: list[tuple[Question, Answer | None]] = []
        for question in questions:
            answer = answers.get(question.pk)
            if question.kind == QuestionKind.FILE:
                self.by_file.append((question, answer))
                continue
            name = f"question-{question.pk}"
            field = _field(question, answer.value if answer else "")
            field.required, field.label, field.help_text = question.required, question.label, question.hint
            self.fields[name], self.of[name] = field, question.pk
            self.initial[name] = answer.value if answer else ""
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True

    def sent(self, name: str) -> bool:
        """Radio buttons of which none is chosen are not sent; a question's field is on the page all the same."""
        return name in self.data or isinstance(self.fields[name].widget, forms.RadioSelect)

    def values(self) -> dict[int, str]:
        """Question by number, and its answer as the text that is kept."""
        return {self.of[name]: _kept(value) for name, value in self.cleaned_data.items() if name in self.of and self.sent(name)}

    def unlike(self, saved: "QuestionsForm") -> list[tuple[str, str, str]]:
        """Where what was typed differs from what is saved: question, saved, typed."""
        found = []
        for name, field in self.fields.items():
            there = str(saved.initial.get(name) or "")
            typed = _kept(self.cleaned_data[name]) if name in self.cleaned_data else str(self[name].data or "")
            if name in saved.fields and self.sent(name) and typed != there:
                found.append((str(field.label), shown(field, there), shown(field, typed)))
        return found


def _kept(value: Any) -> str:
    if isinstance(value, Decimal):
        return plainly(value)
    return value.isoformat() if isinstance(value, date) else str(value or "")


def _field(question: Question, value: str) -> forms.Field:
    """The field of a question's kind; an answer that is no longer among the choices stays one."""
    if question.kind == QuestionKind.NUMBER:
        return FigureField(digits=18, places=6, unit=question.unit, lowest=None)
    if question.kind == QuestionKind.DATE:
        return DayField()
    if question.kind == QuestionKind.YES_NO:
        return forms.ChoiceField(choices=[("yes", _("Yes")), ("no", _("No"))], widget=forms.RadioSelect)
    if question.kind == QuestionKind.CHOICE:
        kept = [value] if value and value not in question.choices else []
        return forms.ChoiceField(choices=[NONE_CHOSEN, *((one, one) for one in [*question.choices, *kept])])
    if question.kind == QuestionKind.LONG_TEXT:
        return TextField(limit=TEXT, rows=6)
    return TextField(limit=LINE)
