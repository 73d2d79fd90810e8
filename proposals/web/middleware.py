"""What happens around every request: the row-security role, and the reader's language and time zone."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

Handler = Callable[[HttpRequest], HttpResponse]


def set_row_role(user: Any) -> None:
    """Take on the database role of this reader: row-level security goes by it."""
    role = "lp_partner"
    if getattr(user, "is_staff", False):
        role = "lp_staff" if user.reads_all else "lp_reviewer"
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('role', %s, false), set_config('app.user_id', %s, false)", [role, str(user.pk or 0)])


class RowSecurityMiddleware:
    """Before any view: the connection may show only what this reader may see (RELIABILITY rule 13).

    A connection outlives the request and carries the last reader's role, so every request sets its own.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Set the role, then go on."""
        if not request.path.startswith(("/static/", "/livez", "/readyz")):
            set_row_role(request.user)
        return self.get_response(request)


class ReaderMiddleware:
    """A signed-in reader's own language and time zone go before the browser's."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Activate both for this request."""
        user = request.user
        if not user.is_authenticated:
            return self.get_response(request)
        try:
            timezone.activate(ZoneInfo(user.time_zone))
        except (ZoneInfoNotFoundError, ValueError):
            timezone.deactivate()
        with translation.override(user.language):
            request.LANGUAGE_CODE = translation.get_language() or "en"
            response = self.get_response(request)
        timezone.deactivate()
        return response
