"""What people do on the site, as HTTP steps: sign up and verify, add an organisation, file a whole letter of intent."""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.benchmarks.client import Answer, Broken, Browser
from tests.proofs.sink import Sink

CALL = "/calls/chang-e-8-demonstration-round/"
PASSWORD = "seven quiet craters at dawn"
MAIL_PATIENCE_S = 60
CONFIRM = re.compile(rb"https://[^/\s]+(/account/confirm-email/[^\s\"<]+)")
Fill = Callable[[Answer], dict[str, object]]


class Mailbox:
    """The mails at the sink by address, read once each; any number of threads may wait."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.read = 0
        self.by_address: dict[str, list[bytes]] = {}
        self.lock = threading.Lock()

    def link(self, address: str) -> str:
        """The path of the confirmation link sent to this address. Raises Broken when none comes."""
        end = time.monotonic() + MAIL_PATIENCE_S
        while time.monotonic() < end:
            with self.lock:
                self._sort()
                for raw in self.by_address.get(address, []):
                    found = CONFIRM.search(raw.replace(b"=\r\n", b"").replace(b"=3D", b"="))
                    if found:
                        return found.group(1).decode()
            time.sleep(0.005)
        raise Broken(f"no confirmation came to {address} within {MAIL_PATIENCE_S} s")

    def _sort(self) -> None:
        while self.read < len(self.sink.mails):
            mail = self.sink.mails[self.read]
            self.read += 1
            for address in mail.to:
                self.by_address.setdefault(address, []).append(mail.raw)


@dataclass
class Partner:
    """One person with a browser of their own, calling from a loopback address of their own."""

    number: int
    port: int
    run: str
    browser: Browser = field(init=False)
    organisation: int = 0
    waited_s: float = 0.0
    letters: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        # every person from another address, so that the rate limits stay as they are in production
        block, host = divmod(self.number, 250)
        self.browser = Browser(self.port, address=f"127.{20 + block // 250}.{block % 250}.{host + 1}")

    @property
    def email(self) -> str:
        """Their address."""
        return f"bench-{self.run}-{self.number}@partner.example"

    def sign_up(self, mailbox: Mailbox) -> None:
        """Make the account, and verify it by the mail received; signed in at the end."""
        page = self.browser.get("/account/signup/", "sign-up page")
        words = {"full_name": f"Bench Person {self.number}", "native_name": "", "email": self.email, "password1": PASSWORD}
        self.browser.send(page, {**words, "language": "en", "time_zone": "Asia/Karachi"}, "sign-up")
        began = time.perf_counter()
        link = mailbox.link(self.email)
        self.waited_s = time.perf_counter() - began
        confirm = self.browser.get(link, "confirmation page")
        self.browser.send(confirm, {}, "confirmation")

    def found(self) -> None:
        """Add an organisation of one's own; its name is like no other's."""
        page = self.browser.get("/organisations/new/", "new organisation page")
        name = f"Institute {_letters(self.number)} {self.run}"
        made = self.browser.send(page, {**ORGANISATION, "name": name}, "new organisation")
        self.organisation = int(made.path.strip("/").split("/")[-1])

    def begin(self) -> str:
        """Read the call and start a draft; its id."""
        self.browser.get(CALL, "call page")
        page = self.browser.get(f"{CALL}start/", "start page")
        data = {"level": "unit", "title": f"Bench payload {self.number}", "lead": str(self.organisation)}
        drafted = self.browser.send(page, data, "start")
        return drafted.path.split("/")[2]

    def file(self) -> str:
        """A complete letter of intent: every page the phase requires, then check, submit and the receipt."""
        draft = self.begin()
        page: Answer | None = None
        for key, fill in PAGES:
            path = f"/proposals/{draft}/edit/{key}/"
            if page is None or not page.path.startswith(path):  # "save and continue" has led there already
                page = self.browser.get(path, f"{key} page")
            page = self.browser.send(page, {**fill(page), "then": "next"}, key, path=path)
        check = self.browser.get(f"/proposals/{draft}/check/", "check page")
        receipt = self.browser.send(check, {"consent": "on"}, "submit", path=f"/proposals/{draft}/submit/")
        if "/receipt/" not in receipt.path:
            raise Broken(f"submit led to {receipt.path}, not to a receipt")
        self.letters.append(draft)
        return draft


def _letters(number: int) -> str:
    """A number as a word, so that no two names are near one another."""
    consonants, vowels = "bdfgklmnprstvz", "aeiou"
    word = ""
    scattered = (number * 2654435761 + 12345) % 2**32
    for _ in range(5):
        scattered, place = divmod(scattered, len(consonants) * len(vowels))
        word += consonants[place % len(consonants)] + vowels[place // len(consonants)]
    return word.title()


def _module_values(page: Answer, values: dict[str, object]) -> dict[str, object]:
    """Values for the one module, under the names that its page gives them."""
    names = page.names(r"module-\d+-[a-z_]+")
    return {name: values[column] for name in names if (column := name.split("-", 2)[2]) in values}


def _masses(page: Answer) -> dict[str, object]:
    rows = {"0": ("Sensor head", "12.5"), "1": ("Adapter plate", "1.2"), "3": ("Harness", "0.8")}
    kinds = {"0": "payload", "1": "adapter", "2": "release", "3": "harness"}
    data: dict[str, object] = {"module-0-name": "Bench payload"}
    maturity = page.find(r'<select[^>]*name="module-0-0-maturity"[^>]*>.*?<option value="([^"]+)" data-percent')
    for place, kind in kinds.items():
        name, mass = rows.get(place, ("", ""))
        given = {"kind": kind, "name": name, "cbe_kg": mass, "maturity": maturity if mass else ""}
        data |= {f"module-0-{place}-{column}": value for column, value in {**NO_MARGIN, **given}.items()}
    return data


def _science(page: Answer) -> dict[str, object]:
    return {
        "objectives": "Measure the seismic field near the landing site.",
        "aims": page.find(r'name="aims"[^>]*value="(\d+)"'),
        "payload_class": "geophysics",
    }


ORGANISATION = {"native_name": "", "acronym": "", "aliases": "", "kind": "institute", "country": "PK", "website": ""}
SUMMARY: dict[str, object] = {"title": "Bench payload", "acronym": "BENCH", "keywords": "bench, synthetic"}
CONTACT: dict[str, object] = {
    "full_name": "Bench Contact",
    "native_name": "",
    "role": "technical",
    "email": "",
    "organisation": "",
}
NO_MARGIN = {"margin_percent": "", "margin_reason": ""}
ABSTRACT = "A synthetic instrument for measuring this site, not the Moon. " * 12
POWER: dict[str, object] = {"power_average_w": "8.5", "power_peak_w": "14", "data_mbit_day": "120"}
SIZE: dict[str, object] = {"stowed_x_mm": "320", "stowed_y_mm": "240", "stowed_z_mm": "180", "mounting": "top deck"}
PAGES: tuple[tuple[str, Fill], ...] = (
    ("summary", lambda page: {**SUMMARY, "abstract": ABSTRACT}),
    ("science", _science),
    ("organisations", lambda page: {}),
    ("team", lambda page: CONTACT),
    ("mass", _masses),
    ("power", lambda page: _module_values(page, POWER)),
    ("envelope", lambda page: _module_values(page, SIZE)),
    ("maturity", lambda page: {"trl": "5", "heritage": "None: it is made up."}),
    ("export", lambda page: {"export_origin": "PK", "export_licence": "not needed"}),
)
