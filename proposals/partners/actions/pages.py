"""Verbs of the pages that staff write, such as the privacy notice."""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from proposals.audit.actions import record
from proposals.partners.models import Notice
from proposals.partners.rules import may_run_the_call


@transaction.atomic
def save_page(page: Notice, *, by: Any, now: datetime) -> Notice:
    """This will publish a page's text in one language. Raises PermissionDenied or ValidationError."""
    if not may_run_the_call(by):
        raise PermissionDenied
    page.full_clean()
    page.save()
    record("page.saved", by=by, about=page, slug=page.slug, language=page.language)
    return page


@transaction.atomic
def remove_page(page: Notice, *, by: Any, now: datetime) -> None:
    """This will take a page's text in one language back; readers see English, or the shipped text. Raises PermissionDenied."""
    if not may_run_the_call(by):
        raise PermissionDenied
    record("page.removed", by=by, about=page, slug=page.slug, language=page.language)
    page.delete()
