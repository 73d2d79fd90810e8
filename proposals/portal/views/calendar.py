"""The calendar of the deadlines that concern a person: its secret address, and the feed behind it."""

import hashlib

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from proposals.intake.queries.deadlines import calendar_of, deadlines_of
from proposals.partners import actions, queries
from proposals.partners.models import User
from proposals.web.limits import too_often
from proposals.web.middleware import set_row_role

READ_AN_HOUR = 60  # calendars ask once an hour, or every few minutes; more is a program gone wrong


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def calendar_make(request: HttpRequest) -> HttpResponse:
    """Make the address, or make it anew; it is shown on this answer and never again, so nothing redirects."""
    if request.method != "POST":
        return redirect("portal:preferences")
    me = get_object_or_404(User, pk=request.user.pk or 0)
    token = actions.make_calendar_address(me, by=request.user, now=timezone.now())
    address = settings.SITE_URL + reverse("portal:calendar_feed", args=[token])
    subscribe = "webcal:" + address.partition(":")[2]
    return render(request, "portal/account/calendar.html", {"address": address, "subscribe": subscribe})


@login_required
@require_POST
def calendar_remove(request: HttpRequest) -> HttpResponse:
    """End the address."""
    me = get_object_or_404(User, pk=request.user.pk or 0)
    actions.remove_calendar_address(me, by=request.user, now=timezone.now())
    messages.success(request, _("The address of your calendar no longer works."))
    return redirect("portal:preferences")


@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponseBase:
    """The deadlines of whoever's address this is, for a calendar program that cannot sign in.

    Row-level security lets it see what that person may see. An unknown address does not exist.
    """
    key = queries.calendar_key(token)
    if key is None:
        raise Http404
    if too_often("calendar", str(key.pk), most=READ_AN_HOUR, seconds=3600):
        return HttpResponse(status=429, headers={"Retry-After": "3600"})
    set_row_role(key.user)
    content = calendar_of(*deadlines_of(key.user, now=timezone.now()), language=key.user.language).encode()
    etag = f'"{hashlib.sha256(content).hexdigest()}"'
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8", headers={"ETag": etag})
    response["Cache-Control"] = "no-store, private"
    response["Content-Disposition"] = 'inline; filename="deadlines.ics"'
    return get_conditional_response(request, etag=etag, response=response) or response
