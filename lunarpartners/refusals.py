"""What settings refuse to start with: missing secrets, and figures under which mail would be lost or doubled."""

import re
from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from environs import Env

REQUIRED = {
    "SECRET_KEY": "50 random characters or more, kept secret",
    "DATABASE_URL": "postgresql://lp_app:…@host/lunarpartners, a role that does not own the tables",
    "REDIS_URL": "redis://host:6379/0, the broker",
    "EMAIL_URL": "smtp+tls://user:password@host:587, the mail relay",
    "ALLOWED_HOSTS": "the site's host names, separated by commas",
    "SITE_URL": "https://…, the address that mails point to",
}
WEBHOOK_SECRET_LENGTH = 24


def missing_secrets(env: Env) -> None:
    """Name each missing secret at once, so that one start mends all. Raises ImproperlyConfigured."""
    missing = [f"  {name}: {why}" for name, why in REQUIRED.items() if not env.str(name, "")]
    if missing:
        raise ImproperlyConfigured("Production needs these environment variables:\n" + "\n".join(missing))


def what_loses_mail(given: Mapping[str, Any]) -> None:
    """Stop every process at its start, where mails would be doubled, held for ever or refused. Raises ImproperlyConfigured."""
    timeout_s, lease_s = given["EMAIL_TIMEOUT"], given["OUTBOX_LEASE_S"]
    if not 0 < 2 * timeout_s <= lease_s:
        raise ImproperlyConfigured(
            f"OUTBOX_LEASE_S ({lease_s}) must be twice EMAIL_TIMEOUT ({timeout_s}) or more, or two workers send one mail."
        )
    for name, rate in {"OUTBOX_RATE": given["OUTBOX_RATE"], **given["OUTBOX_DOMAIN_RATES"]}.items():
        if rate is not None and rate <= 0:
            raise ImproperlyConfigured(f"{name}={rate}: a rate is a number of mails a second, above nought.")
    sender, bounces = given["DEFAULT_FROM_EMAIL"], given["BOUNCE_ADDRESS"]
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", parseaddr(sender)[1]):
        raise ImproperlyConfigured(f"DEFAULT_FROM_EMAIL is {sender!r}, which is no address that mail can be sent from.")
    if bounces and not re.fullmatch(r"[^@\s<>+]+@[^@\s<>]+", bounces):
        raise ImproperlyConfigured(f"BOUNCE_ADDRESS is {bounces!r}; it may be one address without a plus sign, or empty.")


def open_reports(given: Mapping[str, Any]) -> None:
    """A provider's reports decide where mails stand, so in production they must show a secret. Raises ImproperlyConfigured."""
    if not given["EMAIL_BACKEND"].startswith("anymail."):
        return
    name, _colon, secret = given["ANYMAIL"].get("WEBHOOK_SECRET", "").partition(":")
    if not name or len(secret) < WEBHOOK_SECRET_LENGTH:
        raise ImproperlyConfigured(
            f"ANYMAIL_WEBHOOK_SECRET must be name:secret with {WEBHOOK_SECRET_LENGTH} random characters or more: "
            "the provider shows it with its reports to /api/mail/reports/."
        )
