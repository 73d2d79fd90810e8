"""Invitations: send one, take one back, look at one from its link, accept it."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from proposals.intake.actions import join_team
from proposals.intake.models import TeamMember
from proposals.partners import actions, queries, rules
from proposals.partners.models import Invitation, User
from proposals.portal.forms.organisations import InvitationForm
from proposals.portal.views.organisations import own_path, visible


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Invite the holder of an address to an organisation."""
    thing = visible(request, pk)
    if not rules.may_invite(request.user, thing):
        raise PermissionDenied
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            sent = actions.invite(thing, by=request.user, now=timezone.now(), **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error("email", refusal.messages)
        else:
            messages.success(request, _("The invitation to %(address)s is on its way.") % {"address": sent.email})
            return own_path(thing)
    context = {"form": form, "organisation": thing}
    return render(request, "portal/organisations/invitation_new.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def invitation_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an open invitation back."""
    mine = Invitation.objects.select_related("organisation")
    found = get_object_or_404(mine, pk=pk)
    if found.organisation is None or not rules.may_withdraw_invitation(request.user, found):
        found = get_object_or_404(mine.none())
    try:
        actions.withdraw_invitation(found, by=request.user, now=timezone.now())
    except actions.InvitationClosed as refusal:
        messages.warning(request, refusal.message)
    else:
        messages.success(request, _("The invitation is taken back; its link no longer works."))
    return redirect("portal:organisation", pk=found.organisation_id)


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """An invitation from its link: what it offers, or plainly why it cannot be used; POST accepts it."""
    return _offer(request, queries.by_token(token))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_pending(request: HttpRequest, pk: int) -> HttpResponse:
    """The same, from one's dashboard: only one's own pending invitations are found."""
    found = queries.pending_invitations(request.user, timezone.now()).filter(pk=pk).first()
    return _offer(request, found)


def _offer(request: HttpRequest, found: Invitation | None) -> HttpResponse:
    now = timezone.now()
    why = queries.closed_because(found, now) if found else "unknown"
    if found is None or why:
        return _closed(request, found, why)
    me = request.user
    is_mine = me.is_authenticated and found.email in queries.verified_addresses(me)
    if request.method == "POST":
        if not me.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return _accept(request, found)
    context = {"invitation": found, "is_mine": is_mine, "page": request.path}
    return render(request, "portal/organisations/invitation.html", context)


def _accept(request: HttpRequest, found: Invitation) -> HttpResponse:
    """Join the organisation, or the proposal's team when the invitation names no organisation."""
    is_team, now, me = found.organisation_id is None, timezone.now(), cast("User", request.user)
    try:
        joined: Any = (join_team if is_team else actions.accept)(found, by=me, now=now)
    except (PermissionDenied, ValidationError):
        found.refresh_from_db()  # someone may have been faster
        if why := queries.closed_because(found, now):
            return _closed(request, found, why)
        context = {"invitation": found, "is_mine": False, "page": request.path}
        return render(request, "portal/organisations/invitation.html", context, status=403)
    messages.success(request, _("You have joined."))
    return redirect("portal:proposal", joined.pk) if is_team else own_path(joined.organisation)


def _closed(request: HttpRequest, found: Invitation | None, why: str) -> HttpResponse:
    if found and why == "used" and found.accepted_by_id == request.user.pk and found.organisation:
        return own_path(found.organisation)
    if found and why == "used" and found.accepted_by_id == request.user.pk:
        mine = TeamMember.objects.filter(invitation=found, user=request.user.pk).values_list("proposal", flat=True).first()
        if mine is not None:
            return redirect("portal:proposal", mine)
    status = 404 if why == "unknown" else 410
    return render(request, "portal/organisations/invitation_closed.html", {"why": why}, status=status)
