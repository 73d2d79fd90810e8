"""The receipt of a version, the frozen document to take away, and the public check of a receipt."""

from datetime import UTC
from typing import Any
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from proposals.intake.models import Version
from proposals.intake.queries.at_hand import version_of
from proposals.intake.queries.receipts import received, told_of
from proposals.partners.gateways import unrestricted
from proposals.portal.forms.submission import VerifyForm
from proposals.portal.views.access import visible_or_404

TRIES_PER_MINUTE = 30


def version_or_404(request: HttpRequest, proposal: UUID, number: int) -> Version:
    """A version of a proposal that this reader may know of."""
    found = visible_or_404(request, proposal)
    version = version_of(found, number)
    if version is None:
        raise Http404
    version.proposal = found
    return version


@login_required
@require_safe
def receipt(request: HttpRequest, proposal: UUID, number: int) -> HttpResponse:
    """What was received, when, and under which digest; to print and to keep."""
    version = version_or_404(request, proposal, number)
    utc = f"{version.frozen_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    context = {"proposal": version.proposal, "version": version, "told": told_of(version), "utc": utc}
    return render(request, "portal/submission/receipt.html", context)


@login_required
@require_safe
def receipt_document(request: HttpRequest, proposal: UUID, number: int) -> HttpResponse:
    """The frozen document itself: these bytes have the SHA-256 of the receipt."""
    version = version_or_404(request, proposal, number)
    response = HttpResponse(version.canonical.encode(), content_type="application/json")
    name = f"{version.proposal.reference}-v{version.number}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def verify_receipt(request: HttpRequest) -> HttpResponse:
    """Whether exactly this was received, and when; reference and digest must both be right to learn anything."""
    form = VerifyForm(request.POST or None)
    context: dict[str, Any] = {"form": form}
    status = 200
    if request.method == "POST":
        if not _has_tries_left(request):
            form.add_error(None, _("Too many tries from your address. Wait a minute, then try again."))
            status = 429
        elif form.is_valid():
            with unrestricted():
                found = received(form.cleaned_data["reference"], form.cleaned_data["sha256"])
            context |= {"asked": True, "found": found}
        else:
            status = 400
    return render(request, "portal/submission/verify.html", context, status=status)


def _has_tries_left(request: HttpRequest) -> bool:
    try:
        place = get_adapter().get_client_ip(request)
    except PermissionDenied:
        place = "unknown"
    key = f"verify:{place}"
    if cache.add(key, 1, timeout=60):
        return True
    try:
        return bool(cache.incr(key) <= TRIES_PER_MINUTE)
    except ValueError:  # it ran out this moment
        return True
