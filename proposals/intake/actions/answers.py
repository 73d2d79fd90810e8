"""Answers to the call's own questions: typed on the page, or given as a file."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from proposals.calls.models import Question
from proposals.calls.states import QuestionKind
from proposals.intake.actions.drafts import open_section
from proposals.intake.actions.files import attach, remove_file
from proposals.intake.models import Answer, Attachment, Proposal, Section
from proposals.intake.states import AttachmentKind
from proposals.partners.models import User


@transaction.atomic
def save_answers(proposal: Proposal, *, answers: Mapping[int, str], revision: int, by: User, now: datetime) -> Section:
    """This will save the answers to the call's own questions (question id -> text).

    Raises PermissionDenied, SavedMeanwhile, or ValidationError for a question of another phase.
    """
    section = open_section(proposal, key="questions", revision=revision, by=by, now=now)
    own = set(proposal.phase.questions.values_list("pk", flat=True))
    if not set(answers) <= own:
        raise ValidationError(_("That question is not asked in this phase."))
    for question_id, value in answers.items():
        Answer.objects.update_or_create(proposal=proposal, question_id=question_id, defaults={"value": value})
    return section


@transaction.atomic
def answer_with_file(
    proposal: Proposal,
    *,
    question: Question,
    upload: "UploadedFile[Any]",
    title: str = "",
    request_key: uuid.UUID | None = None,
    by: User,
    now: datetime,
) -> Attachment:
    """This will keep a PDF as the answer to one of the call's questions, in place of an earlier one.

    Raises PermissionDenied, or ValidationError for a question of another phase or kind and as `attach` does.
    """
    if question.phase_id != proposal.phase_id or question.kind != QuestionKind.FILE or proposal.level not in question.levels:
        raise ValidationError(_("That question is not asked in this phase."))
    kept = attach(
        proposal,
        upload=upload,
        kind=AttachmentKind.ANSWER,
        title=title or question.label[:200],
        request_key=request_key,
        by=by,
        now=now,
    )
    answer, _made = Answer.objects.get_or_create(proposal=proposal, question=question)
    earlier, answer.file = answer.file, kept
    answer.save(update_fields=["file"])
    if earlier is not None and earlier != kept:
        remove_file(earlier, by=by, now=now)
    Section.stamp(proposal, key="questions", by=by, now=now)
    return kept
