"""Lead and partner organisations of a proposal; others' organisations are neither offered nor searched."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from proposals.intake import actions
from proposals.intake.models import Proposal
from proposals.intake.queries.at_hand import partners_of, section_of
from proposals.intake.rules import may_change_lead
from proposals.partners.actions import NearKnown
from proposals.partners.models import Organisation
from proposals.partners.queries import in_directory, own_organisations
from proposals.portal.forms.organisations_of import LeadForm, NewPartnerForm, PartnerForm
from proposals.portal.views.editing import Asked
from proposals.portal.views.team import refuse

SHOWN = 12


def page(request: HttpRequest, proposal: Proposal, key: str, asked: Asked) -> HttpResponse:  # noqa: ARG001  # every page's shape
    """One form: which organisation leads, which take part; buttons find, add and name more partners."""
    own = [] if request.user.is_staff else own_organisations(request.user)
    data: Any = request.POST if request.method == "POST" else None
    saved = section_of(proposal, "organisations")
    fixed = proposal.submitted_at is not None and not may_change_lead(request.user, proposal)
    lead = LeadForm(data, own=[] if fixed else own, proposal=proposal, revision=saved.revision if saved else 0)
    rows = _rows(data, proposal)
    words = request.POST.get("words", "").replace("\x00", "").strip()[:100]
    new = NewPartnerForm(data if data and "name_new" in data else None)
    context: dict[str, Any] = {
        "proposal": proposal,
        "lead": lead,
        "lead_is_fixed": fixed,
        "rows": rows,
        "words": words,
        "new": new,
        "own": own,
        "found": None,
    }
    named = {row.organisation.pk for row in rows} | ({proposal.lead_id} if proposal.lead_id else set())
    context["offered"] = [one for one in own if one.pk not in named]
    if data is not None:
        is_new = "name_new" in data
        done = _name_new(request, proposal, lead, new, context) if is_new else _save(request, proposal, lead, rows, own)
        if done is not None:
            return done
        if "find" in data and words:
            context["found"] = list(in_directory(words).exclude(pk__in=named)[:SHOWN])
    refused = any(form.is_bound and form.errors for form in (lead, new, *rows)) and "find" not in request.POST
    return render(request, "portal/team/organisations.html", context, status=400 if refused else 200)


def _rows(data: Any, proposal: Proposal) -> list[PartnerForm]:
    """A form for each partner that is saved."""
    return [
        PartnerForm(
            data,
            organisation=row.organisation,
            initial={"role": row.role, "share_percent": row.share_percent},
        )
        for row in partners_of(proposal)
    ]


def _save(
    request: HttpRequest, proposal: Proposal, lead: LeadForm, rows: list[PartnerForm], own: list[Organisation]
) -> HttpResponse | None:
    """Save what is typed, with one more partner where a button says so; None where the page must be shown again."""
    if "find" in request.POST or not _are_valid(lead, *rows):
        return None
    lines = [row.line() for row in rows if not row.cleaned_data["remove"]]
    if "add" in request.POST:
        chosen = _offered(request.POST["add"], own)
        if chosen is None or any(line["organisation"] == chosen for line in lines):
            lead.add_error(None, _("Choose an organisation from the list that is not named yet."))
            return None
        lines.append({"organisation": chosen, "role": "", "share_percent": None})
    by: Any = request.user
    try:
        actions.save_organisations(
            proposal,
            lead=lead.known.get(lead.cleaned_data["lead"]),
            partners=lines,
            revision=lead.cleaned_data["revision"],
            by=by,
            now=timezone.now(),
        )
    except actions.SavedMeanwhile as meanwhile:
        lead.add_error(None, str(meanwhile))
        # the next save is meant: what the other person saved has been pointed out
        lead.data = request.POST | {"revision": str(meanwhile.section.revision)}
    except ValidationError as refusal:
        refuse(lead, refusal)
    else:
        return _saved(request, proposal)
    return None


def _are_valid(*forms: BaseForm) -> bool:
    """Ask every form, so that each shows its errors."""
    return sum(form.is_valid() for form in forms) == len(forms)


def _saved(request: HttpRequest, proposal: Proposal) -> HttpResponse:
    if "add" in request.POST or "stay" in request.POST:
        messages.success(request, _("The organisations are saved."))
        return redirect("portal:section", proposal.pk, "organisations")
    return redirect("portal:task_list", proposal.pk)


def _offered(typed: str, own: list[Organisation]) -> Organisation | None:
    """An organisation that the page offers: one's own, or of the public directory."""
    if not typed.isdecimal() or len(typed) > 18:
        return None
    mine = next((one for one in own if one.pk == int(typed)), None)
    return mine or Organisation.objects.directory().filter(pk=int(typed)).first()


def _name_new(
    request: HttpRequest, proposal: Proposal, lead: LeadForm, new: NewPartnerForm, context: dict[str, Any]
) -> HttpResponse | None:
    """Add a partner by its name; one that the directory may hold already is asked about first."""
    lead.is_valid()  # only its revision matters here
    if not new.is_valid() or "revision" not in lead.cleaned_data:
        return None
    by: Any = request.user
    try:
        row = actions.name_partner(
            proposal,
            organisation=new.instance,
            role=new.cleaned_data["role"],
            share_percent=new.cleaned_data["share_percent"],
            is_another=request.POST.get("is_another") == "yes",
            revision=lead.cleaned_data["revision"],
            by=by,
            now=timezone.now(),
        )
    except NearKnown as near:
        context["known"] = near.known
        return None
    except actions.SavedMeanwhile as meanwhile:
        lead.add_error(None, str(meanwhile))
        return None
    except ValidationError as refusal:
        refuse(new, refusal)
        return None
    messages.success(request, _("%(name)s is added. The secretariat will confirm it.") % {"name": row.organisation})
    return redirect("portal:section", proposal.pk, "organisations")
