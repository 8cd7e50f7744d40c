"""A store's rules, changed in the console."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.screens import Windows, eventually, open_order

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


def test_changed_rules_release_what_is_held(merchant: Windows) -> None:
    world, page = merchant.town.world, merchant.open("/")
    rules(page)
    page.get_by_label("Some hours after the payment").check()
    page.get_by_label("Hours after the payment", exact=True).fill("99999")
    page.get_by_role("button", name="Save the rules").click()
    expect(page.get_by_text("“99999” is no number of hours between 0 and 1440.")).to_be_visible()
    page.get_by_label("Some hours after the payment").check()
    page.get_by_label("Hours after the payment", exact=True).fill("1000")
    page.get_by_role("button", name="Save the rules").click()
    expect(page.get_by_text("Saved.")).to_be_visible()

    case = world.place(journey="smooth", route="api", days_ago=0.8)
    open_order(merchant, page, case["order"])
    eventually(merchant, page, page.get_by_text(case["number"]))
    page.get_by_role("button", name="Give its numbers to the store").click()
    eventually(merchant, page, page.get_by_text("Held", exact=True))
    expect(page.get_by_text("as the store's settings say")).to_be_visible()
    assert case["order"] not in world.pushes()

    rules(page)
    expect(page.get_by_label("Some hours after the payment")).to_be_checked()
    page.get_by_label("As soon as there is one").check()
    page.get_by_role("button", name="Save the rules").click()
    open_order(merchant, page, case["order"])
    eventually(merchant, page, page.get_by_text("Accepted", exact=True))
    assert [number for number, _ in world.pushes()[case["order"]]] == [case["number"]]


def rules(page: Page) -> None:
    page.get_by_role("link", name="Connections").click()
    page.get_by_role("link", name="Lantern & Thread").click()
    page.get_by_role("link", name="Store rules").click()
