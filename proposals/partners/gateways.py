"""The password hasher, allauth's link to set a password, the step past row-level security, and queries compiled once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any, Generic, TypeVar

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection, models
from django.db.models import Expression
from django.db.models.sql.compiler import SQLCompiler
from django.urls import reverse

Row = TypeVar("Row")


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with m = 19 MiB, t = 2, p = 1 (OWASP Password Storage Cheat Sheet): about 26 ms a hash."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1


@contextmanager
def unrestricted() -> Iterator[None]:
    """Step past row-level security for a few statements that check their own right, then step back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT was, set_config('role', %s, false) FROM current_setting('role') AS was", ["lp_staff"])
        before = cursor.fetchone()[0]
    try:
        yield
    finally:
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('role', %s, false)", [before])


class Given(Expression):
    """The place of a value in a compiled query: filled in at each run, under its name."""

    def __init__(self, name: str, field: "models.Field[Any, Any] | None" = None) -> None:
        super().__init__(output_field=field or models.BigIntegerField())
        self.name = name

    def as_sql(self, compiler: object, connection: object) -> tuple[str, Any]:  # noqa: ARG002  # Django's signature
        """A parameter that stands for itself until the run."""
        return "%s", [self]


class Compiled(Generic[Row]):
    """A query that Django compiles once a process: on a wide table that costs it more than PostgreSQL takes to answer.

    For reads that most requests make. What differs from run to run is `Given`; the answer is as fresh as any query's.
    """

    def __init__(self, rows: "Callable[[], models.QuerySet[Any, Row]]") -> None:
        self._build = rows
        self._held: tuple[models.QuerySet[Any, Row], SQLCompiler, str, tuple[Any, ...]] | None = None

    def __call__(self, **given: Any) -> list[Row]:
        """The rows for these values, each of the type that its column has."""
        rows, held, sql, places = self._held or self._compiled()
        params = tuple([given[place.name] if isinstance(place, Given) else place for place in places])
        compiler = copy(held)
        compiler.connection = connection  # threads have their own
        compiler.as_sql = lambda *_, **__: (sql, params)  # type: ignore[method-assign]
        run: Any = rows.all()
        run.query.get_compiler = lambda *_, **__: compiler
        return list(run)

    def _compiled(self) -> "tuple[models.QuerySet[Any, Row], SQLCompiler, str, tuple[Any, ...]]":
        rows = self._build()
        compiler = rows.query.get_compiler(connection.alias)
        sql, places = compiler.as_sql()
        converters = compiler.get_converters([column for column, *_ in compiler.select[: compiler.col_count]])
        compiler.get_converters = lambda _: converters
        self._held = rows, compiler, sql, tuple(places)
        return self._held


def password_path(user: Any) -> str:
    """The path of a page on which this person can set a password, good for three days; allauth checks the token."""
    from allauth.account.forms import default_token_generator  # needs the apps, which come after the password hashers
    from allauth.account.utils import user_pk_to_url_str

    key = default_token_generator.make_token(user)
    return reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})
