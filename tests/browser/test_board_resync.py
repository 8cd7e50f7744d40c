"""The resync of a whole store, from the board: choosing, watching, the countdown; with and without scripts."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.screens import Windows, eventually, open_order
from tests.e2e.product import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
COUNTDOWN = re.compile(r"\d+:\d\d")
DONE = re.compile(r"The carriers answered about \d+ parcel")


def menu(page: Page) -> Locator:
    """What opens the times."""
    return page.locator("details.menu > summary").filter(has_text="Resync")


def choose(page: Page, named: str) -> None:
    """Open the menu and press one of its times."""
    page.goto("/")
    menu(page).click()
    page.get_by_role("button", name=named).click()


def accepted(windows: Windows, page: Page, named: str) -> None:
    """Press until there is somebody to ask: parcels that were asked about a moment ago are left out."""

    def pressed() -> bool:
        choose(page, named)
        return page.get_by_text(re.compile("asking about")).count() == 1

    town = windows.town
    wait_until("a resync that is accepted", pressed, town.product, town.world, seconds=90, every=4)


def test_keyboard_opens_the_menu_and_goes_through_it(merchant: Windows) -> None:
    page = merchant.open("/", viewport={"width": 390, "height": 844})
    eventually(merchant, page, menu(page), seconds=240)  # its hour may not be over
    menu(page).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Yesterday")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Last 30 days")).to_be_focused()
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_a_store_is_asked_about_and_the_board_tells_how_far_it_is(merchant: Windows) -> None:
    case = merchant.town.world.place(journey="smooth", route="store", days_ago=2.9)
    page = merchant.open()
    open_order(merchant, page, case["order"])
    eventually(merchant, page, page.get_by_text(case["number"]))
    accepted(merchant, page, "Last 60 days")
    waiting = page.locator("button[data-wait]")
    expect(waiting).to_be_disabled()
    expect(waiting).to_have_text(COUNTDOWN)
    expect(page.locator("#resync").get_by_text(DONE)).to_be_visible(timeout=120_000)  # by itself
    plain = merchant.open("/", java_script_enabled=False)
    expect(plain.locator("#resync").get_by_text(DONE)).to_be_visible()
    expect(plain.get_by_role("button", name="Resync")).to_be_disabled()
