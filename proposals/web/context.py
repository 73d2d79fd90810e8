"""What every page knows: the site's name, its operator, and whether mail waits."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from proposals.outbox.models import Message


def site(request: HttpRequest) -> dict[str, Any]:
    """The variables of `base.html`; the count of unread messages is asked only where it is shown."""
    user = getattr(request, "user", None)
    return {
        "site_name": settings.SITE_NAME,
        "site_operator": settings.SITE_OPERATOR,
        "site_notice": _("Independent demonstration, not a CNSA service.") if settings.SITE_IS_DEMONSTRATION else "",
        "unread_count": SimpleLazyObject(
            lambda: Message.objects.shown_to(user.pk).unread().count() if user and user.is_authenticated else 0
        ),
    }
