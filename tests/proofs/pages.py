"""Pages of staff and of a partner, in turns without and with mail that waits: what each costs the servers."""

from collections import defaultdict
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from proposals.demo.people import PASSWORD
from proposals.intake.models import Proposal
from proposals.outbox.models import Message
from tests.benchmarks import desk
from tests.benchmarks.client import Answer, Broken, Browser
from tests.benchmarks.figures import percentile
from tests.proofs.letters import write
from tests.proofs.stage import Stage

PARTNER = "tsehaynesh.kokebawit@simien.example.org"
PAGES = ("staff_home", "staff_queue", "staff_mail", "staff_proposal", "dashboard", "inbox")
TIMES, WARM_UPS = 8, 1


@dataclass
class Cost:
    """Processor time of web server and database, milliseconds a page, and its usual statements; without and with mail."""

    page: str
    without_ms: float
    ms: float
    statements_without: int
    statements: int

    @property
    def ratio(self) -> float:
        """How many times as much it costs."""
        return self.ms / self.without_ms


def compare(stage: Stage, pending: int, *, rounds: int) -> list[Cost]:
    """Ask for each page in `rounds` turns: without, then with so many mails waiting. No worker runs.

    Processor time, not the clock's: it hardly minds what else the machine does.
    """
    stage.manage("seed")
    Message.objects.update(delivery="sent", sent_at=timezone.now())
    write(0, pending, prefix="waiting")
    web = stage.web(DJANGO_SETTINGS_MODULE="tests.benchmarks.settings", WEB_WORKERS="1")
    readers = _readers(web.port)
    spent: dict[tuple[str, bool], list[float]] = defaultdict(list)
    found: dict[tuple[str, bool], list[Answer]] = defaultdict(list)
    for _ in range(rounds):
        for waits in (False, True):
            _let_wait(stage, waits=waits)
            for page, (browser, path) in readers.items():
                _ask(browser, path, page, WARM_UPS)
                before = stage.servers_cpu_s()
                found[page, waits] += _ask(browser, path, page, TIMES)
                spent[page, waits].append((stage.servers_cpu_s() - before) * 1000 / TIMES)
    return [_cost(page, spent, found) for page in PAGES]


def _ask(browser: Browser, path: str, page: str, times: int) -> list[Answer]:
    """The page so many times. Raises Broken where another one answers."""
    answers = [browser.get(path, page) for _ in range(times)]
    if answers[-1].path != path:
        raise Broken(f"{page} led to {answers[-1].path}")
    return answers


def _let_wait(stage: Stage, *, waits: bool) -> None:
    """The same rows as sent mail or as mail that is due, and the table as autovacuum leaves it."""
    state = ("queued", None) if waits else ("sent", timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE proposals_message SET delivery = %s, sent_at = %s WHERE address LIKE 'waiting-%%'", state)
    stage.sql("VACUUM ANALYZE proposals_message")


def _readers(port: int) -> dict[str, tuple[Browser, str]]:
    """Who asks for which page."""
    staff, partner = desk.sign_in(port), Browser(port, address="127.11.0.1")
    page = partner.get("/account/login/", "sign-in")
    partner.send(page, {"login": PARTNER, "password": PASSWORD}, "sign-in")
    proposal = Proposal.objects.exclude(status="draft").order_by("pk")[0]
    paths = {
        "staff_home": (staff, "/staff/"),
        "staff_queue": (staff, "/staff/proposals/proposal/"),
        "staff_mail": (staff, "/staff/proposals/message/"),
        "staff_proposal": (staff, f"/staff/proposals/proposal/{proposal.pk}/change/"),
        "dashboard": (partner, "/dashboard/"),
        "inbox": (partner, "/inbox/"),
    }
    return {page: paths[page] for page in PAGES}


def _cost(page: str, spent: dict[tuple[str, bool], list[float]], found: dict[tuple[str, bool], list[Answer]]) -> Cost:
    """The median turn: one in which the database tidied up tells nothing of the page."""
    without_ms, ms = (percentile(spent[page, waits], 50) for waits in (False, True))
    few, most = (percentile([each.statements for each in found[page, waits]], 50) for waits in (False, True))
    return Cost(page, without_ms, ms, int(few), int(most))
