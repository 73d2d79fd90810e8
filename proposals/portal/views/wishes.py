"""How one wants to be told of things: chosen on the preferences page, or stopped by the link of a mail."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from proposals.outbox import actions
from proposals.outbox.calculations import read_stop_token
from proposals.outbox.states import Kind
from proposals.portal.forms.wishes import WishesForm
from proposals.portal.views.account import preferences_page


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def wishes(request: HttpRequest) -> HttpResponse:
    """Save how one wants to hear of the kinds that can be chosen; the form stands on the preferences page."""
    if request.method != "POST":
        return redirect("portal:preferences")
    form = WishesForm(request.POST)
    if not form.is_valid():
        return preferences_page(request, wishes_form=form)
    actions.prefer_each(request.user, form.ways(), by=request.user, now=timezone.now())
    messages.success(request, _("Your choice is saved. It counts for mail from now on."))
    return redirect("portal:preferences")


@never_cache
@csrf_exempt  # mail programs send the POST by themselves (RFC 8058); the signed link is the right to do it
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """From a mail: what would stop; only POST stops it, as mail scanners follow links."""
    found = read_stop_token(token)
    if found is None:
        raise Http404
    _user_id, kind = found
    stopped = request.method == "POST"
    if stopped:
        try:
            actions.stop_by_link(token, now=timezone.now())
        except actions.UnknownLink as gone:
            raise Http404 from gone
    label = "" if kind == Kind.DIGEST else kind.label
    return render(request, "portal/account/unsubscribe.html", {"kind": label, "stopped": stopped})
