"""What every page knows: the site's name, its operator, and whether mail waits."""

from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from proposals.outbox.models import Message

_ANYONE = -1


def site(request: HttpRequest) -> dict[str, Any]:
    """The variables of `base.html`; the count of unread messages is asked only where it is shown."""
    user = getattr(request, "user", None)
    return {
        "site_name": settings.SITE_NAME,
        "site_operator": settings.SITE_OPERATOR,
        "site_notice": _("Independent demonstration, not a CNSA service.") if settings.SITE_IS_DEMONSTRATION else "",
        "unread_count": SimpleLazyObject(lambda: unread_count(user.pk) if user and user.is_authenticated else 0),
    }


@cache
def _unread() -> tuple[str, tuple[Any, ...]]:
    """The inbox's own filter as SQL: every page counts, and building the statement costs ten times what asking does."""
    return Message.objects.shown_to(_ANYONE).unread().order_by().values("pk").query.sql_with_params()


def unread_count(user_id: int) -> int:
    """How many messages of the inbox this person has not opened."""
    sql, params = _unread()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM ({sql}) AS unread",  # noqa: S608  # the ORM's own
            [user_id if value == _ANYONE else value for value in params],
        )
        return int(cursor.fetchone()[0])
