"""The daily digest: one mail a day with what a person did not want at once."""

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.urls import reverse

from proposals.outbox.actions.posting import post
from proposals.outbox.calculations import digest_day, first_words
from proposals.outbox.models import Message
from proposals.outbox.queries import readers_of_digests
from proposals.outbox.states import Kind, Priority


def digest(*, now: datetime) -> int:
    """This will write the daily digest of everyone for whom one is due, and give how many that were.

    It is due from 08:00 on the reader's own clock, once on each of their days. Any number of beats may ask at once, and
    one that was dead catches up.
    """
    due = [(reader, digest_day(now, reader.time_zone)) for reader in readers_of_digests()]
    return sum(_write(reader, day, now=now) for reader, day in due if day)


@transaction.atomic
def _write(reader: Any, day: date, *, now: datetime) -> bool:
    """One reader's digest; False where this day has one, or another beat is writing it."""
    key = f"digest:{reader.pk}:{day}"
    mine = get_user_model().objects.select_for_update(skip_locked=True, no_key=True).filter(pk=reader.pk)
    if not mine or Message.objects.filter(key=key).exists():
        return False
    # locked, so that a wish to stop them waits, or is seen
    waiting = list(Message.objects.for_digest().filter(recipient=reader).select_for_update().order_by("pk"))
    if not waiting:
        return False
    post(
        key=key,
        to=reader,
        template="digest",
        context={"items": [_item(message) for message in waiting]},
        kind=Kind.DIGEST,
        priority=Priority.REMINDER,
        link=reverse("portal:inbox"),
        now=now,
    )
    carrier = Message.objects.get(key=key)
    Message.objects.filter(pk__in=[message.pk for message in waiting]).update(carried_by=carrier)
    return True


def _item(message: Message) -> dict[str, str]:
    """What a digest says of one message: what it is about, how it begins, and where to go on."""
    path = message.link or reverse("portal:message", args=[message.pk])
    return {"subject": message.subject, "words": first_words(message.text), "url": settings.SITE_URL + path}
