"""The running site of the bench: web server, worker and beat on real servers, and what each part costs."""

import contextlib
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

    def cpu_s(self) -> dict[str, float]:
        """Processor seconds used so far: by us (client and sink), by each part, and by the whole machine."""
        tick = os.sysconf("SC_CLK_TCK")
        spent, parents = _processes(tick)
        used = {"client and sink": sum(os.times()[:2])}
        roots = {child.process.pid: child.name for child in self.children if child.process}
        for name, server in (("database", self.stack.database), ("broker", self.stack.broker)):
            if server and server.process:
                roots[server.process.pid] = name
        for pid, seconds in spent.items():
            root = pid
            while root not in roots and root in parents:
                root = parents[root]
            if root in roots:
                used[roots[root]] = used.get(roots[root], 0) + seconds
        busy = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
        used["machine"] = sum(float(busy[place]) for place in (0, 1, 2, 5, 6, 7)) / tick
        return used

    def servers_cpu_s(self) -> float:
        """Processor seconds of the web server and the database so far, in steps of a hundredth."""
        used = self.cpu_s()
        return used["web"] + used.get("database", 0.0)


def _processes(tick: float) -> tuple[dict[int, float], dict[int, int]]:
    """Processor seconds (with those of ended children) and the parent, by process."""
    spent, parents = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                words = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(words[1])
                spent[int(entry.name)] = sum(map(int, words[11:15])) / tick
    return spent, parents
