"""Gunicorn's settings, the same in `up` and in containers: `gunicorn -c python:lunarpartners.webserver lunarpartners.wsgi`."""

from __future__ import annotations

import os
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from lunarpartners.processes import follow_parent

bind = [f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"]
worker_class = "lunarpartners.webserver.Worker"
workers = int(os.environ.get("WEB_WORKERS", "1"))
threads = int(os.environ.get("WEB_THREADS", "4"))
graceful_timeout = 10
timeout = 30
keepalive = 5
max_requests = int(os.environ.get("WEB_MAX_REQUESTS", "0"))  # a container may recycle its workers
max_requests_jitter = max_requests // 10
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112  # the heartbeat must not wait for a disk
limit_request_line = 8190
loglevel = "warning"


def post_fork(_master: object, _worker: object) -> None:
    """A web worker must not outlive a killed master."""
    follow_parent()


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """A thread worker that, asked to stop, takes in who already stands at the door and shuts it at once.

    Gunicorn's own leaves the door open while it finishes what it has, takes nobody in, and hangs up on them all at
    the end: a form sent in that second would be lost. A shut door the proxy understands: it tries the next server.
    """

    sockets: list[Any]

    def set_accept_enabled(self, enabled: bool) -> None:  # noqa: FBT001  # gunicorn's signature
        super().set_accept_enabled(enabled)
        if self.alive or enabled:
            return
        for listener in self.sockets:
            before = -1
            while self.nr_conns != before:  # until an accept brings nobody
                before = self.nr_conns
                self.accept(listener)
            listener.close()
        self.sockets = []
