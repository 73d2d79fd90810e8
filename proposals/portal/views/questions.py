"""The page of the call's own questions."""

from datetime import datetime
from typing import Any

from proposals.intake import actions
from proposals.intake.models import Proposal, Section
from proposals.partners.models import User
from proposals.portal.forms.questions import QuestionsForm
from proposals.portal.views.editing import Editor


class QuestionsEditor(Editor):
    """One field a question; files have a page of their own."""

    def form(self, proposal: Proposal, asked: dict[str, bool], data: Any = None) -> QuestionsForm:  # noqa: ARG002  # an editor's signature
        """The questions of this phase for this level, with their answers."""
        questions = list(proposal.phase.questions.filter(levels__contains=[proposal.level]))
        answers = {answer.question_id: answer for answer in proposal.answers.select_related("file")}
        return QuestionsForm(questions=questions, answers=answers, data=data)

    def save(
        self,
        form: QuestionsForm,
        proposal: Proposal,
        *,
        key: str,  # noqa: ARG002  # an editor's signature
        revision: int,
        by: User,
        now: datetime,
    ) -> Section | None:
        """Save the answers that are sound."""
        values = form.values()
        if not values and form.errors:
            return None
        return actions.save_answers(proposal, answers=values, revision=revision, by=by, now=now)
