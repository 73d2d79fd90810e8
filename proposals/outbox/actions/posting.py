"""The one way to tell anyone anything: a row in the business transaction, delivered after it."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import css_inline
from django.conf import settings
from django.db import connection, models, transaction
from django.template import Context, engines
from django.urls import reverse
from django.utils import timezone, translation

from proposals.outbox import gateways
from proposals.outbox.calculations import inert, split_subject, zone_of
from proposals.outbox.models import Message
from proposals.outbox.queries import way_for
from proposals.outbox.states import Delivery, Kind, Priority, Way

# Where a message stands from the start, by how its reader wants to hear of it.
_STANDS = {Way.AT_ONCE: Delivery.QUEUED, Way.DIGEST: Delivery.DIGEST, Way.SITE: Delivery.SITE}
_inliner = css_inline.CSSInliner(keep_style_tags=False, load_remote_stylesheets=False)


class OutsideTransaction(RuntimeError):
    """A message must stand or fall with the change it tells of."""


def post(
    *,
    key: str,
    to: Any,
    template: str,
    context: Mapping[str, Any],
    kind: Kind,
    priority: Priority = Priority.ROUTINE,
    about: models.Model | None = None,
    link: str = "",
    calendar: str = "",
    language: str = "",
    now: datetime | None = None,
) -> None:
    """This will write one message to one recipient, to be sent once this transaction commits.

    `to` is a person or a bare address; the text is rendered now, in that person's language and zone (`language`: for a
    bare address). A person who wants a kind in the digest, or on the site only, finds it in the inbox at once.
    `calendar` is the text of an iCalendar file that goes with the mail.
    A second post with the same key does nothing. Raises OutsideTransaction where nothing would roll back.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(f"post({template}) needs a transaction")
    person = to if hasattr(to, "pk") else None
    about_type, about_id = (about._meta.model_name or "", str(about.pk)) if about else ("", "")
    address = getattr(to, "email", to)
    message = Message(
        key=key,
        kind=kind,
        priority=priority,
        recipient=person,
        address=address,
        language=_language(to, language),
        template=template,
        about_type=about_type,
        about_id=about_id,
        link=link,
        message_id=f"<{uuid.uuid4().hex}@{settings.MESSAGE_ID_DOMAIN}>",
        thread_id=_thread(about_type, about_id, address),
        due_at=now or timezone.now(),
        delivery=_STANDS[way_for(person, kind)] if person else Delivery.QUEUED,
        calendar=calendar,
    )
    whole = {**context, "link": settings.SITE_URL + link if link else "", "kind": kind}
    message.subject, message.text, message.html = render(template, whole, to=to, language=language)
    Message.objects.bulk_create([message], ignore_conflicts=True)
    if message.delivery == Delivery.QUEUED:
        ring()


def ring() -> None:
    """This will hurry the workers on commit, once a transaction; the sweep finds what a lost ring missed."""
    if not any(entry[1] is _ring for entry in connection.run_on_commit):
        transaction.on_commit(_ring, robust=True)


def _ring() -> None:
    gateways.knock()


def _thread(about_type: str, about_id: str, address: str) -> str:
    """The Message-ID of this recipient's first mail about the same thing: later ones answer to it."""
    if not about_id:
        return ""
    first = Message.objects.filter(about_type=about_type, about_id=about_id, address=address).order_by("id")
    return first.values_list("message_id", flat=True).first() or ""


def render(template: str, context: Mapping[str, Any], *, to: Any, language: str = "") -> tuple[str, str, str]:
    """Subject, text and HTML of `emails/<template>` in the recipient's language and time zone.

    `language` is for a bare address; a person's own goes before it.
    A person's free text reaches a mail only through the filter `inert`.
    """
    language = _language(to, language)
    zone = zone_of(getattr(to, "time_zone", ""))
    engine: Any = engines["django"]
    whole = {
        **context,
        "recipient": to if hasattr(to, "pk") else None,
        "recipient_name": inert(getattr(to, "full_name", "")),
        "recipient_language": language,
        "recipient_bidi": language.split("-")[0] in {"ar", "he", "fa", "ur"},
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "preferences_url": _preferences(to, context),
        "secretariat_email": settings.SECRETARIAT_EMAIL,
    }
    with translation.override(language), timezone.override(zone):
        plain = engine.get_template(f"emails/{template}.txt").template.render(Context(whole, autoescape=False))
        subject, text = split_subject(plain)
        rich = engine.get_template(f"emails/{template}.html").render({**whole, "subject": subject})
    return subject, text, _inliner.inline(rich)


def _preferences(to: Any, context: Mapping[str, Any]) -> str:
    """Where a person chooses what we write about; an address without an account has no such page, nor has a sign-in mail."""
    chooses = hasattr(to, "pk") and context.get("kind") != Kind.SECURITY
    return settings.SITE_URL + reverse("portal:preferences") if chooses else ""


def _language(to: Any, given: str) -> str:
    """A person's own language; for a bare address the one given."""
    return getattr(to, "language", "") or given or settings.LANGUAGE_CODE


@transaction.atomic
def read(message: Message, *, by: Any, now: datetime) -> None:
    """This will mark a message of one's own as read on the site."""
    Message.objects.filter(pk=message.pk, recipient=by, read_at=None).update(read_at=now)
