"""Allauth's own mail goes the one way all mail goes: through the outbox, as kind `security`."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Hands allauth's messages to the outbox."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Post one security message."""
        raise NotImplementedError
