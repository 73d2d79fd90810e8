"""People who use the site while it restarts, calling as the proxy does: it waits for a web server, and asks a GET again."""

import http.client
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from django.db import connections

from proposals.demo.people import PASSWORD
from tests.benchmarks import desk
from tests.benchmarks.client import Answer, Broken, Browser
from tests.proofs.stage import Stage

PARTNER = "tsehaynesh.kokebawit@simien.example.org"
PROXY_TRIES_FOR_S = 15.0  # lb_try_duration in deploy/Caddyfile
PAUSE_S = 0.25
CALL = "/calls/chang-e-8-demonstration-round/"


class Proxied(Browser):
    """A browser behind the proxy: a refused connection is tried again, a request cut off only if it is a GET."""

    def _ask(self, method: str, path: str, step: str, body: str | None = None) -> Answer:
        end = time.monotonic() + PROXY_TRIES_FOR_S
        if body is not None:
            self.connection.close()  # a form goes over a new connection, never over one the server may just be closing
        while True:
            try:
                return super()._ask(method, path, step, body)
            except ConnectionRefusedError:
                self.connection.close()
                if time.monotonic() > end:
                    raise Broken(f"{step}: no web server for {PROXY_TRIES_FOR_S:.0f} s") from None
                time.sleep(PAUSE_S)
            except (http.client.HTTPException, OSError) as error:
                self.connection.close()
                if method != "GET" or time.monotonic() > end:
                    raise Broken(f"{step}: {method} {path} was cut off: {type(error).__name__}") from None


class Callers:
    """A context in which a visitor, a partner and one of the secretariat go on using the site, each in a thread."""

    def __init__(self, stage: Stage, port: int) -> None:
        self.stage = stage
        self.failures: list[str] = []
        self.answered = self.forms = 0
        self.longest_s = 0.0
        self.acknowledged = ""
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._visitor, self._partner = Proxied(port, address="127.12.0.1"), Proxied(port, address="127.12.0.2")
        self._staff = Proxied(port, address="127.12.0.3")
        page = self._partner.get("/account/login/", "sign-in")
        self._partner.send(page, {"login": PARTNER, "password": PASSWORD}, "sign-in")
        self._staff.cookies = desk.sign_in(port).cookies
        acts = (self._visit, self._save, self._triage)
        self._threads = [threading.Thread(target=self._go_on, args=[act], daemon=True) for act in acts]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join(PROXY_TRIES_FOR_S * 3)

    def _go_on(self, act: Callable[[int], None]) -> None:
        turn = 0
        while not self._done.is_set():
            turn += 1
            began = time.monotonic()
            try:
                act(turn)
            except Exception as error:  # noqa: BLE001  # every failure is the row's to tell
                self.failures.append(f"{error or type(error).__name__}"[:200])
            with self._lock:
                self.answered += 1
                self.longest_s = max(self.longest_s, time.monotonic() - began)
            self._done.wait(0.1)
        connections.close_all()

    def _visit(self, _turn: int) -> None:
        self._visitor.get(CALL, "call page")

    def _triage(self, _turn: int) -> None:
        answer = self._staff.get("/staff/proposals/proposal/", "queue")
        if answer.path != "/staff/proposals/proposal/":
            raise Broken(f"the queue led to {answer.path}")

    def _save(self, turn: int) -> None:
        """Open a form and save it; what the site has acknowledged is remembered."""
        name = f"Tsehaynesh Kokebawit {turn}"
        page = self._partner.get("/preferences/", "preferences")
        data = {"full_name": name, "native_name": "", "language": "en", "time_zone": "Africa/Addis_Ababa"}
        self._partner.send(page, data, "preferences saved")
        with self._lock:
            self.forms += 1
            self.acknowledged = name
