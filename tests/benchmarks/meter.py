"""Counts the statements of each request, tells them in a header, and can profile what a worker does."""

import cProfile
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse

HEADER = "X-SQL"
PROFILE_TO = os.environ.get("BENCH_PROFILE_TO", "")
PROFILE_ONLY = os.environ.get("BENCH_PROFILE_PATH", "")


class CountSql:
    """Outermost: sessions, sign-in and row security count too. BEGIN, COMMIT and the pool's own do not pass here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.profile = cProfile.Profile(time.thread_time) if PROFILE_TO else None
        self.lock = threading.Lock()
        self.requests = 0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with "X-SQL: statements milliseconds"."""
        tally = Tally()
        with connection.execute_wrapper(tally):
            response = self._profiled(request) if self.profile else self.get_response(request)
        response[HEADER] = f"{tally.statements} {tally.seconds * 1000:.3f}"
        return response

    def _profiled(self, request: HttpRequest) -> HttpResponse:
        """One request at a time under the profiler; the file is rewritten every twenty requests."""
        if not request.path.startswith(PROFILE_ONLY) or self.profile is None:
            return self.get_response(request)
        with self.lock:
            self.profile.enable()
            try:
                return self.get_response(request)
            finally:
                self.profile.disable()
                self.requests += 1
                if self.requests % 20 == 0:
                    self.profile.dump_stats(Path(PROFILE_TO) / f"{os.getpid()}.prof")


class Tally:
    """The statements of one request and the time that they took."""

    def __init__(self) -> None:
        self.statements = 0
        self.seconds = 0.0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001  # Django's
        self.statements += 1
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds += time.perf_counter() - began
