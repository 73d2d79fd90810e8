"""Writing the trail."""

from typing import Any

from django.db import models
from django.utils import timezone

from proposals.audit.calculations import canonical, sha256
from proposals.audit.models import Event


def digest_of(event: Event) -> str:
    """The digest that an untouched event has; seals are made over these."""
    return sha256(
        canonical(
            [
                event.at,
                event.actor_id,
                event.actor_label,
                event.verb,
                event.subject_type,
                event.subject_id,
                event.data,
            ]
        )
    )


def record(verb: str, *, by: Any, about: models.Model, **data: Any) -> Event:
    """This will add one event to the trail, in the caller's transaction.

    `verb` is a dotted past tense ("proposal.submitted"); `by` is a person or None for the system;
    `data` holds ids and figures, never secrets or confidential text.
    """
    event = Event(
        at=timezone.now(),
        actor_id=getattr(by, "pk", None),
        actor_label=str(by) if by else "system",
        verb=verb,
        subject_type=about._meta.model_name,
        subject_id=str(about.pk),
        data=data,
    )
    event.digest = digest_of(event)
    event.save(force_insert=True)
    return event
