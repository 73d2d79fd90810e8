"""Journeys need Chromium: where there is none they are counted as not run, and with CI=true that is a failure."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

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


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path, for playwright's `executable_path`."""
    found = find_chromium()
    assert found is not None
    return found


@pytest.fixture(scope="session")
def running_site() -> Iterator[RunningSite]:
    """The whole site with a real worker and a mail catcher, seeded, on a port of its own."""
    site = RunningSite()
    try:
        yield site.start()
    finally:
        site.forget()
