"""Canonical JSON and digests: the same content gives the same bytes, everywhere and for years."""

import hashlib
import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder


def canonical(content: Any) -> str:
    """JSON with sorted keys, no spaces and no escapes beyond need; decimals are strings, instants ISO 8601."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, cls=DjangoJSONEncoder)


def sha256(text: str) -> str:
    """The SHA-256 of a text's UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
