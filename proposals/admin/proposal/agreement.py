"""What follows a selection, on the page of a proposal: its conditions, its agreement, its announcement and what comes after."""

from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy

from proposals.admin.proposal.acts import TriageAct
from proposals.decisions.actions import after, agreements
from proposals.decisions.models import Agreement
from proposals.decisions.queries.agreements import agreement_of, checklist, conditions_of
from proposals.decisions.queries.announcing import project_of
from proposals.decisions.rules.after import may_change, may_resume
from proposals.decisions.rules.agreements import may_keep_agreement, may_open_agreement
from proposals.decisions.rules.announcing import may_announce
from proposals.decisions.rules.conditions import may_confirm
from proposals.decisions.states import AFTER
from proposals.intake.models import Proposal
from proposals.intake.states import Status

FOLLOWED = {Status.CONDITIONAL, Status.SELECTED, Status.AGREEMENT, Status.AGREED, Status.ANNOUNCED, *AFTER}


class OpenForm(forms.Form):
    """With whom the agreement is made; all of it may follow later."""

    counterpart = forms.CharField(label=gettext_lazy("Counterpart institute"), max_length=250, required=False)
    contact = forms.CharField(label=gettext_lazy("Contact at the counterpart"), max_length=250, required=False)
    planned_on = forms.DateField(
        label=gettext_lazy("Signature planned on"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


class WhyForm(forms.Form):
    """Why; the team reads it."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("The team reads this on the site; it is not in the mail, and never on the public page."),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
    )


class TransferForm(WhyForm):
    """Why, and where the project goes."""

    mission = forms.CharField(label=gettext_lazy("Mission that it goes to"), max_length=120)
    field_order = ("mission", "reason")


def _to(status: Status) -> Any:
    return lambda user, proposal: may_change(user, proposal, status)


FOLLOWING = (
    TriageAct(
        "agreement", gettext_lazy("Prepare the agreement"), may_open_agreement, agreements.open_agreement,
        gettext_lazy("The agreement begins with the usual checklist, which you can then edit. The team sees the checklist, the "
                     "counterpart and the dates."),
        gettext_lazy("The agreement is in preparation."), OpenForm, to=Status.AGREEMENT,
    ),
    TriageAct(
        "resume", gettext_lazy("Resume"), may_resume, after.resume,
        gettext_lazy("The project goes on as it was agreed. What the public page says of it stays until you announce it anew."),
        gettext_lazy("The project goes on."), WhyForm, to=Status.AGREED,
    ),
    TriageAct(
        "descope", gettext_lazy("Descope"), _to(Status.DESCOPED), after.descope,
        gettext_lazy("The project goes on with less than was agreed. If it was announced, the public page says so from now on, "
                     "until you announce it anew."),
        gettext_lazy("The project is descoped."), WhyForm, to=Status.DESCOPED,
    ),
    TriageAct(
        "defer", gettext_lazy("Defer"), _to(Status.DEFERRED), after.defer,
        gettext_lazy("The project is put off until you resume it. If it was announced, the public page says so from now on."),
        gettext_lazy("The project is deferred."), WhyForm, to=Status.DEFERRED,
    ),
    TriageAct(
        "transfer", gettext_lazy("Transfer to another mission"), _to(Status.TRANSFERRED), after.transfer,
        gettext_lazy("The project ends here and goes to another mission. If it was announced, its entry stays on the public page "
                     "and says so. This cannot be undone."),
        gettext_lazy("The project is transferred."), TransferForm, to=Status.TRANSFERRED,
    ),
    TriageAct(
        "cancel", gettext_lazy("Cancel the project"), _to(Status.CANCELLED), after.cancel,
        gettext_lazy("The project ends for good. If it was announced, its entry stays on the public page and says so. "
                     "This cannot be undone."),
        gettext_lazy("The project is cancelled."), WhyForm, to=Status.CANCELLED,
    ),
)  # fmt: skip


def agreement_part(proposal: Proposal, user: Any) -> dict[str, Any]:
    """The variables of this part of the page: none of its queries before a project is selected."""
    if proposal.status not in FOLLOWED:
        return {}
    agreement, entry = agreement_of(proposal), project_of(proposal)
    return {
        "onward": _onward(proposal, user, agreement),
        "conditions": [(condition, may_confirm(user, condition)) for condition in conditions_of(proposal)],
        "agreement": agreement,
        "checklist": checklist(agreement) if agreement else [],
        "public_entry": entry,
        "followed": True,
    }


def _onward(proposal: Proposal, user: Any, agreement: Agreement | None) -> list[tuple[Any, str]]:
    """The page that leads on from here, before the buttons that end something: its label and address."""
    if may_announce(user, proposal):
        return [(gettext_lazy("Announce it, alone or with others"), reverse("admin:proposals_announcement_announce"))]
    if agreement and may_keep_agreement(user, agreement):
        return [(gettext_lazy("Go on with the agreement"), reverse("admin:proposals_agreement_change", args=[agreement.pk]))]
    if proposal.status == Status.ANNOUNCED:
        return [(gettext_lazy("See the public page"), reverse("portal:call", args=[proposal.call.slug]))]
    return []
