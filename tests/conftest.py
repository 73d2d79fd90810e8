"""What every test shares: the owner's connection, roles taken back after each request, a flush that may truncate."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signals import request_finished
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from xdist.scheduler import LoadFileScheduling

from tests.guards import guards_ignored


class ByFile(LoadFileScheduling):  # type: ignore[misc]
    """One worker for the tests of a file, and one for all journeys: they share one running site."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "journeys" if file.startswith("tests/journeys/") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """Deal the tests out by file, unless another way was asked for."""
    return ByFile(config, log) if config.getvalue("dist") == "loadfile" else None


def _take_back_role(**_: Any) -> None:
    """A request leaves the reader's database role behind; a test's own statements run as the owner."""
    if connection.connection is not None and not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('role', 'none', false), set_config('app.user_id', '', false)")


@pytest.fixture(autouse=True)
def _roles_back() -> Iterator[None]:
    request_finished.connect(_take_back_role)
    yield
    request_finished.disconnect(_take_back_role)


@pytest.fixture(autouse=True)
def _calm_alarm() -> None:
    """The staff's pages ask every few seconds whether mail stands still; here only where a test makes it ask."""
    from proposals.admin.alarm import mail_alarm  # the settings are set by now

    mail_alarm.minutes, mail_alarm.asked_until = None, math.inf


@pytest.fixture(autouse=True, scope="session")
def _flush_past_append_only() -> Iterator[None]:
    """Only the flush between transactional tests may empty append-only tables."""
    flush = DatabaseOperations.execute_sql_flush

    def unguarded(self: DatabaseOperations, sql_list: Any) -> None:
        with guards_ignored():
            flush(self, sql_list)

    DatabaseOperations.execute_sql_flush = unguarded  # type: ignore[method-assign]
    yield
    DatabaseOperations.execute_sql_flush = flush  # type: ignore[method-assign]
