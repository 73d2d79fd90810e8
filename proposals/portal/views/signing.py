"""The keys of a submission: the PI's release, partner organisations' signatures, whom a representative lets submit."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from proposals.calls.calculations import standing
from proposals.calls.states import Standing
from proposals.intake import actions, rules
from proposals.intake.calculations.signing import is_near
from proposals.intake.emails import team_of
from proposals.intake.models import Proposal
from proposals.intake.queries import content, mass_report, pages
from proposals.intake.queries.parts import part_in_words
from proposals.intake.queries.readable import live
from proposals.intake.queries.signing import Keys, delegations_of, keys_of, stood_for, who_submits
from proposals.intake.states import Status
from proposals.portal.forms.signing import DelegateForm, ReleaseForm, SignForm
from proposals.portal.views.access import visible_or_404


def keys_shown(request: HttpRequest, proposal: Proposal, keys: Keys) -> dict[str, Any]:
    """What the page of a submission says of its keys; without a query where the phase asks for none."""
    user = request.user
    may_submit = rules.may_submit(user, proposal)
    shown: dict[str, Any] = {"keys": keys, "waits": keys.waits(), "may_submit": may_submit, "two_key": proposal.phase.two_key}
    files = rules.files_for_partner(user, proposal)
    if not keys.are_asked or files:
        return shown | {"waits": [], "on_paper": keys.are_asked and files}
    if keys.release is not None:
        delegations, may_delegate = delegations_of(proposal), rules.may_delegate(user, proposal)
        shown |= {
            "may_release": rules.may_release(user, proposal),
            "release_form": ReleaseForm(initial={"seen": keys.release.sha256}),
            "who_submits": who_submits(proposal, user),
            "delegations": delegations if may_delegate else [one for one in delegations if one.to_id == user.pk],
            "delegate_form": DelegateForm(people=_others(proposal, user)) if may_delegate else None,
        }
    return shown | {"may_sign": stood_for(user, keys), "may_ask": rules.may_ask_to_sign(user, proposal)}


def _me(request: HttpRequest) -> Any:
    """The person who is signed in: every page here asks for that."""
    return request.user


def _others(proposal: Proposal, user: Any) -> list[Any]:
    return [person for person in team_of(proposal) if person.pk != user.pk]


def unsent(proposal: Proposal, now: datetime) -> dict[str, Any] | None:
    """What is said loudly of a proposal that is not submitted: once released, or with the deadline near; None where nothing is.

    No query where the phase asks for no signature.
    """
    phase = proposal.phase
    takes = standing(phase.opens_at, phase.closes_at, phase.late_until, now) in {Standing.OPEN, Standing.LATE}
    if proposal.status != Status.RETURNED and not (proposal.status == Status.DRAFT and takes):
        return None
    keys = keys_of(proposal)
    given = keys.release is not None and keys.release.signature is not None
    if not given and not (proposal.status == Status.DRAFT and is_near(phase.closes_at, now)):
        return None
    released = keys.release.signature if keys.release and keys.is_released else None
    return {"released": released.at if released else None, "waits": keys.waits()}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest, proposal: UUID, organisation: int) -> HttpResponse:
    """A partner organisation's part, exactly as it is signed, with the whole to read; then the signature."""
    found = visible_or_404(request, proposal)
    report = mass_report(found)
    document = content(found, report)
    keys = keys_of(found, document)
    key = next((one for one in keys.parts if one.organisation and one.organisation.pk == organisation), None)
    if key is None or key.organisation is None or not rules.may_sign(request.user, found, key.organisation):
        raise Http404
    form = SignForm(request.POST if request.method == "POST" else None, initial={"seen": key.sha256})
    refused = ""
    if request.method == "POST" and form.is_valid():
        seen = form.cleaned_data["seen"]
        try:
            actions.sign(found, organisation=key.organisation, seen=seen, by=_me(request), now=timezone.now())
        except actions.ChangedMeanwhile as changed:
            refused, form = str(changed), SignForm(initial={"seen": key.sha256})
        else:
            messages.success(request, _("The part of %(organisation)s is signed.") % {"organisation": key.organisation})
            return redirect("portal:sign", found.pk, organisation)
    context = {
        "proposal": found,
        "key": key,
        "form": form,
        "refused": refused,
        "part": part_in_words(found, document, key.organisation),
        "groups": live(found, pages(found), report, document),
        "masses": report,
        "files": found.attachments.filter(removed_at=None),
    }
    return render(request, "portal/signing/sign.html", context, status=400 if refused or form.errors else 200)


def _done(request: HttpRequest, proposal: Proposal, act: Callable[[], object], said: str) -> HttpResponse:
    """Do it, say so or why not, and go back to the page of the submission."""
    try:
        act()
    except actions.Incomplete:
        messages.error(request, _("Nothing was released: something is still missing."))
    except (actions.ChangedMeanwhile, actions.CallClosed) as refusal:
        messages.error(request, str(refusal))
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    except PermissionDenied:
        messages.error(request, _("You cannot do that, or no longer: see below how the proposal stands."))
    else:
        messages.success(request, said)
    return redirect("portal:check", proposal.pk)


@login_required
@require_POST
def release(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """Release the whole, as the page showed it."""
    found = visible_or_404(request, proposal)
    form, by = ReleaseForm(request.POST), _me(request)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect("portal:check", found.pk)
    act = partial(actions.release, found, seen=form.cleaned_data["seen"], by=by, now=timezone.now())
    return _done(request, found, act, _("Released, and not submitted yet: a representative of the lead organisation submits it."))


@login_required
@require_POST
def take_back(request: HttpRequest, proposal: UUID, signature: int) -> HttpResponse:
    """Take a release or a signature back."""
    found = visible_or_404(request, proposal)
    held = get_object_or_404(found.signatures.select_related("organisation"), pk=signature)
    held.proposal = found
    if not rules.may_take_back(request.user, held):
        raise Http404
    act = partial(actions.take_back, held, by=_me(request), now=timezone.now())
    return _done(request, found, act, _("The signature is taken back."))


@login_required
@require_POST
def ask_to_sign(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """Ask the partner organisations for their signatures."""
    found = visible_or_404(request, proposal)
    act = partial(actions.ask_to_sign, found, by=_me(request), now=timezone.now())
    said = _("Whoever represents these organisations here can now read the proposal, and is asked by e-mail to sign.")
    return _done(request, found, act, said)


@login_required
@require_POST
def delegate(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """Let a person of the team submit in the representative's place."""
    found = visible_or_404(request, proposal)
    form = DelegateForm(request.POST, people=_others(found, request.user))
    if not form.is_valid():
        messages.error(request, _("Choose a person of the team."))
        return redirect("portal:check", found.pk)
    person = form.people[form.cleaned_data["to"]]
    act = partial(actions.delegate, found, to=person, by=_me(request), now=timezone.now())
    return _done(request, found, act, _("%(person)s may now submit it in your place.") % {"person": person})


@login_required
@require_POST
def end_delegation(request: HttpRequest, proposal: UUID, delegation: int) -> HttpResponse:
    """End such a permission."""
    found = visible_or_404(request, proposal)
    held = get_object_or_404(found.delegations.select_related("to"), pk=delegation)
    held.proposal = found
    if not rules.may_end_delegation(request.user, held):
        raise Http404
    act = partial(actions.end_delegation, held, by=_me(request), now=timezone.now())
    return _done(request, found, act, _("%(person)s no longer submits it in your place.") % {"person": held.to})
