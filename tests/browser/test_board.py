"""The board by keyboard, by mouse, and without JavaScript."""

import pytest
from playwright.sync_api import expect

from tests.browser.screens import Windows, eventually, row

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


def test_orders_are_picked_by_keyboard_asked_about_and_left(merchant: Windows) -> None:
    case = merchant.town.world.place(journey="smooth", route="api", days_ago=5.9)
    page = merchant.open(f"/?q={case['order']}")
    eventually(merchant, page, row(page, case["order"]).filter(has_text=case["number"]))
    page.keyboard.press("j")
    first = page.locator("a.open").first
    expect(first).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator("td.pick input").first).to_be_checked()
    bar = page.get_by_role("group", name="Picked orders")
    expect(bar).to_be_visible()
    page.keyboard.press("x")
    expect(bar).to_be_hidden()
    page.get_by_label("Pick all on this page").check()
    expect(page.locator("td.pick input:not(:checked)")).to_have_count(0)
    bar.get_by_role("button", name="Resync").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ask the carriers about 1 order?")
    page.get_by_role("link", name="Leave it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Orders")
    page.wait_for_load_state()  # keys are heard when the script has run
    page.keyboard.press("j")
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Orders")
    page.keyboard.press("t")
    expect(page.get_by_role("heading", name="Today", level=1)).to_be_visible()


def test_picked_rows_stay_picked_while_news_comes_in(merchant: Windows) -> None:
    page = merchant.open("/")
    page.locator("td.pick input").first.check()
    refused = page.evaluate("htmx.ajax('GET', '/', {source: '#rows', target: '#rows'}).then(() => 0, () => 1)")
    assert refused in {0, 1}
    expect(page.locator("td.pick input").first).to_be_checked()


def test_view_is_made_saved_and_exported_without_javascript(merchant: Windows) -> None:
    page = merchant.open("/", java_script_enabled=False)
    page.locator("summary", has_text="Columns").click()
    page.get_by_label("Last scan").check()
    page.get_by_role("button", name="Show these").click()
    expect(page.get_by_role("columnheader", name="Last scan")).to_be_visible()
    page.get_by_role("searchbox").fill("10")
    page.get_by_role("searchbox").press("Enter")
    page.locator("summary", has_text="Views").click()
    page.get_by_label("Name", exact=True).fill("Tens")
    page.get_by_role("button", name="Save this view").click()
    page.goto("/")
    page.locator("summary", has_text="Views").click()
    page.get_by_role("link", name="Tens").click()
    expect(page.get_by_role("searchbox")).to_have_value("10")
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as begun:
        page.get_by_role("link", name="CSV file").click()
    assert begun.value.path().read_text(encoding="utf-8-sig").startswith("Order,")
    page.locator("td.pick input").first.check()
    page.get_by_role("button", name="Resync", exact=True).last.click()
    page.get_by_role("button", name="Ask now").or_(page.get_by_role("link", name="Leave it")).first.click()
    expect(page.get_by_role("heading", name="Orders", level=1)).to_be_visible()
