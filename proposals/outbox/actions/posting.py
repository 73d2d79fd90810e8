"""The one way to tell anyone anything: a row in the business transaction, delivered after it."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import css_inline
from django.conf import settings
from django.db import connection, models, transaction
from django.template import Context, engines
from django.utils import timezone, translation

from proposals.outbox import gateways
from proposals.outbox.calculations import inert, split_subject
from proposals.outbox.models import Message
from proposals.outbox.states import Kind, Priority

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
    now: datetime | None = None,
) -> None:
    """This will write one message to one recipient, to be sent once this transaction commits.

    `to` is a person or a bare address; the text is rendered now, in that person's language and zone.
    A second post with the same key does nothing. Raises OutsideTransaction where nothing would roll back.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(f"post({template}) needs a transaction")
    now = now or timezone.now()
    address = getattr(to, "email", to)
    about_type, about_id = (about._meta.model_name or "", str(about.pk)) if about else ("", "")
    message = Message(
        key=key,
        kind=kind,
        priority=priority,
        recipient=to if hasattr(to, "pk") else None,
        address=address,
        language=getattr(to, "language", "") or settings.LANGUAGE_CODE,
        template=template,
        about_type=about_type,
        about_id=about_id,
        link=link,
        message_id=f"<{uuid.uuid4().hex}@{settings.MESSAGE_ID_DOMAIN}>",
        thread_id=_thread(about_type, about_id, address),
        due_at=now,
    )
    message.subject, message.text, message.html = render(
        template, {**context, "link": settings.SITE_URL + link if link else "", "kind": kind}, to=to
    )
    Message.objects.bulk_create([message], ignore_conflicts=True)
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


def render(template: str, context: Mapping[str, Any], *, to: Any) -> tuple[str, str, str]:
    """Subject, text and HTML of `emails/<template>` in the recipient's language and time zone.

    A person's free text reaches a mail only through the filter `inert`.
    """
    language = getattr(to, "language", "") or settings.LANGUAGE_CODE
    zone = _zone(getattr(to, "time_zone", ""))
    engine: Any = engines["django"]
    whole = {
        **context,
        "recipient": to if hasattr(to, "pk") else None,
        "recipient_name": inert(getattr(to, "full_name", "")),
        "recipient_language": language,
        "recipient_bidi": language.split("-")[0] in {"ar", "he", "fa", "ur"},
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "secretariat_email": settings.SECRETARIAT_EMAIL,
    }
    with translation.override(language), timezone.override(zone):
        plain = engine.get_template(f"emails/{template}.txt").template.render(Context(whole, autoescape=False))
        subject, text = split_subject(plain)
        rich = engine.get_template(f"emails/{template}.html").render({**whole, "subject": subject})
    return subject, text, _inliner.inline(rich)


def _zone(name: str) -> ZoneInfo:
    """A person's time zone; one that this machine does not know must not undo the change it would tell of."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


@transaction.atomic
def read(message: Message, *, by: Any, now: datetime) -> None:
    """This will mark a message of one's own as read on the site."""
    Message.objects.filter(pk=message.pk, recipient=by, read_at=None).update(read_at=now)
