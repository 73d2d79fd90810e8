"""The forms of a release: what goes into it, for which instant it is approved, and who is invited after it."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proposals.admin.acts import ThingForm
from proposals.admin.proposal.acts import BeijingInstant
from proposals.calls.models import Phase
from proposals.decisions.models import Decision, Release
from proposals.decisions.queries.inviting import invitable
from proposals.decisions.queries.releases import waiting_for
from proposals.intake.models import Proposal
from proposals.web.clock import for_reader, in_beijing


def _decision_words(decision: Decision) -> str:
    told = {
        "reference": decision.proposal.reference,
        "title": decision.proposal.title,
        "outcome": decision.get_outcome_display(),
    }
    return _("%(reference)s %(title)s: %(outcome)s") % told


def _proposal_words(proposal: Proposal) -> str:
    told = {"reference": proposal.reference, "title": proposal.title, "phase": proposal.phase}
    return _("%(reference)s %(title)s (%(phase)s)") % told


class PrepareForm(forms.Form):
    """A title, and which decisions of a phase."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=200, help_text=gettext_lazy("Only staff read it."))
    decisions: Any = forms.MultipleChoiceField(label=gettext_lazy("Decisions"), widget=forms.CheckboxSelectMultiple)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, phase: Phase, user: Any, release: Release | None = None) -> None:
        self.rows = {str(one.pk): one for one in waiting_for(user, phase, release)}
        held = [key for key, one in self.rows.items() if release is None or one.release_id == release.pk]
        title = release.title if release else str(phase)
        super().__init__(data, initial={"title": title, "decisions": held, "seen": release.revision if release else None})
        self.fields["decisions"].choices = [(key, _decision_words(one)) for key, one in self.rows.items()]  # type: ignore[attr-defined]

    def clean_decisions(self) -> list[Decision]:
        """The decisions that were ticked."""
        return [self.rows[key] for key in self.cleaned_data["decisions"]]


class ApproveForm(ThingForm):
    """When the embargo ends; the page that was read must still be the release."""

    release_at = BeijingInstant(label=gettext_lazy("Released at"), required=False)
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, thing: Release) -> None:
        super().__init__(data, thing=thing)
        now = timezone.now()
        both = ", ".join(filter(None, (in_beijing(now), for_reader(now, None))))
        self.fields["release_at"].help_text = _("Beijing time (UTC+8); empty: at once. It is now %(now)s.") % {"now": both}
        self.fields["seen"].initial = thing.revision

    def clean(self) -> dict[str, Any]:
        """Without what only the page is checked by."""
        given: dict[str, Any] = super().clean() or {}
        if given.pop("seen", None) != self.thing.revision:
            raise ValidationError(_("It was prepared again after you opened this page. Read it once more first."))
        return given


class InviteForm(forms.Form):
    """Which of the proposals that wait for an invitation."""

    proposals: Any = forms.MultipleChoiceField(label=gettext_lazy("Proposals"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, data: Any = None, *, user: Any) -> None:
        self.rows = {str(one.pk): one for one in invitable(user)}
        super().__init__(data, initial={"proposals": list(self.rows)})
        self.fields["proposals"].choices = [(key, _proposal_words(one)) for key, one in self.rows.items()]  # type: ignore[attr-defined]

    def clean_proposals(self) -> list[Proposal]:
        """The proposals that were ticked."""
        return [self.rows[key] for key in self.cleaned_data["proposals"]]
