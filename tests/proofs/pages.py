"""Pages of staff and of a partner, timed in turns without and with mail that waits."""

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
TIMES, WARM_UPS = 6, 1


@dataclass
class Cost:
    """A page's lower quartile in milliseconds and its most statements, without and with mail that waits."""

    page: str
    without_ms: float
    ms: float
    statements_without: int
    statements: int

    @property
    def ratio(self) -> float:
        """How many times as long it takes."""
        return self.ms / self.without_ms


def compare(stage: Stage, pending: int, *, rounds: int) -> list[Cost]:
    """Time each page in `rounds` turns: without, then with so many mails waiting. No worker runs."""
    stage.manage("seed")
    Message.objects.update(delivery="sent", sent_at=timezone.now())
    write(0, pending, prefix="waiting")
    web = stage.web(DJANGO_SETTINGS_MODULE="tests.benchmarks.settings", WEB_WORKERS="1")
    readers = _readers(web.port)
    found: dict[tuple[str, bool], list[Answer]] = defaultdict(list)
    for _ in range(rounds):
        for waits in (False, True):
            _let_wait(stage, waits=waits)
            for page, (browser, path) in readers.items():
                answers = [browser.get(path, page) for _ in range(TIMES + WARM_UPS)]
                if answers[-1].path != path:
                    raise Broken(f"{page} led to {answers[-1].path}")
                found[page, waits] += answers[WARM_UPS:]
    return [_cost(page, found[page, False], found[page, True]) for page in PAGES]


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


def _cost(page: str, without: list[Answer], waiting: list[Answer]) -> Cost:
    """The lower quartile: the upper ones tell more of the machine's other work than of the page."""
    low, high = ([each.seconds * 1000 for each in answers] for answers in (without, waiting))
    most, most_waiting = (max(each.statements for each in answers) for answers in (without, waiting))
    return Cost(page, percentile(low, 25), percentile(high, 25), most, most_waiting)
