"""The two Django apps of the project: the business, and the stock admin with our site."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

APPEND_ONLY = (
    "proposals_event",
    "proposals_seal",
    "proposals_version",
    "proposals_move",
    "proposals_wordingversion",
    "proposals_frozenassessment",
)


class ProposalsConfig(AppConfig):
    """The one app: every model has the label `proposals`, whichever package it lives in."""

    name = "proposals"
    verbose_name = _("Lunar Partners")

    def ready(self) -> None:
        """After each migration the two roles get their rights."""
        post_migrate.connect(grant_rights, sender=self)


class StaffSiteConfig(AdminConfig):
    """Django's admin, served by our own site class so that sign-in cannot go round MFA."""

    default_site = "proposals.admin.site.StaffSite"

    def ready(self) -> None:
        """Every file of the staff's door registers its own pages; the site itself must be there first."""
        super().ready()
        door = import_module("proposals.admin")
        for subject in iter_modules(door.__path__, "proposals.admin."):
            import_module(subject.name)


def grant_rights(using: str, **kwargs: Any) -> None:  # noqa: ARG001  # the signature of a signal
    """Readers and staff may write rows, but never rewrite the trail: there they only read and add."""
    roles = "lp_partner, lp_reviewer, lp_staff"
    with connections[using].cursor() as cursor:
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {roles}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {roles}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {roles}")
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        present = {row[0] for row in cursor.fetchall()}
        for table in (*APPEND_ONLY, "django_migrations"):
            if table in present:
                cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {roles}")
