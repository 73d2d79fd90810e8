"""Organisations: one's own, the directory, a new one, its page and its members."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from proposals.outbox.models import Bounce
from proposals.partners import actions, queries, rules
from proposals.partners.models import Membership, Organisation
from proposals.portal.forms.organisations import OrganisationForm, RoleForm

SHOWN = 25


def own_path(organisation: Organisation) -> HttpResponse:
    """Back to the organisation's page."""
    return redirect("portal:organisation", pk=organisation.pk)


def visible(request: HttpRequest, pk: int) -> Organisation:
    """An organisation that this reader may know of; 404 for any other, as for none."""
    return get_object_or_404(Organisation.objects.visible_to(request.user), pk=pk)


def member_of_visible(request: HttpRequest, pk: int) -> Membership:
    """A membership whose organisation shows its members to this reader; 404 otherwise."""
    found = get_object_or_404(
        Membership.objects.select_related("organisation", "user").filter(
            organisation__in=Organisation.objects.visible_to(request.user)
        ),
        pk=pk,
    )
    if found.user_id != request.user.pk and not rules.may_see_members(request.user, found.organisation):
        return get_object_or_404(Membership.objects.none())
    return found


@login_required
@require_GET
def organisation_list(request: HttpRequest) -> HttpResponse:
    """One's own organisations, and the public directory to look in."""
    words = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    found = list(queries.in_directory(words)[: SHOWN + 1]) if words else []
    context = {
        "memberships": queries.memberships(request.user),
        "words": words,
        "found": found[:SHOWN],
        "has_more": len(found) > SHOWN,
    }
    return render(request, "portal/organisations/organisation_list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def organisation_new(request: HttpRequest) -> HttpResponse:
    """Add an organisation; one that the directory may hold already is asked about first."""
    form = OrganisationForm(request.POST or None)
    known: list[Organisation] = []
    if request.method == "POST" and form.is_valid():
        is_another = request.POST.get("is_another") == "yes"
        try:
            made = actions.found(form.instance, by=request.user, now=timezone.now(), is_another=is_another)
        except actions.NearKnown as near:
            known = near.known
        except ValidationError as refusal:
            form.add_error(None, refusal.messages)
        else:
            messages.success(request, _("The organisation is added. The secretariat will confirm it; you can go on meanwhile."))
            return own_path(made)
    context = {"form": form, "known": known}
    return render(request, "portal/organisations/organisation_new.html", context, status=400 if form.errors else 200)


@login_required
@require_GET
def organisation(request: HttpRequest, pk: int) -> HttpResponse:
    """One organisation: its entry, and to its members the people, to those who run it invitations and mailboxes."""
    thing = visible(request, pk)
    mine = rules.membership_of(request.user, thing)
    manages = rules.stands_for(mine, thing)
    sees = manages or bool(mine and mine.confirmed_at)
    context: dict[str, Any] = {
        "organisation": thing,
        "facts": facts(thing),
        "mine": mine,
        "manages": manages,
        "may_join": mine is None and rules.may_join(request.user, thing),
        "may_correct": manages and not thing.confirmed_at and not thing.in_directory,
        "members": _members(thing, manages=manages) if sees else None,
        "invitations": thing.invitations.open(timezone.now()).order_by("-created_at") if manages else None,
        "mailboxes": queries.mailboxes(thing) if manages else None,
    }
    return render(request, "portal/organisations/organisation.html", context)


def _members(thing: Organisation, *, manages: bool) -> list[Membership]:
    """The people; for who runs the organisation also from whom our mail comes back."""
    found = list(queries.members(thing))
    back = Bounce.objects.last_of(member.user.email for member in found) if manages else {}
    for member in found:
        member.came_back = back.get(member.user.email)  # type: ignore[attr-defined]  # for the page
    return found


def facts(thing: Organisation) -> list[tuple[str, str]]:
    """An organisation's entry as (label, value), without what is not given."""
    told = [
        (_("Acronym"), thing.acronym),
        (_("Name in native script"), thing.native_name),
        (_("Other names"), ", ".join(thing.aliases)),
        (_("Kind"), thing.get_kind_display()),
        (_("Country or region"), str(thing.country.name) if thing.country else _("none")),
        (_("Website"), thing.website),
    ]
    return [(label, value) for label, value in told if value]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def organisation_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct an entry that is not confirmed yet."""
    thing = visible(request, pk)
    if not rules.may_correct(request.user, thing):
        return own_path(thing)
    form = OrganisationForm(request.POST or None, instance=thing)
    if request.method == "POST" and form.is_valid():
        try:
            actions.correct(form.instance, by=request.user, now=timezone.now())
        except ValidationError as refusal:
            form.add_error(None, refusal.messages)
        else:
            messages.success(request, _("The entry is saved."))
            return own_path(thing)
    context = {"form": form, "organisation": thing}
    return render(request, "portal/organisations/organisation_edit.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def organisation_join(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask to join an organisation of the directory."""
    thing = visible(request, pk)
    try:
        actions.join(thing, by=request.user, now=timezone.now())
    except actions.AlreadyMember as refusal:
        messages.warning(request, refusal.message)
    else:
        messages.success(
            request, _("You asked to join. A representative or the secretariat will confirm it; we write to you then.")
        )
    return own_path(thing)


@login_required
@require_POST
def member_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm someone who asked to join."""
    member = member_of_visible(request, pk)
    return _changed(request, member, lambda: actions.confirm_member(member, by=request.user, now=timezone.now()))


@login_required
@require_POST
def member_role(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a member another role."""
    member, form = member_of_visible(request, pk), RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose one of the roles."))
        return own_path(member.organisation)
    role = form.cleaned_data["role"]
    return _changed(request, member, lambda: actions.change_role(member, role=role, by=request.user, now=timezone.now()))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def member_hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what handing over means; then do it."""
    member = member_of_visible(request, pk)
    if request.method == "POST":
        return _changed(request, member, lambda: actions.hand_over(member, by=request.user, now=timezone.now()))
    if not rules.may_hand_over(request.user, member):
        return own_path(member.organisation)
    return render(request, "portal/organisations/member_hand_over.html", {"member": member})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def member_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what removing, or leaving, means; then do it."""
    member = member_of_visible(request, pk)
    is_me = member.user_id == request.user.pk
    if request.method == "POST":
        act = actions.leave if is_me else actions.remove_member
        return _changed(request, member, lambda: act(member, by=request.user, now=timezone.now()))
    if not is_me and not rules.may_change_member(request.user, member):
        return own_path(member.organisation)
    return render(request, "portal/organisations/member_remove.html", {"member": member, "is_me": is_me})


def _changed(request: HttpRequest, member: Membership, change: Any) -> HttpResponse:
    """Make one change; say how it went; go back to where its reader may still be."""
    try:
        change()
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, _("The change is made and the person concerned is told."))
    still = Organisation.objects.visible_to(request.user).filter(pk=member.organisation_id).exists()
    return own_path(member.organisation) if still else redirect("portal:organisation_list")
