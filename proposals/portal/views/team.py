"""The team's page of the form: who takes part, who may sign in to it, and who is invited."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from proposals.intake import actions, rules
from proposals.intake.models import Proposal, TeamMember
from proposals.intake.queries.at_hand import members_of
from proposals.intake.queries.completeness import missing_roles
from proposals.portal.forms.team import MemberForm
from proposals.portal.views.access import visible_or_404
from proposals.portal.views.editing import Asked


def refuse(form: BaseForm, refusal: ValidationError, **names: str) -> None:
    """An action's refusal as the form's errors, each at its field where the form has it, or the one it is named here."""
    by_field = refusal.message_dict if hasattr(refusal, "error_dict") else {"": refusal.messages}
    for column, sentences in by_field.items():
        field = names.get(column, column)
        for sentence in sentences:
            form.add_error(field if field in form.fields else None, sentence)


def page(request: HttpRequest, proposal: Proposal, key: str, asked: Asked) -> HttpResponse:
    """The list of people, and a form to add one."""
    form = MemberForm(request.POST or None, proposal=proposal)
    if request.method == "POST" and form.is_valid():
        by: Any = request.user
        try:
            member = actions.list_member(proposal, **form.values(), by=by, now=timezone.now())
        except ValidationError as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("%(person)s is listed. Listing alone sends no mail.") % {"person": member})
            return _back(proposal)
    members = members_of(proposal)
    missing = missing_roles(member.role for member in members)
    context = {
        "proposal": proposal,
        "form": form,
        "members": members,
        "missing": [missing[name] for name, is_required in asked[key].items() if is_required and name in missing],
        "now": timezone.now(),
    }
    return render(request, "portal/team/team.html", context, status=400 if form.errors else 200)


def _back(proposal: Proposal) -> HttpResponse:
    return redirect("portal:section", proposal.pk, "team")


def _member_or_404(request: HttpRequest, proposal: UUID, member: int) -> TeamMember:
    """A person of a proposal that this reader may write; 404 for any other, as for none."""
    found = visible_or_404(request, proposal)
    listed = found.team.select_related("organisation", "invitation")
    one = get_object_or_404(listed if rules.may_edit(request.user, found) else listed.none(), pk=member)
    one.proposal = found
    return one


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def member_edit(request: HttpRequest, proposal: UUID, member: int) -> HttpResponse:
    """Correct a person's entry."""
    one = _member_or_404(request, proposal, member)
    form = MemberForm(request.POST or None, proposal=one.proposal, member=one)
    if request.method == "POST" and form.is_valid():
        by: Any = request.user
        try:
            actions.list_member(one.proposal, **form.values(), member=one, by=by, now=timezone.now())
        except ValidationError as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("The entry is saved."))
            return _back(one.proposal)
    context = {"proposal": one.proposal, "member": one, "form": form}
    return render(request, "portal/team/member.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def member_invite(request: HttpRequest, proposal: UUID, member: int) -> HttpResponse:
    """Send a listed person the link by which they join; an earlier link ends."""
    one = _member_or_404(request, proposal, member)
    by: Any = request.user
    try:
        sent = actions.invite_member(one, by=by, now=timezone.now())
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, _("The invitation to %(address)s is on its way.") % {"address": sent.email})
    return _back(one.proposal)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def member_remove(request: HttpRequest, proposal: UUID, member: int) -> HttpResponse:
    """Say what taking a person off means; then do it."""
    one = _member_or_404(request, proposal, member)
    is_me = one.user_id == request.user.pk
    if request.method == "POST":
        by: Any = request.user
        try:
            actions.remove_member(one, by=by, now=timezone.now())
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
            return _back(one.proposal)
        messages.success(request, _("%(person)s is no longer on the team.") % {"person": one})
        return redirect("portal:dashboard") if is_me else _back(one.proposal)
    return render(request, "portal/team/remove.html", {"proposal": one.proposal, "member": one, "is_me": is_me})
