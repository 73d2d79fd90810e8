"""Every page that a partner or the secretariat can reach by links: accessible, whole on a phone, and asking nobody but us.

The visitor itself holds each page against the strict CSP, foreign requests and 5xx (see `Visitor.judge`).
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from proposals.demo.people import STAFF, logins
from tests import letters
from tests.journeys import filing
from tests.journeys.visitor import Visitor

AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Without preload: it would write a style element into the page.
RUN_AXE = """async (tags) => {
  const {violations} = await axe.run(document, {runOnly: tags, resultTypes: ["violations"], preload: false});
  return violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
}"""
PHONE, DESK = 360, 1280
# Not pages: what ends the session, and what is downloaded.
NO_PAGE = re.compile(r"logout|\.ics$|/document/$|/documents/|/files/[0-9a-f-]{36}/$|/export/$|^/static/|^/media/")
SHAPES = ((r"[0-9a-f]{8}-[0-9a-f-]{27}", "*"), (r"/\d+/", "/*/"), (r"^/calls/[\w-]+/", "/calls/*/"), (r"/MTI[\w=-]*/", "/*/"))
PARTNERS = [email for what, email in logins() if what.startswith("partner")]
SECRETARIAT = STAFF[0][0]


def shape(path: str) -> str:
    """An address without the numbers in it: pages of one shape are looked at once."""
    for pattern, mark in SHAPES:
        path = re.sub(pattern, mark, path)
    return path


def crawl(
    visitor: Visitor,
    first: list[str],
    look: Callable[[str], None],
    wanted: Callable[[str], bool],
    seen: set[str] | None = None,
) -> set[str]:
    """Look at one page of each shape that links lead to from the first ones and that was not seen; gives the shapes."""
    seen = set() if seen is None else seen
    waiting = list(first)
    while waiting:
        path = waiting.pop(0)
        if shape(path) in seen or NO_PAGE.search(path) or not wanted(path):
            continue
        seen.add(shape(path))
        visitor.page.goto(path)
        arrived = urlsplit(visitor.page.url).path
        if shape(arrived) != shape(path):
            seen.add(shape(arrived))
        look(path)
        links = visitor.page.eval_on_selector_all("a[href]", "all => all.map((link) => link.href)")
        waiting += [urlsplit(link).path for link in links if link.startswith(visitor.origin + "/")]
    return seen


class Looker:
    """What is wrong with the pages looked at, by page."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.found: list[str] = []

    def __call__(self, path: str) -> None:
        page = self.visitor.page
        page.evaluate(AXE)
        self.found += [f"{path} {violation}" for violation in page.evaluate(RUN_AXE, RULES)]
        page.set_viewport_size({"width": PHONE, "height": 900})
        width = page.evaluate("document.scrollingElement.scrollWidth")
        if width > PHONE:
            self.found.append(f"{path} is {width} px wide on a phone of {PHONE}")
        page.set_viewport_size({"width": DESK, "height": 900})


@pytest.fixture
def look() -> Iterator[Callable[[Visitor], Looker]]:
    """A looker; what it found wrong is told when the test ends."""
    lookers: list[Looker] = []

    def made(visitor: Visitor) -> Looker:
        lookers.append(Looker(visitor))
        return lookers[-1]

    yield made
    assert [line for looker in lookers for line in looker.found] == []


def draft_of(visitor: Visitor, level: str, *forms: str) -> str:
    """The address of a new draft."""
    filing.begin(visitor, level, *forms, lead="")
    return urlsplit(visitor.page.url).path.removesuffix("edit/")


def test_every_page_of_a_partner(visit: Any, look: Callable[[Visitor], Looker]) -> None:
    visitor = visit(PARTNERS[0])
    unit = draft_of(visitor, "Unit level")
    visitor.follow(letters.MASSES)
    filing.fill_masses(visitor)
    visitor.press("Save and return to the list")
    visitor.reads("pages are complete.")
    mission = draft_of(visitor, "Mission level", *letters.FORMS, "Joint surface exploration")
    first = ["/", "/calls/", "/dashboard/", f"{unit}edit/", f"{unit}check/", "/inbox/", "/security/"]
    first += [f"{mission}edit/{key}/" for key in ("craft", "launch", "orbit", "site", "interaction")]
    seen = crawl(visitor, first, look(visitor), lambda path: not path.startswith("/staff/"))
    for other in PARTNERS[1:]:
        colleague = visit(other)
        colleague.open("/dashboard/")
        links = colleague.page.eval_on_selector_all("main a[href*='/proposals/']", "all => all.map((link) => link.pathname)")
        crawl(colleague, links, look(colleague), lambda path: path.startswith("/proposals/"), seen)
    assert {
        "/", "/calls/*/", "/calls/*/start/", "/dashboard/", "/proposals/*/edit/", "/proposals/*/edit/mass/",
        "/proposals/*/edit/power/", "/proposals/*/edit/site/", "/proposals/*/check/", "/proposals/*/",
        "/proposals/*/receipt/*/", "/proposals/*/versions/*/", "/proposals/*/answer/",
        "/proposals/*/withdraw/", "/proposals/*/discard/", "/organisations/*/",
        "/organisations/new/", "/inbox/*/", "/preferences/", "/verify/", "/help/", "/privacy/", "/status/",
    } - seen == set()  # fmt: skip


def test_every_page_of_a_visitor(visit: Any, look: Callable[[Visitor], Looker]) -> None:
    visitor = visit()
    seen = crawl(visitor, ["/", "/account/signup/", "/account/password/reset/", "/nowhere/"], look(visitor), lambda _path: True)
    assert {"/account/login/", "/account/signup/", "/account/password/reset/", "/calls/*/"} - seen == set()


def test_every_page_of_the_secretariat(visit: Any, look: Callable[[Visitor], Looker]) -> None:
    visitor = visit(SECRETARIAT)
    visitor.open("/staff/proposals/proposal/?state=submitted&view=all")
    submitted = visitor.page.eval_on_selector_all("main a[href$='/change/']", "all => all.map((link) => link.pathname)")[0]
    seen = crawl(visitor, [submitted, "/staff/"], look(visitor), lambda path: path.startswith("/staff/"))
    assert {
        "/staff/", "/staff/proposals/proposal/", "/staff/proposals/proposal/*/change/",
        "/staff/proposals/proposal/*/do/return/", "/staff/proposals/proposal/*/do/ask/",
        "/staff/proposals/organisation/", "/staff/proposals/call/*/change/", "/staff/proposals/message/*/change/",
    } - seen == set()  # fmt: skip
