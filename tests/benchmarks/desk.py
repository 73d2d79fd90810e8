"""The secretariat's side: signing in with a second factor, the pages of the queue, one proposal, one move."""

import base64
import secrets
import time
from collections.abc import Callable
from urllib.parse import urlencode

from tests.benchmarks import measuring
from tests.benchmarks.client import Answer, Broken, Browser
from tests.benchmarks.figures import Row

QUEUE = "/staff/proposals/proposal/"
DESK = "secretariat@demo.example.org"
FILTER = {"view": "all", "level": "unit", "state": "under_review"}
QUEUE_PAGES = tuple(
    f"queue, {way}" for way in ("what needs me", "first page", "last page", "filtered", "common word", "single hit")
)


def sign_in(port: int) -> Browser:
    """The first desk of the demonstration, with an authenticator app as production asks for it. Raises Broken."""
    from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value

    from proposals.demo.people import PASSWORD
    from proposals.partners.models import User

    secret = base64.b32encode(secrets.token_bytes(20)).decode()
    TOTP.activate(User.objects.get(email=DESK), secret)
    browser = Browser(port, address="127.10.0.1")
    page = browser.get("/account/login/?next=/staff/", "staff's sign-in")
    second = browser.send(page, {"login": DESK, "password": PASSWORD, "next": "/staff/"}, "staff's sign-in")
    if time.time() % 30 > 22:
        time.sleep(9)  # a code about to run out could arrive too late
        browser.close()  # the server has hung up meanwhile
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    home = browser.send(second, {"code": code}, "staff's second factor")
    if not home.path.startswith("/staff/"):
        raise Broken(f"staff's sign-in ended on {home.path}")
    return browser


def queue_rows(browser: Browser, size: int, *, times: int, cpu_s: Callable[[], float]) -> list[Row]:
    """The queue in its ways, and one proposal."""
    from proposals.intake.models import Proposal

    oldest = list(Proposal.objects.exclude(status="draft").order_by("moved_at", "id").values_list("moved_at", "id")[:26])
    bulk = Proposal.objects.filter(reference__startswith="CE8D-B").order_by("reference")
    middle = bulk[bulk.count() // 2] if size else Proposal.objects.filter(status="submitted").order_by("id")[0]
    at, pk = oldest[-1]
    ways = {
        "queue, what needs me": {},
        "queue, first page": {"view": "all"},
        "queue, last page": {"view": "all", "after": f"{at:%Y%m%dT%H%M%S.%f}_{pk}"},
        "queue, filtered": FILTER,
        "queue, common word": {"view": "all", "q": "seismometer"},
        "queue, single hit": {"view": "all", "q": str(middle.reference).rpartition("-")[2].lower()},
    }
    rows = []
    for what, query in ways.items():
        path = f"{QUEUE}?{urlencode(query)}" if query else QUEUE
        _check(browser.get(path, what), what)
        rows.append(measuring.page(browser, path, what, size, times=times, cpu_s=cpu_s))
    rows.append(measuring.page(browser, f"{QUEUE}{middle.pk}/change/", "one proposal (staff)", size, times=times, cpu_s=cpu_s))
    return rows


def _check(answer: Answer, what: str) -> None:
    """The page must be the list that was asked for: rows where there must be some, one row for a single hit."""
    shown = len(set(answer.names(r"ids")) and answer.body.split(b'name="ids"')) - 1
    if what.endswith("single hit") and shown != 1:
        raise Broken(f"{what}: {shown} rows on {answer.path}")
    if what.endswith(("first page", "last page")) and shown < 1:
        raise Broken(f"{what}: no row on {answer.path}")


def move_row(browser: Browser, letters: list[str], size: int) -> Row:
    """Each letter accepted for review: the POST alone, which moves, audits and writes the mail."""
    answers = []
    for letter in letters:
        page = browser.get(f"{QUEUE}{letter}/do/accept/", "move page")
        answer = browser.post(page.path, page.hidden(), "one move", follow=False)
        if not answer.location:
            raise Broken(f"one move: {answer.path} did not move")
        answers.append(answer)
    return measuring.row_of(answers, "one move (mail written)", size)
