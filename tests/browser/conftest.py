"""Chromium, and a Doorstep in a living world to look at."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests import tools
from tests.browser.screens import PATIENCE_MS, Windows
from tests.e2e.product import RATE, Town, new_database, town

CALM = 20  # an hour in three minutes: the five minutes between two resyncs can be watched
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Ends with the module: while it lives, its loop is in the way of Django's own."""
    try:
        program = tools.chromium()
    except tools.Missing as problem:
        tools.give_up(problem)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def database() -> str:
    """The database of the product: SQLite, or PostgreSQL if the run says so."""
    return new_database() if os.environ.get("DOORSTEP_TEST_DB") == "postgres" else ""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Time passes slowly, and nothing is connected yet."""
    with town(tmp_path_factory.mktemp("fresh"), rate=CALM, database=database()) as place:
        place.product.start()
        yield place


@pytest.fixture(scope="session")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Time passes slowly; everything is connected."""
    with town(tmp_path_factory.mktemp("calm"), rate=CALM) as place:
        place.product.env["DOORSTEP_SHOPPER_APP"] = "1"
        place.connect_shop()
        place.product.start()
        yield place


@pytest.fixture(scope="session")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Town, dict[str, dict[str, Any]]]]:
    """A day lasts twelve seconds, everything is connected, and these orders are on their road."""
    with town(tmp_path_factory.mktemp("busy"), rate=RATE) as place:
        place.connect_shop()
        place.product.start()
        cases = {
            "smooth": place.world.place(journey="smooth", route="api"),
            "unproven": place.world.place(journey="smooth", route="mail", authentic=False, layout="plain"),
        }
        yield place, cases


@pytest.fixture
def newcomer(browser: Browser, fresh: Town) -> Iterator[Windows]:
    yield from watched(browser, fresh)


@pytest.fixture
def merchant(browser: Browser, calm: Town) -> Iterator[Windows]:
    yield from watched(browser, calm)


@pytest.fixture
def trader(browser: Browser, busy: tuple[Town, dict[str, dict[str, Any]]]) -> Iterator[Windows]:
    yield from watched(browser, busy[0])


def watched(browser: Browser, place: Town) -> Iterator[Windows]:
    """Windows that are closed at the end, when no screen may have had anything to complain about."""
    windows = Windows(browser, place)
    yield windows
    windows.close()
    assert windows.complaints == []
    assert place.product.errors() == []
