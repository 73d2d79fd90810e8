"""The Content-Security-Policy of every answer: no page of this site has one of its own, so it is built once."""

from collections.abc import Callable
from functools import cache

from csp.constants import HEADER
from csp.utils import build_policy
from django.http import HttpRequest, HttpResponse


@cache
def policy() -> str:
    """What the settings allow, as the header's value."""
    return str(build_policy())


class PolicyMiddleware:
    """Sends the policy with every answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with the header."""
        response = self.get_response(request)
        response.headers.setdefault(HEADER, policy())  # a file shown in the browser has a stricter one
        return response
