"""The password hasher at OWASP's figures, and the step past the row-level security of PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with m = 19 MiB, t = 2, p = 1 (OWASP Password Storage Cheat Sheet): about 26 ms a hash."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1


@contextmanager
def unrestricted() -> Iterator[None]:
    """Step past row-level security for a few statements that check their own right, then step back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('role')")
        before = cursor.fetchone()[0]
        cursor.execute("SELECT set_config('role', %s, false)", ["lp_staff"])
    try:
        yield
    finally:
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('role', %s, false)", [before])
