"""Pages for what went wrong that keep what was typed."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's token is not this session's: say so, and offer every typed value back."""
    typed = [(name, value) for name, values in request.POST.lists() for value in values if "password" not in name]
    typed = [(name, value) for name, value in typed if name != "csrfmiddlewaretoken" and value]
    return render(request, "csrf_failure.html", {"typed": typed}, status=403)
