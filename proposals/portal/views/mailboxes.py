"""Role mailboxes of an organisation: add one and remove one here; confirm one and stop one by a link sent to it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from proposals.partners import actions, queries, rules
from proposals.partners.calculations import read_mailbox_link_token
from proposals.partners.models import Mailbox, Organisation
from proposals.portal.forms.organisations import MailboxForm
from proposals.portal.views.organisations import own_path, visible


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def mailbox_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Name a mailbox that is told of the organisation's proposals; it is asked first."""
    thing = visible(request, pk)
    if not rules.may_keep_mailboxes(request.user, thing):
        raise PermissionDenied
    form = MailboxForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            added = actions.add_mailbox(thing, by=request.user, now=timezone.now(), **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error("address", refusal.messages)
        else:
            told = _("A mail to %(address)s asks to confirm it. Until then nothing else goes there.") % {"address": added.address}
            messages.success(request, told)
            return own_path(thing)
    context = {"form": form, "organisation": thing}
    return render(request, "portal/organisations/mailbox_new.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def mailbox_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a mailbox off the organisation."""
    mine = Mailbox.objects.select_related("organisation")
    found = get_object_or_404(mine.filter(organisation__in=Organisation.objects.visible_to(request.user)), pk=pk)
    if not rules.may_keep_mailboxes(request.user, found.organisation):
        raise Http404
    actions.remove_mailbox(found, by=request.user, now=timezone.now())
    messages.success(request, _("Nothing goes to %(address)s any more.") % {"address": found.address})
    return own_path(found.organisation)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def mailbox_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """From the link of the mail: whose mailbox it is said to be; a button confirms it, another declines."""
    now = timezone.now()
    found = queries.mailbox_by_token(token, now=now)
    if found is None:
        return _unknown(request)
    if request.method == "POST" and request.POST.get("answer") == "no":
        actions.stop_mailbox(found, now=now)
        return _stopped(request)
    if request.method == "POST":
        try:
            found = actions.confirm_mailbox(token, now=now)
        except actions.UnknownMailbox:  # taken off, or asked anew, a moment ago
            return _unknown(request)
    return render(request, "portal/organisations/mailbox_confirm.html", {"mailbox": found})


@never_cache
@csrf_exempt  # mail programs send the POST by themselves; the signed link is the right to do it
@require_http_methods(["GET", "HEAD", "POST"])
def mailbox_stop(request: HttpRequest, token: str) -> HttpResponse:
    """From the foot of each mail to a role mailbox: what would stop; POST stops it."""
    number = read_mailbox_link_token(token)
    if number is None:
        return _unknown(request)
    found = Mailbox.objects.select_related("organisation").filter(pk=number).first()
    if found is None:
        return _stopped(request)
    if request.method == "POST":
        actions.stop_mailbox(found, now=timezone.now())
        return _stopped(request)
    return render(request, "portal/organisations/mailbox_stop.html", {"mailbox": found})


def _unknown(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/organisations/mailbox_unknown.html", status=404)


def _stopped(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/organisations/mailbox_stopped.html")
