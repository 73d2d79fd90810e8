"""What the lists of staff must not show whoever is barred from a proposal: mail and events that would tell that it exists.

Each answers for one reader; `barred` spares the question where the caller has asked it already.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import F, ForeignKey, Model, Q, QuerySet, TextField
from django.db.models.functions import Cast

from proposals.audit.models import Event
from proposals.intake.models import Access, Circular, CircularMail, Proposal, TeamMember
from proposals.outbox.models import Bounce, Message, MessageQuerySet
from proposals.outbox.models.relay import BounceQuerySet

DEEPEST = 3  # how many steps a row may lie below its proposal: a score's assessment's assignment


def barred_from(user: Any) -> list[UUID]:
    """The proposals that are barred to this person, in one order."""
    rows = Access.objects.filter(user=user.pk, grant=False).order_by("proposal_id")
    return list(rows.values_list("proposal_id", flat=True).distinct())


def messages_for(user: Any, barred: Sequence[UUID] | None = None) -> MessageQuerySet:
    """All messages but those that tell of a barred proposal: about it, carrying such a one, or to its team about a phase."""
    barred = barred_from(user) if barred is None else barred
    if not barred:
        return Message.objects.all()
    about = Q(about_type="proposal", about_id__in=[str(pk) for pk in barred])
    carrying = Message.objects.filter(about, carried_by__isnull=False).values("carried_by")
    team = TeamMember.objects.filter(user__isnull=False)
    seen = team.filter(proposal__in=Proposal.objects.visible_to(user).values("pk")).values("user")
    alone = team.filter(proposal__in=barred).exclude(user__in=seen).values("user")
    to_team = Q(about_type__in=["phase", "call"], recipient__in=alone)
    return Message.objects.exclude(about).exclude(pk__in=carrying).exclude(to_team)


def bounces_for(user: Any, barred: Sequence[UUID] | None = None) -> BounceQuerySet:
    """All that came back but what tells of a barred proposal."""
    barred = barred_from(user) if barred is None else barred
    if not barred:
        return Bounce.objects.all()
    return Bounce.objects.filter(Q(message=None) | Q(message__in=messages_for(user, barred)))


def circulars_for(user: Any, barred: Sequence[UUID] | None = None) -> QuerySet[Circular]:
    """The circulars that write of something beside what is barred."""
    barred = barred_from(user) if barred is None else barred
    if not barred:
        return Circular.objects.all()
    told = CircularMail.objects.exclude(proposal__in=barred).values("circular")
    return Circular.objects.filter(Q(pk__in=told) | Q(mails=None)).distinct()


def events_for(user: Any, barred: Sequence[UUID] | None = None) -> QuerySet[Event]:
    """All events but those of barred proposals, of what lies below these, and whatever names one in its details."""
    barred = barred_from(user) if barred is None else barred
    if not barred:
        return Event.objects.all()
    references = Proposal.objects.filter(pk__in=barred, reference__isnull=False).values_list("reference", flat=True)
    named = "|".join([*map(str, barred), *map(str, references)])
    hidden = Q(subject_type="proposal", subject_id__in=list(map(str, barred))) | Q(told__regex=named)
    for name, keys in _below(barred):
        hidden |= Q(subject_type=name, subject_id__in=keys)
    return Event.objects.annotate(told=Cast(F("data"), TextField())).exclude(hidden)


def _below(barred: Iterable[UUID]) -> Iterable[tuple[str, QuerySet[Any]]]:
    """Per kind of row that belongs to a proposal, the keys of those that belong to barred ones, as the trail writes them."""
    barred = list(barred)
    for model, path in _paths():
        rows = model._default_manager.filter(**{f"{path}__in": barred})
        yield str(model._meta.model_name), _as_text(rows, "pk")
    mail = Message.objects.filter(about_type="proposal", about_id__in=list(map(str, barred)))
    yield "message", _as_text(mail, "pk")
    yield "invitation", _as_text(TeamMember.objects.filter(proposal__in=barred, invitation__isnull=False), "invitation_id")
    yield "circular", _as_text(CircularMail.objects.filter(proposal__in=barred), "circular_id")


def _as_text(rows: QuerySet[Any], column: str) -> QuerySet[Any]:
    keys: QuerySet[Any] = rows.order_by().annotate(as_text=Cast(column, TextField())).values("as_text")
    return keys


@cache
def _paths() -> tuple[tuple[type[Model], str], ...]:
    """Every model whose rows belong to a proposal, with the way there: read from the foreign keys, so that none is missed."""
    found: list[tuple[type[Model], str]] = []
    last: list[tuple[type[Model], str]] = [(Proposal, "")]
    for _step in range(DEEPEST):
        last = [
            (model, f"{field.name}__{path}".removesuffix("__"))
            for above, path in last
            for model in apps.get_app_config("proposals").get_models()
            for field in model._meta.concrete_fields
            if isinstance(field, ForeignKey) and field.related_model is above
        ]
        found += last
    return tuple(found)
