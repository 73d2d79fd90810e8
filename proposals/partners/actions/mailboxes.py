"""Verbs of role mailboxes: add one, confirm it by its link, remove it, and carry it along in a merge."""

import secrets
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.partners import emails
from proposals.partners.calculations import digest
from proposals.partners.models import Mailbox, Organisation
from proposals.partners.queries import asked_too_often, mailbox_by_token
from proposals.partners.rules import may_keep_mailboxes

MAILBOXES_AT_MOST = 5


class UnknownMailbox(Exception):
    """The link was never drawn, was replaced by a later one, or has run out; nothing was changed."""


@transaction.atomic
def add_mailbox(organisation: Organisation, *, address: str, language: str, by: Any, now: datetime) -> Mailbox:
    """This will add a role mailbox and send it a link; nothing else goes there until somebody has confirmed by it.

    One that waits already gets a new link. Raises PermissionDenied, or ValidationError for a wrong address or language,
    one that is confirmed already, a sixth one, or too many links in a day.
    """
    locked = Organisation.objects.select_for_update().get(pk=organisation.pk)
    if not may_keep_mailboxes(by, locked):
        raise PermissionDenied
    address = address.strip().lower()
    mailbox = locked.mailboxes.filter(address=address).first() or Mailbox(organisation=locked, address=address)
    if mailbox.confirmed_at:
        raise ValidationError({"address": _("This mailbox is confirmed already.")})
    if mailbox._state.adding and locked.mailboxes.count() >= MAILBOXES_AT_MOST:
        raise ValidationError(_("An organisation has at most %(limit)d role mailboxes.") % {"limit": MAILBOXES_AT_MOST})
    if asked_too_often(locked, address=address, by=by, now=now):
        raise ValidationError(_("Too many confirmation mails were asked for today. Try again tomorrow."))
    token = secrets.token_urlsafe(32)
    mailbox.language, mailbox.token_digest, mailbox.added_by, mailbox.added_at = language, digest(token), by, now
    mailbox.full_clean(exclude=["organisation", "added_by"])
    mailbox.save()
    record("mailbox.added", by=by, about=locked, mailbox=mailbox.pk)
    emails.mailbox_asked(mailbox, token=token)
    return mailbox


@transaction.atomic
def confirm_mailbox(token: str, *, now: datetime) -> Mailbox:
    """This will count a mailbox as the organisation's, for whoever has the link sent to it; again changes nothing.

    Raises UnknownMailbox.
    """
    found = mailbox_by_token(token, now=now)
    if found is None:
        raise UnknownMailbox
    if Mailbox.objects.filter(pk=found.pk, confirmed_at=None).update(confirmed_at=now):
        found.confirmed_at = now
        record("mailbox.confirmed", by=None, about=found.organisation, mailbox=found.pk)
    return found


@transaction.atomic
def remove_mailbox(mailbox: Mailbox, *, by: Any, now: datetime) -> None:
    """This will take a role mailbox off; nothing goes there any more. Raises PermissionDenied."""
    if not may_keep_mailboxes(by, mailbox.organisation):
        raise PermissionDenied
    _end(mailbox, "mailbox.removed", by=by)


@transaction.atomic
def stop_mailbox(mailbox: Mailbox, *, now: datetime) -> None:
    """This will take a role mailbox off for whoever reads it, by a link sent there; again changes nothing."""
    _end(mailbox, "mailbox.stopped", by=None)


def _end(mailbox: Mailbox, verb: str, *, by: Any) -> None:
    gone, _rows = Mailbox.objects.filter(pk=mailbox.pk).delete()
    if gone:
        record(verb, by=by, about=mailbox.organisation, mailbox=mailbox.pk)


def carry_mailboxes(ended: Organisation, *, into: Organisation) -> None:
    """This will move confirmed role mailboxes to the entry that is kept.

    Those of an entry that the secretariat never confirmed end with it: anyone could have made one to read another
    organisation's mail.
    """
    carried = ended.mailboxes.confirmed() if ended.confirmed_at else ended.mailboxes.none()
    into.mailboxes.filter(confirmed_at=None, address__in=carried.values("address")).delete()
    carried.exclude(address__in=into.mailboxes.values("address")).update(organisation=into)
    ended.mailboxes.all().delete()
