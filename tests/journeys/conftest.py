"""Journeys need Chromium: where there is none they are counted as not run, and with CI=true that is a failure."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, StorageState, sync_playwright

from proposals.demo.people import PASSWORD
from tests.journeys.visitor import ARGUMENTS, Visitor
from tests.running import RunningSite

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "journey not run, there is no Chromium: install it with `apt-get install -y chromium`, or name one in CHROMIUM"
HERE = Path(__file__).parent


def find_chromium() -> str | None:
    """The browser's path: CHROMIUM, else the first that the machine has."""
    if chosen := os.environ.get("CHROMIUM"):
        return chosen if os.access(chosen, os.X_OK) else None
    return next(filter(None, map(shutil.which, NAMES)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the journeys, so that `-m "not journey"` leaves them out."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.journey)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Without a browser a journey is skipped, in one line for all of them; in CI it fails."""
    if HERE in item.path.parents and find_chromium() is None:
        if os.environ.get("CI") == "true":
            pytest.fail(MISSING, pytrace=False)
        pytest.skip(MISSING)


@pytest.fixture(scope="package")
def chromium() -> str:
    """The browser's path, for playwright's `executable_path`."""
    found = find_chromium()
    assert found is not None
    return found


@pytest.fixture(scope="package")
def running_site() -> Iterator[RunningSite]:
    """The whole site with a real worker and a mail catcher, seeded, on a port of its own."""
    site = RunningSite()
    try:
        yield site.start(patience_s=240)  # seeding takes its time on a busy machine
    finally:
        site.forget()


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser for all journeys. Not for the session: Django refuses its database beside a running event loop."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="package")
def sessions(browser: Browser, running_site: RunningSite) -> Callable[[str], StorageState]:
    """The cookies of a demonstration login, who signs in once for all journeys."""
    kept: dict[str, StorageState] = {}

    def session(email: str) -> StorageState:
        if email not in kept:
            visitor = Visitor(browser, running_site)
            visitor.sign_in(email, PASSWORD)
            kept[email] = visitor.context.storage_state()
            visitor.judge()
        return kept[email]

    return session


@pytest.fixture
def visit(
    browser: Browser, running_site: RunningSite, sessions: Callable[[str], StorageState]
) -> Iterator[Callable[..., Visitor]]:
    """Send a visitor: `visit(email=..., javascript=False, width=360)`; each is judged when the test ends."""
    visitors: list[Visitor] = []

    def send(email: str = "", *, javascript: bool = True, width: int = 1280, **options: Any) -> Visitor:
        if email:
            options["storage_state"] = sessions(email)
        size: Any = {"width": width, "height": 900}
        visitors.append(Visitor(browser, running_site, java_script_enabled=javascript, viewport=size, **options))
        return visitors[-1]

    yield send
    for visitor in visitors:
        visitor.judge()
