"""The running site of the bench: web server, worker and beat on real servers, and what each part costs."""

import os
from pathlib import Path

from lunarpartners.children import Child
from tests.servers import Servers, beat_command, web_command, worker_command

WEB_WORKERS, WEB_THREADS, WORKER_PROCESSES = 2, 4, 2


class Stage(Servers):
    """A context: the servers with the demonstration's data, gunicorn, worker and beat."""

    def __init__(self, *, profile: Path | None = None) -> None:
        super().__init__("lp-bench-")
        self.profile = profile

    def prepare(self) -> None:
        """Migrate, seed, and start the site."""
        os.environ.update(self.environment)
        super().prepare()
        self.manage("collectstatic", "--no-input", "--verbosity", "0")
        self.manage("seed")
        web = self.start(Child("web", web_command()))
        self.start(Child("worker", worker_command(WORKER_PROCESSES)))
        self.start(Child("beat", beat_command(self.stack.state / "beat-schedule")))
        self.wait_for_page(web, self.port)

    def settings(self) -> dict[str, str]:
        """Production's, with the counter of SQL; the profiler's where it is wanted."""
        given = {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings"}
        given |= {"WEB_WORKERS": str(WEB_WORKERS), "WEB_THREADS": str(WEB_THREADS)}
        if self.profile:
            self.profile.mkdir(parents=True, exist_ok=True)
            given["BENCH_PROFILE_TO"] = str(self.profile)
        kept = {name: os.environ[name] for name in ("BENCH_PROFILE_PATH",) if name in os.environ}
        return super().settings() | given | kept
