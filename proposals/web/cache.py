"""The cache in PostgreSQL, in which the limits on guessing live: no entry goes before its time, and a write is one statement."""

import base64
import pickle
from datetime import UTC, datetime
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache
from django.db import connection
from django.utils import timezone

SWEPT = 10  # expired entries that each write takes along: more than it adds, so the table stays small

_PUT = """
WITH swept AS (
    DELETE FROM {table} WHERE cache_key IN (
        SELECT cache_key FROM {table} WHERE expires < %(now)s AND cache_key <> %(key)s LIMIT {swept} FOR UPDATE SKIP LOCKED
    )
)
INSERT INTO {table} AS old (cache_key, value, expires) VALUES (%(key)s, %(value)s, %(expires)s)
ON CONFLICT (cache_key) DO UPDATE SET value = EXCLUDED.value, expires = EXCLUDED.expires
"""
_WRITES = {
    "set": _PUT,
    "add": _PUT + "WHERE old.expires < %(now)s",
    "touch": "UPDATE {table} SET expires = %(expires)s WHERE cache_key = %(key)s AND expires >= %(now)s",
}


class Cache(DatabaseCache):
    """Django's cache in a table; only writing is its own.

    Django's counts the whole table at each write and, above 300 entries, throws live ones away: whoever filled it
    would have reset every limit on guessing passwords.
    """

    def _base_set(self, mode: str, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT) -> bool:
        """Whether the entry was written: "set" always does, "add" unless it is there, "touch" only if it is."""
        until = self.get_backend_timeout(timeout)
        given: dict[str, str | datetime] = {
            "key": key,
            "now": timezone.now().replace(microsecond=0),
            "expires": datetime.fromtimestamp(until, UTC).replace(microsecond=0) if until else datetime.max.replace(tzinfo=UTC),
        }
        if mode != "touch":
            given["value"] = base64.b64encode(pickle.dumps(value, self.pickle_protocol)).decode("ascii")
        with connection.cursor() as cursor:
            cursor.execute(_WRITES[mode].format(table=connection.ops.quote_name(self._table), swept=SWEPT), given)  # type: ignore[attr-defined]  # not in the stubs
            return bool(cursor.rowcount)
