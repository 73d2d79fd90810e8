"""A person with a browser of their own: every page that they meet is held against what no page may do."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, expect

from tests.running import RunningSite

# STACK trap 10: what Debian's chromium needs to start anywhere, and to ask nobody but us for anything.
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
PATIENCE_S = 30
Mail = dict[str, Any]


class Visitor:
    """One browser context on one site. `wrong` collects what must never happen: see `judge`."""

    def __init__(self, browser: Browser, site: RunningSite, **options: Any) -> None:
        self.site = site
        self.origin = site.environment["SITE_URL"].rstrip("/")
        self.wrong: list[str] = []
        self.context = browser.new_context(base_url=self.origin, locale="en-GB", **options)
        self.context.set_default_timeout(PATIENCE_S * 1000)
        self.context.on("console", self._console)
        self.context.on("request", self._request)
        self.context.on("response", self._response)
        self.context.on("weberror", lambda error: self.wrong.append(f"script: {error.error}"))
        self.page: Page = self.context.new_page()

    def _console(self, said: ConsoleMessage) -> None:
        if "Content Security Policy" in said.text or "Content-Security-Policy" in said.text:
            self.wrong.append(f"CSP at {self.page.url}: {said.text}")

    def _request(self, request: Request) -> None:
        if urlsplit(request.url).scheme in {"http", "https", "ws", "wss"} and not request.url.startswith(self.origin + "/"):
            self.wrong.append(f"another origin was asked: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.wrong.append(f"{response.status} {response.url}")

    def judge(self) -> None:
        """Close the browser; no CSP violation, no request to another origin, no 5xx, no script error on any page visited."""
        self.context.close()
        assert self.wrong == []

    def open(self, address: str) -> Page:
        """Go to an address of the site, or to one that a mail held."""
        self.page.goto(address.removeprefix(self.origin) or "/")
        return self.page

    def press(self, name: str) -> None:
        """Press the button of that name."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        """Follow the link of that name, the first where the page repeats it."""
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def reads(self, text: str) -> None:
        """The main part of the page says this, within the usual patience."""
        expect(self.page.get_by_role("main")).to_contain_text(text)

    def heading(self, text: str) -> None:
        """The page's one main heading is exactly this."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(text)

    def value(self, term: str) -> str:
        """What a summary list says under a term."""
        row = self.page.locator("dl > div").filter(has=self.page.get_by_role("term").filter(has_text=term))
        return row.get_by_role("definition").first.inner_text().strip()

    def fill(self, answers: dict[str, str], within: Any = None) -> None:
        """Type, choose or tick, by label: "yes" ticks, the text of an option is chosen, all else is typed."""
        for label, answer in answers.items():
            field = (within or self.page).get_by_label(label, exact=True)
            kind = field.evaluate("field => field.type")
            if kind in {"checkbox", "radio"}:
                field.check()
            elif kind == "select-one":
                field.select_option(label=answer)
            else:
                field.fill(answer)

    def sign_in(self, email: str, password: str) -> None:
        """By the form, as anyone does."""
        self.open("/account/login/")
        self.fill({"E-mail address": email, "Password": password})
        self.press("Sign in")
        self.page.wait_for_url(lambda url: "/account/login/" not in url)

    def mails(self, to: str, wanted: Callable[[list[Mail]], bool]) -> list[Mail]:
        """The mails caught for an address, oldest first, once they are as wanted."""
        deadline = time.monotonic() + PATIENCE_S
        while not wanted(found := self.site.mails(to)):
            assert time.monotonic() < deadline, f"still waiting for mail to {to}: {[mail['subject'] for mail in found]}"
            time.sleep(0.1)
        return found
