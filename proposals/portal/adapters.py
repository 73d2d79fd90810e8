"""Allauth's own mail goes the one way all mail goes: through the outbox, as kind `security`."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from proposals.partners import emails
from proposals.partners.calculations import one_line
from proposals.partners.models import User
from proposals.partners.queries import person_by_address

# Allauth's name of a message -> our template, and the name under which allauth hands over its link.
WITH_LINK = {
    "account/email/email_confirmation_signup": ("security_verify", "activate_url"),
    "account/email/email_confirmation": ("security_verify", "activate_url"),
    "account/email/password_reset_key": ("security_reset", "password_reset_url"),
    "account/email/unknown_account": ("security_unknown_account", "signup_url"),
    "account/email/account_already_exists": ("security_account_exists", "password_reset_url"),
}
# Allauth's name of a message that only tells -> its subject and its first sentence.
TOLD: dict[str, tuple[Promise, Promise]] = {
    "account/email/password_changed": (_("Your password was changed"), _("The password of your account was changed.")),
    "account/email/password_reset": (_("Your password was changed"), _("A new password was set by a link sent to you.")),
    "account/email/password_set": (_("Your password was set"), _("A password was set for your account.")),
    "account/email/email_changed": (_("Your e-mail address was changed"), _("Your account now uses another e-mail address.")),
    "account/email/email_confirm": (_("Your e-mail address is confirmed"), _("You confirmed your e-mail address.")),
    "account/email/email_deleted": (_("An e-mail address was removed"), _("An e-mail address was removed from your account.")),
    "mfa/email/totp_activated": (_("An authenticator app was added"), _("Signing in now asks for a code of your app.")),
    "mfa/email/totp_deactivated": (
        _("The authenticator app was removed"),
        _("Signing in no longer asks for a code of your app."),
    ),
    "mfa/email/webauthn_added": (_("A passkey was added"), _("A passkey or security key was added to your account.")),
    "mfa/email/webauthn_removed": (_("A passkey was removed"), _("A passkey or security key was removed from your account.")),
    "mfa/email/recovery_codes_generated": (_("You have new recovery codes"), _("Recovery codes made earlier no longer work.")),
}


@dataclass(frozen=True)
class Addressee:
    """An address that is not, or not yet, a person's own: where to write, and how."""

    email: str
    language: str
    time_zone: str = "UTC"
    full_name: str = ""


def at_our_address(url: str) -> str:
    """The same page at the site's own address: a link never repeats the Host that a request claimed."""
    parts = urlsplit(url)
    return f"{settings.SITE_URL}{parts.path}" + (f"?{parts.query}" if parts.query else "")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Hands allauth's messages to the outbox, and fills a new account from our form."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Post one security message; KeyError for one that we have no words for."""
        person = context.get("user") or person_by_address(email)
        if person is None:
            to: Any = Addressee(email, translation.get_language() or settings.LANGUAGE_CODE)
        else:
            to = person if person.email == email else Addressee(email, person.language, person.time_zone)
        words: dict[str, Any] = {"email": email, "at": timezone.now()}
        if template_prefix in WITH_LINK:
            template, link = WITH_LINK[template_prefix]
            words["action_url"] = at_our_address(context[link])
        else:
            template = "security_notice"
            words["title"], words["sentence"] = TOLD[template_prefix]
        with transaction.atomic():
            emails.security(template, to=to, context=words)

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:  # noqa: FBT001, FBT002  # allauth's
        """Put our form's answers on the new account before allauth keeps it."""
        answers = form.cleaned_data
        user.full_name, user.native_name = one_line(answers["full_name"]), one_line(answers["native_name"])
        user.language, user.time_zone = answers["language"], answers["time_zone"]
        saved: User = super().save_user(request, user, form, commit)
        return saved


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keeps the last second factor of those who must have one."""

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        """Staff keep one factor beside the recovery codes where the settings demand it."""
        if not (settings.STAFF_MUST_USE_MFA and authenticator.user.is_staff):
            return True
        kinds = authenticator.Type
        others = authenticator.user.authenticator_set.exclude(pk=authenticator.pk).exclude(type=kinds.RECOVERY_CODES)
        return bool(others.exists())
