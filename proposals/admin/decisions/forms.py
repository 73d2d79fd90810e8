"""The form of a decision: outcome, reason, feedback, conditions and the wording of its letter."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proposals.decisions.actions.deciding import CONDITIONS_AT_MOST
from proposals.decisions.models import Decision
from proposals.decisions.queries.deciding import outcomes_for, targets_for
from proposals.decisions.states import Outcome
from proposals.intake.models import Proposal
from proposals.intake.queries.letters import newest
from proposals.outbox.models import Wording

MORE_LINES = 3


def _long(label: Any, help_text: Any, length: int, *, required: bool) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": 6, "dir": "auto"})
    return forms.CharField(label=label, help_text=help_text, max_length=length, required=required, widget=area)


class DecisionForm(forms.Form):
    """What is decided of one proposal; `merged_into` is asked for by its reference."""

    outcome = forms.ChoiceField(label=gettext_lazy("Outcome"), widget=forms.RadioSelect)
    merged_into: Any = forms.CharField(
        label=gettext_lazy("Merged into"),
        help_text=gettext_lazy("For a merge: the reference of the other proposal, of the same call and phase. Its lead stays."),
        max_length=20,
        required=False,
    )
    reason = _long(gettext_lazy("Reason, for the record"), gettext_lazy("Only staff read it."), 8000, required=True)
    feedback = _long(
        gettext_lazy("Feedback to the proposer"),
        gettext_lazy("It stands in the letter where its wording says {feedback}. It never compares proposals."),
        12000,
        required=False,
    )
    wording: Any = forms.ModelChoiceField(
        queryset=None,
        label=gettext_lazy("Wording of the letter"),
        help_text=gettext_lazy("A release needs one for each decision."),
        required=False,
        empty_label=gettext_lazy("not chosen yet"),
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, proposal: Proposal, user: Any, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.proposal, self.user = proposal, user
        possible = outcomes_for(proposal)
        self.asks_conditions = Outcome.CONDITIONAL in possible
        self.fields["outcome"].choices = [(one.value, one.label) for one in possible]  # type: ignore[attr-defined]
        self.fields["wording"].queryset = Wording.objects.current()  # type: ignore[attr-defined]

    def clean_merged_into(self) -> Proposal | None:
        """The proposal with that reference; raises ValidationError for none that it can be merged into."""
        reference = self.cleaned_data["merged_into"].strip().upper()
        if not reference:
            return None
        found = targets_for(self.proposal, user=self.user).filter(reference=reference).first()
        if found is None:
            raise ValidationError(_("It can be merged into no proposal with this reference."))
        return found

    def clean_wording(self) -> Any:
        """What the wording says today."""
        chosen = self.cleaned_data["wording"]
        return newest(chosen) if chosen else None

    def said(self) -> dict[str, Any]:
        """What the action wants to know, but for the conditions."""
        return {name: self.cleaned_data[name] for name in ("outcome", "reason", "feedback", "wording", "merged_into")}

    def refuse(self, refusal: ValidationError) -> None:
        """Show the action's words at the fields that they are about."""
        about = refusal.message_dict if hasattr(refusal, "error_dict") else {"": refusal.messages}
        for name, words in about.items():
            self.add_error(name if name in self.fields else None, words)


class ConditionForm(forms.Form):
    """One condition and the day by which it is due; emptied, it is none."""

    text = forms.CharField(
        label=gettext_lazy("Condition"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )
    due_on = forms.DateField(
        label=gettext_lazy("Due"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )

    def clean(self) -> dict[str, Any]:
        """A day alone is no condition."""
        given: dict[str, Any] = super().clean() or {}
        if given.get("due_on") and not given.get("text"):
            self.add_error("text", _("Say what is due on that day."))
        return given


class Conditions(forms.BaseFormSet):  # type: ignore[type-arg]
    """The lines of conditions; an empty one is none."""

    def said(self) -> list[dict[str, Any]]:
        """What was written, in its order."""
        return [{"text": one["text"], "due_on": one["due_on"]} for one in self.cleaned_data if one.get("text")]


ConditionFormSet: Any = forms.formset_factory(
    ConditionForm, formset=Conditions, extra=MORE_LINES, max_num=CONDITIONS_AT_MOST, validate_max=True
)


def written(decision: Decision) -> dict[str, Any]:
    """What the form of a drafted decision begins with."""
    return {
        "outcome": decision.outcome,
        "merged_into": decision.merged_into.reference if decision.merged_into else "",
        "reason": decision.reason,
        "feedback": decision.feedback,
        "wording": decision.wording.wording_id if decision.wording else None,
        "revision": decision.revision,
    }


def terms(decision: Decision) -> list[dict[str, Any]]:
    """The conditions that the form of a drafted decision begins with."""
    return [{"text": one.text, "due_on": one.due_on} for one in decision.conditions.all()]
