"""Giving back what was typed where it could not be saved."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

NOT_TYPED = {"csrfmiddlewaretoken", "revision", "then", "request_key"}


def kept(request: HttpRequest, title: str, text: str) -> HttpResponse:
    """A page that says why nothing was saved and holds everything that was typed (status 403)."""
    typed = [(name, value) for name, values in request.POST.lists() for value in values if value and name not in NOT_TYPED]
    return render(request, "portal/sections/kept.html", {"title": title, "text": text, "typed": typed}, status=403)
