"""A proposal after its draft: its page, its versions and their differences, and its end."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from proposals.decisions.actions.deciding import withdraw as withdraw_decided
from proposals.decisions.queries.letters import released_to
from proposals.intake import actions, rules
from proposals.intake.emails import team_of
from proposals.intake.models import Endorsement, MoveNotAllowed
from proposals.intake.queries import gaps, mass_report
from proposals.intake.queries.at_hand import version_of
from proposals.intake.queries.queue import told_of
from proposals.intake.queries.readable import changes as changes_of
from proposals.intake.queries.readable import of_version
from proposals.intake.queries.timeline import timeline
from proposals.intake.states import EDITABLE, Status
from proposals.portal.forms.submission import AnswerForm, WithdrawForm
from proposals.portal.views.access import visible_or_404
from proposals.portal.views.receipts import version_or_404
from proposals.portal.views.signing import unsent
from proposals.portal.views.team import refuse


@login_required
@require_safe
def proposal(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """Where it stands, what comes next, what was said and sent; the whole dossier in print."""
    found = visible_or_404(request, proposal)
    versions = list(found.versions.select_related("frozen_by", "phase"))
    steps = timeline(found)
    questions = list(found.clarifications.select_related("answered_by"))
    context = {
        "proposal": found,
        "steps": steps,
        "returned": next((step.note for step in reversed(steps) if step.note), ""),
        "said": steps[-1].note,
        "versions": versions[::-1],
        "groups": of_version(versions[-1]) if versions else [],
        "answered": [one for one in questions if one.answered_at],
        "waiting": next((one for one in questions if one.answered_at is None), None),
        "form": AnswerForm(),
        "files": found.attachments.filter(removed_at=None),
        "team": found.team.select_related("organisation", "invitation"),
        "partners": found.participations.select_related("organisation"),
        **released_to(found, request.user),
        "endorsement": Endorsement.objects.filter(proposal=found).select_related("letter").first(),
        # while it is being corrected the sheets are no longer what was submitted
        "masses": None if found.status in EDITABLE else mass_report(found),
        "may_edit": rules.may_edit(request.user, found),
        "may_answer": rules.may_answer(request.user, found),
        "may_withdraw": rules.may_withdraw(request.user, found),
        "may_endorse": rules.may_endorse(request.user, found),
        "may_discard": rules.may_discard(request.user, found),
        "missing": len(gaps(found)) if found.status == Status.DRAFT else 0,
        "unsent": unsent(found, timezone.now()),
    }
    return render(request, "portal/proposals/proposal.html", context)


@login_required
@require_safe
def version(request: HttpRequest, proposal: UUID, number: int) -> HttpResponse:
    """A version as it was received, in words."""
    held = version_or_404(request, proposal, number)
    context = {"proposal": held.proposal, "version": held, "groups": of_version(held)}
    return render(request, "portal/proposals/version.html", context)


@login_required
@require_safe
def changes(request: HttpRequest, proposal: UUID, number: int) -> HttpResponse:
    """What a version changed since the one before it, in words."""
    held = version_or_404(request, proposal, number)
    context = {"proposal": held.proposal, "version": held, "changes": changes_of(held), "before": held.number - 1}
    if held.number > 1:
        context["earlier"] = version_of(held.proposal, held.number - 1)
    return render(request, "portal/proposals/changes.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """Say what withdrawing means and who will be told; then do it."""
    found = visible_or_404(request, proposal)
    if rules.may_discard(request.user, found):
        return redirect("portal:discard", found.pk)
    form = WithdrawForm(request.POST or None)
    if not rules.may_withdraw(request.user, found):
        messages.info(request, _("This proposal has ended already."))
        return redirect("portal:proposal", found.pk)
    if request.method == "POST" and form.is_valid():
        try:
            withdraw_decided(found, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except MoveNotAllowed:
            form.add_error(None, _("Someone was faster: the proposal has moved on meanwhile. Look at it again first."))
        except ValidationError as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("The proposal is withdrawn. Your team is told by e-mail."))
            return redirect("portal:proposal", found.pk)
    context = {"proposal": found, "form": form, "told": told_of([found])[found.pk]}
    return render(request, "portal/proposals/withdraw.html", context, status=400 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def discard(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """Say what discarding a draft means and who will be told; then do it."""
    found = visible_or_404(request, proposal)
    if not rules.may_discard(request.user, found):
        return redirect("portal:proposal", found.pk)
    if request.method == "POST":
        try:
            actions.discard(found, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except MoveNotAllowed:
            messages.warning(request, _("Someone was faster: the proposal has moved on meanwhile."))
            return redirect("portal:proposal", found.pk)
        messages.success(request, _("The draft is discarded."))
        return redirect("portal:dashboard")
    return render(request, "portal/proposals/discard.html", {"proposal": found, "told": team_of(found)})
