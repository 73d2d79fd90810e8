"""Verbs of a person: describe oneself, be appointed, have an address confirmed by hand, be let in or out."""

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.partners import emails
from proposals.partners.calculations import one_line
from proposals.partners.models import User
from proposals.partners.rules import may_appoint, may_deactivate, may_dismiss, may_reactivate, may_run_the_call
from proposals.partners.states import StaffRole

DESCRIBED = ("full_name", "native_name", "language", "time_zone")


class AddressTaken(ValidationError):
    """Another account has verified this address; nothing was changed."""

    def __init__(self) -> None:
        super().__init__(_("Another account has verified this address."))


@transaction.atomic
def record_sign_up(user: User) -> None:
    """This will put a new account into the trail, in the transaction that made it where there is one."""
    record("person.signed_up", by=user, about=user)


@transaction.atomic
def describe(user: User, *, by: Any, now: datetime) -> None:
    """This will save a person's own names, language and time zone; the secretariat may correct them.

    Raises PermissionDenied or ValidationError.
    """
    if not (by.is_active and by.pk == user.pk) and not may_run_the_call(by):
        raise PermissionDenied
    was = User.objects.select_for_update().get(pk=user.pk)
    user.full_name, user.native_name = one_line(user.full_name), one_line(user.native_name)
    user.full_clean(exclude=["email", "password"])
    user.save(update_fields=DESCRIBED)
    changed = [name for name in DESCRIBED if getattr(was, name) != getattr(user, name)]
    record("person.described", by=by, about=user, changed=changed)


@transaction.atomic
def speak(user: User, *, language: str, by: Any, now: datetime) -> None:
    """This will keep the language a person chose, for pages and mails. Raises PermissionDenied or ValidationError."""
    if not by.is_active or by.pk != user.pk:
        raise PermissionDenied
    if language not in dict(settings.LANGUAGES):
        raise ValidationError({"language": _("This site does not speak that language.")})
    User.objects.filter(pk=user.pk).update(language=language)
    record("person.described", by=by, about=user, changed=["language"])


@transaction.atomic
def confirm_address(user: User, *, email: str, by: Any, now: datetime) -> None:
    """This will count an address as the person's own without the mail's link, where mail is held up.

    Raises PermissionDenied, ValidationError for an address that the person has not given, or AddressTaken.
    """
    if not may_run_the_call(by):
        raise PermissionDenied
    address = EmailAddress.objects.select_for_update().filter(user=user, email__iexact=email).first()
    if address is None:
        raise ValidationError(_("This person has not given that address."))
    if address.verified:
        return
    if EmailAddress.objects.filter(email__iexact=email, verified=True).exclude(user=user).exists():
        raise AddressTaken
    address.verified = True
    address.save(update_fields=["verified"])
    record("person.address_confirmed_by_hand", by=by, about=user, address_id=address.pk)
    emails.address_confirmed(user, email=address.email, now=now)


@transaction.atomic
def deactivate(user: User, *, by: Any, now: datetime) -> None:
    """This will close an account: its sessions end with the next request, what it wrote stays. Raises PermissionDenied."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    if not may_deactivate(by, locked):
        raise PermissionDenied
    locked.is_active = False
    locked.save(update_fields=["is_active"])
    record("person.deactivated", by=by, about=locked)


@transaction.atomic
def reactivate(user: User, *, by: Any, now: datetime) -> None:
    """This will open a closed account again. Raises PermissionDenied."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    if not may_reactivate(by, locked):
        raise PermissionDenied
    locked.is_active = True
    locked.save(update_fields=["is_active"])
    record("person.reactivated", by=by, about=locked)


@transaction.atomic
def appoint(email: str, *, full_name: str, role: StaffRole, by: Any, now: datetime) -> User:
    """This will make or find the account of a member of staff, give it the role, and mail a link to set a password.

    Called from the command line by whoever runs the site (`by` None), or by the secretariat. The address counts as
    verified: the operator vouches for it. Raises PermissionDenied or ValidationError.
    """
    if by is not None and not may_run_the_call(by):
        raise PermissionDenied
    address = email.strip().lower()
    user = User.objects.filter(email=address).first() or User.objects.create_user(address, full_name=one_line(full_name))
    user.staff_role = role
    user.full_clean(exclude=["password"])
    user.save(update_fields=["staff_role"])
    EmailAddress.objects.update_or_create(user=user, email=address, defaults={"verified": True, "primary": True})
    record("person.appointed", by=by, about=user, role=role)
    emails.set_password(user, now=now)
    return user


@transaction.atomic
def give_role(user: User, *, role: StaffRole, by: Any, now: datetime) -> None:
    """This will give a person who has an account a staff role, instead of the one they have, and tell them.

    Raises PermissionDenied, or ValidationError for no role or the one they have.
    """
    locked = User.objects.select_for_update().get(pk=user.pk)
    if not may_appoint(by, locked):
        raise PermissionDenied
    was = locked.staff_role
    if role in {StaffRole.NONE, was}:
        raise ValidationError({"role": _("Choose another role than the present one.")})
    locked.staff_role = role
    locked.save(update_fields=["staff_role"])
    record("person.appointed", by=by, about=locked, role=role, was=was)
    emails.appointed(locked, now=now)


@transaction.atomic
def dismiss(user: User, *, by: Any, now: datetime) -> None:
    """This will take a person's staff role away: the staff's pages close at once, what they wrote stays.

    Raises PermissionDenied.
    """
    locked = User.objects.select_for_update().get(pk=user.pk)
    if not may_dismiss(by, locked):
        raise PermissionDenied
    was, locked.staff_role = locked.staff_role, StaffRole.NONE
    locked.save(update_fields=["staff_role"])
    record("person.dismissed", by=by, about=locked, was=was)
