"""Check your answers, and submit: the server's instant is taken before anything else is done."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from proposals.audit.calculations import canonical, sha256
from proposals.intake import actions
from proposals.intake.actions.submission import is_late
from proposals.intake.calculations.sections import BY_KEY
from proposals.intake.models import MoveNotAllowed, Proposal
from proposals.intake.queries import content, gaps, mass_report, pages
from proposals.intake.queries.queue import told_of
from proposals.intake.queries.readable import live
from proposals.intake.queries.signing import keys_of
from proposals.intake.rules import may_edit, may_read_draft
from proposals.intake.states import Status
from proposals.portal.forms.submission import SubmitForm
from proposals.portal.views.access import visible_or_404
from proposals.portal.views.signing import keys_shown


@login_required
@require_safe
def check(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """Everything on one page, what is missing first, and what submitting does."""
    found = visible_or_404(request, proposal)
    if not may_read_draft(request.user, found):
        return redirect("portal:proposal", found.pk)
    return _page(request, found, None, timezone.now())


@require_POST
def submit(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """Submit, once: the second click and the second tab are led to the first one's receipt."""
    received_at = timezone.now()
    return _submit(request, proposal, received_at)


@login_required
def _submit(request: HttpRequest, proposal: UUID, received_at: datetime) -> HttpResponse:
    found = visible_or_404(request, proposal)
    form = SubmitForm(request.POST)
    if may_read_draft(request.user, found) and not form.is_valid():
        return _page(request, found, form, received_at)
    try:
        seen = form.cleaned_data["seen"] if form.is_valid() else ""
        version = actions.submit(found, seen=seen, by=request.user, now=received_at)  # type: ignore[arg-type]  # signed in
    except MoveNotAllowed:
        return _already(request, found)
    except actions.Incomplete:
        return _page(request, found, form, received_at, refused=_("Nothing was submitted: something is still missing."))
    except (actions.NotSigned, actions.ChangedMeanwhile) as refusal:
        return _page(request, found, None, received_at, refused=_("Nothing was submitted. %(why)s") % {"why": refusal})
    except actions.CallClosed as closed:
        return _page(request, found, form, received_at, refused=str(closed))
    return redirect("portal:receipt", found.pk, version.number)


def _already(request: HttpRequest, proposal: Proposal) -> HttpResponse:
    last = proposal.versions.order_by("-number").values_list("number", flat=True).first()
    if last is None:
        messages.warning(request, _("This proposal can no longer be submitted."))
        return redirect("portal:proposal", proposal.pk)
    messages.info(request, _("It was already submitted. This is its receipt; nothing was sent twice."))
    return redirect("portal:receipt", proposal.pk, last)


def _page(request: HttpRequest, proposal: Proposal, form: SubmitForm | None, now: datetime, refused: str = "") -> HttpResponse:
    asked = pages(proposal)
    report = mass_report(proposal)
    missing = gaps(proposal, asked, report)
    document = content(proposal, report)
    keys = keys_of(proposal, document)
    form = form or SubmitForm(initial={"seen": sha256(canonical(document)) if keys.are_asked else ""})
    try:
        late, closed = is_late(proposal, now), ""
    except actions.CallClosed as error:
        late, closed = False, str(error)
    listed = proposal.team.filter(accepted_at=None)
    context = {
        "proposal": proposal,
        "form": form,
        "groups": live(proposal, asked, report, document),
        "gaps": [(gap, BY_KEY[gap.section].title) for gap in missing],
        "masses": report,
        "told": told_of([proposal])[proposal.pk],
        "not_told": list(listed.values_list("full_name", flat=True)),
        "late": late,
        "closed": closed,
        "refused": refused,
        "is_correction": proposal.status == Status.RETURNED,
        "may_edit": may_edit(request.user, proposal),
        **keys_shown(request, proposal, keys),
    }
    status = 400 if refused or form.is_bound else 200
    return render(request, "portal/submission/check.html", context, status=status)
