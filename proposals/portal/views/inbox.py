"""The inbox: everything that was mailed to one, as it was mailed."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from proposals.outbox.actions import read
from proposals.outbox.models import Message

PAGE = 25


@login_required
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """One page of messages, newest first; `before` is the id of the last one seen."""
    found = Message.objects.shown_to(request.user.pk or 0).only("subject", "created_at", "read_at", "kind")
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) <= 18:
        found = found.filter(pk__lt=int(before))
    rows = list(found[: PAGE + 1])
    shown = rows[:PAGE]
    older = f"?before={shown[-1].pk}" if len(rows) > PAGE else ""
    context = {"shown": shown, "older_url": older, "newer_url": request.path if before else ""}
    return render(request, "portal/inbox/inbox.html", context)


@login_required
@require_GET
def message(request: HttpRequest, pk: int) -> HttpResponse:
    """One message as it was sent; it stays unread until its reader says otherwise."""
    found = get_object_or_404(Message.objects.shown_to(request.user.pk or 0), pk=pk)
    return render(request, "portal/inbox/message.html", {"letter": found})


@login_required
@require_POST
def mark_read(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that a message was read; the page's script does it too, and asks for no page back."""
    found = get_object_or_404(Message.objects.shown_to(request.user.pk or 0), pk=pk)
    read(found, by=request.user, now=timezone.now())
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=204)
    return redirect("portal:inbox")
