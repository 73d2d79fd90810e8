"""Canonical JSON and digests: the same content gives the same bytes, everywhere and for years."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder


def canonical(content: Any) -> str:
    """JSON with sorted keys, no spaces and no escapes beyond need; decimals are strings, instants ISO 8601."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, cls=DjangoJSONEncoder)


def sha256(text: str) -> str:
    """The SHA-256 of a text's UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def storable(data: dict[str, Any]) -> Any:
    """`data` as it will be read back from a jsonb column.

    Keys become strings, and so do floats: PostgreSQL keeps 1e22 but writes it otherwise, and the digest would differ.
    """
    return json.loads(canonical(data), parse_float=str, parse_constant=str)


def digest_of(event: Any) -> str:
    """The digest that an untouched event has, in hexadecimal; seals are made over these."""
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


class SealDigest:
    """The digest of one seal, taken event by event so that any number of them fits in memory."""

    def __init__(self, previous: str) -> None:
        self._hash = hashlib.sha256(f"{previous}\n".encode())
        self.first_event_id = 0
        self.last_event_id = 0
        self.count = 0

    def add(self, event_id: int, digest: str) -> None:
        """Take in the next event, in the order of ids."""
        self.first_event_id = self.first_event_id or event_id
        self.last_event_id = event_id
        self.count += 1
        self._hash.update(f"{event_id}:{digest}\n".encode())

    def finish(self, *, at: datetime) -> str:
        """The digest over the previous seal, these events, their count and the time of sealing."""
        ends = f"{self.first_event_id}-{self.last_event_id} {self.count} {at.astimezone(UTC).isoformat()}\n"
        whole = self._hash.copy()
        whole.update(ends.encode())
        return whole.hexdigest()
