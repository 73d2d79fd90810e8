"""Allauth's forms in our voice: labels above, no placeholders, "e-mail address" everywhere."""

from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django.utils.translation import gettext_lazy as _

LABELS = {
    "email": _("E-mail address"),
    "login": _("E-mail address"),
    "password": _("Password"),
    "oldpassword": _("Present password"),
    "password1": _("New password"),
    "password2": _("New password, again"),
    "code": _("Code"),
    "name": _("Name of this key"),
}


class Plain:
    """Takes the placeholders off a form and names its fields as the rest of the site does."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            if name in LABELS:
                field.label = LABELS[name]


class LoginForm(Plain, account.LoginForm):  # type: ignore[misc]
    """Sign in."""


class AddEmailForm(Plain, account.AddEmailForm):  # type: ignore[misc]
    """Change the address."""


class ChangePasswordForm(Plain, account.ChangePasswordForm):  # type: ignore[misc]
    """Change the password."""


class SetPasswordForm(Plain, account.SetPasswordForm):  # type: ignore[misc]
    """Set a first password."""


class ResetPasswordForm(Plain, account.ResetPasswordForm):  # type: ignore[misc]
    """Ask for a link to set a new password."""


class ResetPasswordKeyForm(Plain, account.ResetPasswordKeyForm):  # type: ignore[misc]
    """Set a new password by the link."""


class ReauthenticateForm(Plain, account.ReauthenticateForm):  # type: ignore[misc]
    """Give the password again."""


class FactorForm(Plain, mfa.AuthenticateForm):  # type: ignore[misc]
    """Give the code of the app or a recovery code."""


class FactorAgainForm(Plain, mfa.ReauthenticateForm):  # type: ignore[misc]
    """Give the code again."""


class AddAppForm(Plain, ActivateTOTPForm):  # type: ignore[misc]
    """Add an authenticator app."""


class AddKeyForm(Plain, AddWebAuthnForm):  # type: ignore[misc]
    """Add a passkey or security key."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["passwordless"].label = _("Use it to sign in without a password (a passkey)")
        self.fields["passwordless"].help_text = _("Your device then asks for your finger, face or PIN.")
