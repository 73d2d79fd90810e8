"""The password hasher at OWASP's figures, allauth's link to set a password, and the step past row-level security."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection
from django.urls import reverse


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


def password_path(user: Any) -> str:
    """The path of a page on which this person can set a password, good for three days; allauth checks the token."""
    from allauth.account.forms import default_token_generator  # needs the apps, which come after the password hashers
    from allauth.account.utils import user_pk_to_url_str

    key = default_token_generator.make_token(user)
    return reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})
