"""Orders on their road while a merchant looks: the number comes, the store takes it, the parcel moves."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.screens import Windows, eventually, open_order, row, shoppers_page
from tests.e2e.product import Town

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


@pytest.fixture
def cases(busy: tuple[Town, dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    return busy[1]


def test_number_comes_and_the_store_takes_it(trader: Windows, cases: dict[str, dict[str, Any]]) -> None:
    case = cases["smooth"]
    page = trader.open("/")
    mine = row(page, case["order"])
    expect(mine).to_be_visible()
    expect(mine.get_by_text(case["number"])).to_be_visible()  # the board looks for news by itself
    expect(mine.get_by_text("Accepted")).to_be_visible(timeout=60_000)
    open_order(trader, page, case["order"])
    expect(page.get_by_text("CJdropshipping").first).to_be_visible()
    eventually(trader, page, page.get_by_text("Departed from export airport"))
    assert trader.town.world.pushes()[case["order"]] == [(case["number"], 1)]
    shopper = trader.open(shoppers_page(trader, page), member=False)
    eventually(trader, shopper, shopper.get_by_role("heading", name="Delivered", level=1))
    expect(shopper.get_by_text("Delivered, front door")).to_be_visible()


def test_mail_that_needs_a_look_is_given_to_its_order(trader: Windows, cases: dict[str, dict[str, Any]]) -> None:
    case = cases["unproven"]
    page = trader.open("/look")
    mail = page.locator("section").filter(has=page.get_by_text(case["number"]))
    eventually(trader, page, mail)
    expect(mail).to_contain_text("Nothing proves that brightpack.example really sent this")
    mail.get_by_label("Order number").fill("no such order")
    mail.get_by_role("button", name="It belongs to this order").click()
    expect(page.get_by_text("There is no such order here.")).to_be_visible()
    mail.get_by_label("Order number").fill(case["order"])
    mail.get_by_role("button", name="It belongs to this order").click()
    expect(page.get_by_text("The mail is given to that order.")).to_be_visible()
    expect(mail).to_have_count(0)
    open_order(trader, page, case["order"])
    eventually(trader, page, page.get_by_text(case["number"]))
