"""Where a sentence such as “saved” waits for the next page: in a signed cookie, so that no session is written for it."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage


class Cookie(CookieStorage):
    """Django's, under a name that in production only this host over TLS can set."""

    cookie_name = "__Host-messages" if settings.SESSION_COOKIE_SECURE else "messages"


class Storage(FallbackStorage):
    """What is too long for a cookie (2 kB) waits in the session."""

    storage_classes = (Cookie, *FallbackStorage.storage_classes[1:])
