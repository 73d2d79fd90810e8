"""Is the trail whole? Every event against its digest, every seal against its events and the seal before."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from proposals.audit.calculations import SealDigest, digest_of
from proposals.audit.models import Event, Seal

SEALED_WITHIN = timedelta(hours=1)


@dataclass(frozen=True)
class Problem:
    """One thing that is not as it was written: which row, and what is wrong with it."""

    row: str
    says: str


def verify(*, now: datetime, expect: str = "") -> Iterator[Problem]:
    """Every sign that the trail was changed after it was written; nothing where it is whole.

    `expect` is "<last event id>:<seal digest>" as printed or logged earlier and kept elsewhere: without it, nobody can
    tell a trail that was cut together with its last seals from a shorter one.
    """
    previous, sealed_to, found = "", 0, not expect
    for seal in Seal.objects.order_by("last_event_id").iterator():
        digest = SealDigest(previous)
        yield from _events(digest, after=sealed_to, until=seal.last_event_id)
        yield from _against(seal, digest)
        previous, sealed_to = seal.digest, seal.last_event_id
        found = found or expect == f"{seal.last_event_id}:{seal.digest}"
    if not found:
        yield Problem("seals", f"the expected seal {expect} is not there: changed, or the end was cut off")
    yield from _unsealed(sealed_to, now=now)


def last_seal() -> str:
    """What to keep elsewhere and pass to `verify` as `expect`; empty before the first seal."""
    seal = Seal.objects.order_by("last_event_id").last()
    return f"{seal.last_event_id}:{seal.digest}" if seal else ""


def _events(digest: SealDigest, *, after: int, until: int) -> Iterator[Problem]:
    """Take the events of one seal into `digest`, and name those that are not what their own digest says."""
    for event in Event.objects.filter(id__gt=after, id__lte=until).order_by("id").iterator():
        digest.add(event.pk, event.digest)
        if event.digest != digest_of(event):
            yield Problem(f"event {event.pk}", "its content does not give its digest")


def _against(seal: Seal, digest: SealDigest) -> Iterator[Problem]:
    """Compare a seal with what lies under it now; more than one line where that says more."""
    row = f"seal {seal.pk}"
    if digest.count != seal.count:
        yield Problem(row, f"{seal.count} events were sealed, {digest.count} are there")
    if (digest.first_event_id, digest.last_event_id) != (seal.first_event_id, seal.last_event_id):
        yield Problem(row, f"it spans {seal}, but the events there are {digest.first_event_id}-{digest.last_event_id}")
    if digest.finish(at=seal.at) != seal.digest:
        yield Problem(row, "its digest does not follow from the seal before and its events: one was changed, added or removed")


def _unsealed(sealed_to: int, *, now: datetime) -> Iterator[Problem]:
    """The young end: each event against its digest; old ones without a seal have lost it, or sealing stands still."""
    young_end = Event.objects.filter(id__gt=sealed_to)
    for event in young_end.order_by("id").iterator():
        if event.digest != digest_of(event):
            yield Problem(f"event {event.pk}", "its content does not give its digest")
    if old := young_end.filter(at__lt=now - SEALED_WITHIN).count():
        yield Problem("seals", f"{old} events after {sealed_to} are over an hour old and under no seal")
