"""Adding a file: PDF only, checked by content after it has arrived."""

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from proposals.calls.models import Question
from proposals.intake.states import AttachmentKind
from proposals.portal.forms.fields import TextField

KINDS = [(kind.value, kind.label) for kind in AttachmentKind if kind not in {AttachmentKind.ENDORSEMENT, AttachmentKind.ANSWER}]


def limit_sentence() -> str:
    """What may be sent."""
    return now_("A PDF of at most %(limit)s, without a password, scripts or files inside.") % {
        "limit": f"{settings.ATTACHMENT_MAX_BYTES / 1_000_000:.1f}\u00a0MB"
    }


class PdfField(forms.FileField):
    """A file whose type and size the action judges; here it only has to be there."""

    widget = forms.ClearableFileInput(attrs={"accept": "application/pdf,.pdf"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_empty_file=True, **kwargs)


class FileForm(forms.Form):
    """What the file is, what it is called, and the file; the key makes the second click harmless."""

    kind = forms.ChoiceField(label=_("What is it?"), choices=KINDS)
    title = TextField(label=_("Title"), limit=200, required=False, help_text=_("How it is listed. Empty: its file name."))
    file = PdfField(label=_("File"), error_messages={"required": _("Choose a file.")})
    request_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, questions: Sequence[Question] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions = {f"{AttachmentKind.ANSWER}-{question.pk}": question for question in questions}
        answers = [(key, question.label) for key, question in self.questions.items()]
        self.fields["kind"].choices = [*KINDS, *answers]  # type: ignore[attr-defined]
        self.fields["file"].help_text = limit_sentence()
        self.initial.setdefault("request_key", uuid.uuid4())

    @property
    def question(self) -> Question | None:
        """The call's question that this file answers, if it answers one."""
        return self.questions.get(self.cleaned_data["kind"])
