"""Who is asking: the session and its user, each by one plain statement, as every request needs both.

The ORM builds a statement anew each time, which costs four times what asking the database does.
"""

from functools import cache
from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS, UpdateError
from django.db import connection
from django.utils import timezone
from django.utils.crypto import get_random_string

from proposals.partners.models import User

_READ = "SELECT session_data, expire_date FROM django_session WHERE session_key = %s AND expire_date > %s"
_WRITE = "UPDATE django_session SET session_data = %s, expire_date = %s WHERE session_key = %s"
_DELETE = "DELETE FROM django_session WHERE session_key = %s"
RENEWED_BELOW = 13 / 14  # of its age: who comes by within the fortnight stays signed in, for one write a day


class SessionStore(db.SessionStore):
    """Django's sessions in the database; only reading one and writing it back are its own."""

    def load(self) -> dict[str, Any]:
        """What the session holds; empty, and without its key, where there is none or it has expired."""
        now = timezone.now()
        with connection.cursor() as cursor:
            cursor.execute(_READ, [self.session_key, now])
            found = cursor.fetchone()
        if found is None:
            self._session_key = None
            return {}
        held = self.decode(found[0])
        if (found[1] - now).total_seconds() < self.get_expiry_age(expiry=held.get("_session_expiry")) * RENEWED_BELOW:
            self.modified = True
        return held

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002  # Django's signature
        """Write what it holds. Raises UpdateError where the session has ended meanwhile: it is not made anew."""
        if must_create or self.session_key is None:
            super().save(must_create)
            return
        held = self._session  # type: ignore[attr-defined]  # not in the stubs
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, [self.encode(held), self.get_expiry_date(), self.session_key])
            if not cursor.rowcount:
                raise UpdateError

    def delete(self, session_key: str | None = None) -> None:
        """End it; one that is gone already is no error."""
        key = session_key or self.session_key
        if key is not None:
            with connection.cursor() as cursor:
                cursor.execute(_DELETE, [key])

    def _get_new_session_key(self) -> str:
        """Not asked for first: of 32 random signs none comes twice, and if one did, saving would refuse it."""
        return get_random_string(32, VALID_KEY_CHARS)


@cache
def _user() -> tuple[str, list[str]]:
    """The statement, and the names that its columns have on a user."""
    fields = User._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    statement = f'SELECT {columns} FROM "{User._meta.db_table}" WHERE id = %s'  # noqa: S608  # names of our own columns
    return statement, [field.attname for field in fields]


class Backend(AuthenticationBackend):  # type: ignore[misc]  # allauth tells no types
    """Allauth's way in; only the reading of the session's user is its own."""

    def get_user(self, user_id: int) -> User | None:
        """The user of a session, unless they may no longer sign in."""
        statement, names = _user()
        with connection.cursor() as cursor:
            cursor.execute(statement, [user_id])
            row = cursor.fetchone()
        user = User.from_db(connection.alias, names, row) if row else None
        return user if user is not None and self.user_can_authenticate(user) else None
