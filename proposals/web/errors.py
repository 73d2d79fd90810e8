"""Pages for what went wrong that keep what was typed."""

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

TOO_MUCH = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  # Django's signature
    """The form's token is not this session's: say so, and offer every typed value back.

    A page that saves while it is typed is told in its own language: it asks its reader to sign in again.
    """
    if "X-Autosave" in request.headers:
        return JsonResponse({"message": _("You signed in or out in another tab. Sign in again to save.")}, status=403)
    typed = [(name, value) for name, values in request.POST.lists() for value in values if "password" not in name]
    typed = [(name, value) for name, value in typed if name != "csrfmiddlewaretoken" and value]
    return render(request, "csrf_failure.html", {"typed": typed}, status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What could not be read, with the reason where it is known: too much text in one form."""
    too_much = isinstance(exception, TOO_MUCH)
    if "X-Autosave" in request.headers:
        message = _("This page holds more text than one form can take. Shorten it, or add the rest as a file.")
        return JsonResponse({"errors": {"": [message]}}, status=422 if too_much else 400)
    return render(request, "400.html", {"too_much": too_much}, status=400)
