"""What the secretariat does with one proposal: the moves of triage, and naming, tagging, noting."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proposals.admin.acts import Act
from proposals.intake import actions
from proposals.intake.models import Proposal
from proposals.intake.queries.queue import secretariat
from proposals.intake.rules import may_move, may_triage
from proposals.intake.states import SHOWN_AS, Status
from proposals.review.actions.opening import open_review
from proposals.web.clock import BEIJING

ANSWER_DAYS = 7
FAR_DAYS = 366


@dataclass(frozen=True)
class TriageAct(Act):
    """A verb of triage; `to` is the state it leads to, None where the state stays."""

    to: Status | None = None

    def tells(self, proposal: Proposal) -> bool:
        """Whether the team hears of it: only of what changes what they are shown."""
        return self.to is not None and str(SHOWN_AS[self.to]) != str(SHOWN_AS[Status(proposal.status)])


class BeijingInstant(forms.DateTimeField):
    """A day and time of Beijing, typed and shown as such whatever the reader's zone."""

    widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})

    def to_python(self, value: Any) -> datetime | None:
        with timezone.override(BEIJING):
            return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        with timezone.override(BEIJING):
            return super().prepare_value(value)

    def validate(self, value: Any) -> None:
        """Not absurdly far away: the action checks that it is in the future."""
        super().validate(value)
        if value is not None and value > timezone.now() + timedelta(days=FAR_DAYS):
            raise ValidationError(_("Choose an instant within a year."))


def in_a_week() -> datetime:
    """The end of the day a week from now, in Beijing."""
    day = timezone.now().astimezone(BEIJING) + timedelta(days=ANSWER_DAYS)
    return day.replace(hour=23, minute=59, second=0, microsecond=0)


def _instant(label: Any) -> BeijingInstant:
    return BeijingInstant(label=label, initial=in_a_week, help_text=gettext_lazy("Beijing time (UTC+8)."))


def _long(label: Any, help_text: Any, length: int = 4000) -> forms.CharField:
    return forms.CharField(label=label, help_text=help_text, max_length=length, widget=forms.Textarea(attrs={"rows": 6}))


class ReturnForm(forms.Form):
    """Why a proposal goes back, and until when its correction is on time."""

    reason = _long(
        gettext_lazy("What has to be corrected"), gettext_lazy("The team reads this on the site; it is not in the mail.")
    )
    correct_by = _instant(gettext_lazy("Correction due"))


class AskForm(forms.Form):
    """A question and until when it is to be answered."""

    question = _long(gettext_lazy("Question"), gettext_lazy("The team reads and answers it on the site; it is not in the mail."))
    due_at = _instant(gettext_lazy("Answer due"))


class ReasonForm(forms.Form):
    """Why a proposal is not eligible."""

    reason = _long(gettext_lazy("Reason"), gettext_lazy("The team reads this on the site; it is not in the mail."))


class AssignForm(forms.Form):
    """Who handles the proposal."""

    to: Any = forms.ModelChoiceField(
        queryset=None, required=False, label=gettext_lazy("Handled by"), empty_label=gettext_lazy("nobody")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = secretariat()  # type: ignore[attr-defined]


class TagForm(forms.Form):
    """Tags, separated by commas."""

    tags = forms.CharField(
        label=gettext_lazy("Tags"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("Separated by commas, at most 12 of 40 characters each; only staff see them."),
    )

    def clean_tags(self) -> list[str]:
        """The single tags; raises ValidationError for one that is too long."""
        tags = [" ".join(tag.split()) for tag in self.cleaned_data["tags"].split(",") if tag.strip()]
        for tag in tags:
            if len(tag) > 40:
                raise ValidationError(_("“%(tag)s” is longer than 40 characters."), params={"tag": tag})
        return tags


class NoteForm(forms.Form):
    """A note of staff for staff; the key makes a second click harmless."""

    text = _long(gettext_lazy("Note"), gettext_lazy("Partners never see it."), 8000)
    request_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


def _when(to: Status) -> Callable[[Any, Proposal], bool]:
    """The rule of a move, for this state."""
    return lambda user, proposal: may_move(user, proposal, to)


def _always(user: Any, proposal: Proposal) -> bool:  # noqa: ARG001  # the signature of every rule
    return may_triage(user)


MOVING = (
    TriageAct(
        "receive", gettext_lazy("Begin the eligibility check"), _when(Status.ELIGIBILITY), actions.receive,
        gettext_lazy("The proposal is taken in and its eligibility is checked. This admits a late one, and tells its team."),
        gettext_lazy("The eligibility check has begun."), to=Status.ELIGIBILITY,
    ),
    TriageAct(
        "accept", gettext_lazy("Accept for review"), _when(Status.UNDER_REVIEW), open_review,
        gettext_lazy("The proposal is eligible and goes to review. A question that still waits is closed."),
        gettext_lazy("The proposal is under review."), to=Status.UNDER_REVIEW,
    ),
    TriageAct(
        "ask", gettext_lazy("Ask a question"), _when(Status.CLARIFICATION), actions.ask,
        gettext_lazy("The question waits on the site until the team answers it; then the proposal comes back to where it was."),
        gettext_lazy("The question was put to the team."), AskForm, to=Status.CLARIFICATION,
    ),
    TriageAct(
        "return", gettext_lazy("Return for correction"), _when(Status.RETURNED), actions.return_for_correction,
        gettext_lazy("The team can edit the proposal again and submit a new version, on time until the instant below."),
        gettext_lazy("The proposal was returned to its team."), ReturnForm, to=Status.RETURNED,
    ),
    TriageAct(
        "ineligible", gettext_lazy("Declare not eligible"), _when(Status.INELIGIBLE), actions.declare_ineligible,
        gettext_lazy("The proposal ends here as not eligible. This cannot be undone."),
        gettext_lazy("The proposal was declared not eligible."), ReasonForm, to=Status.INELIGIBLE,
    ),
)  # fmt: skip
KEEPING = (
    TriageAct(
        "assign", gettext_lazy("Assign"), _always, actions.assign,
        gettext_lazy("One member of the secretariat handles the proposal. Partners do not see who."),
        gettext_lazy("The proposal is assigned."), AssignForm,
    ),
    TriageAct(
        "tag", gettext_lazy("Tag"), _always, actions.tag,
        gettext_lazy("These tags take the place of those the proposal has."),
        gettext_lazy("The tags are saved."), TagForm,
    ),
    TriageAct(
        "note", gettext_lazy("Add a note"), _always, actions.add_note,
        gettext_lazy("The note is added for staff."),
        gettext_lazy("The note is kept."), NoteForm,
    ),
)  # fmt: skip
ACTS = (*MOVING, *KEEPING)
