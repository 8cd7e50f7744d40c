"""An order's page, with and without scripts: resync with its countdown, a revoked link, and the look-up."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.screens import Windows, eventually, look_up_address, open_order, shoppers_page
from tests.e2e.product import Town

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
COUNTDOWN = re.compile(r"\d:\d\d")


@pytest.fixture(scope="module")
def case(calm: Town) -> dict[str, Any]:
    """An order of five days ago whose number stood in the shop: most of its scans have happened."""
    return calm.world.place(journey="smooth", route="store", days_ago=4.8)


def test_resync_counts_down_and_tells_what_came_of_it(merchant: Windows, case: dict[str, Any]) -> None:
    page = merchant.open()
    open_order(merchant, page, case["order"])
    button = page.get_by_role("button", name="Resync")
    eventually(merchant, page, button)
    button.click()
    expect(button).to_be_disabled()
    expect(button).to_have_text(COUNTDOWN)
    expect(page.get_by_text(re.compile("Done[.].*You can ask again from"))).to_be_visible()
    eventually(merchant, page, page.get_by_text(case["scans"][0][2]))

    shopper = merchant.open(shoppers_page(merchant, page), member=False)
    shared = shopper.get_by_role("button", name="Ask the carrier now")
    expect(shared).to_be_enabled()  # five minutes are fifteen seconds here
    shared.click()
    expect(shared).to_be_disabled()
    expect(shared).to_have_text(COUNTDOWN)
    expect(shopper.get_by_text("Done.")).to_be_visible()
    page.reload()
    expect(button).to_be_disabled()  # one countdown for all who look
    expect(button).to_be_enabled()


def test_page_tells_everything_without_scripts(merchant: Windows, case: dict[str, Any]) -> None:
    address = page_of(merchant, case["order"])
    shopper = merchant.open(address, member=False, java_script_enabled=False)
    expect(shopper.get_by_role("heading", level=1)).to_be_visible()
    expect(shopper.get_by_text(case["number"])).to_be_visible()
    named = re.escape(case["carrier"].split()[0])  # the aggregator's "Correos Spain" calls itself Correos
    expect(shopper.get_by_role("link", name=re.compile(f"^See it at {named}"))).to_be_visible()
    ask = shopper.get_by_role("button", name="Ask the carrier now")
    eventually(merchant, shopper, shopper.locator("button:enabled", has_text="Ask the carrier now"))
    ask.click()
    expect(shopper).to_have_url(address)
    expect(ask).to_be_disabled()
    expect(shopper.get_by_text("Done.")).to_be_visible()  # the page looks again by itself
    scans = [words for at, _, words in case["scans"][:4]]
    assert [words for words in scans if shopper.get_by_text(words).count() != 1] == []


def test_page_is_small_and_private(merchant: Windows, case: dict[str, Any]) -> None:
    """All of it weighs less than 30 kB, asks nobody else, and is neither indexed nor referred."""
    sizes: list[int] = []
    shopper = merchant.open(member=False)
    shopper.on("response", lambda response: sizes.append(len(response.body())))
    answer = shopper.goto(page_of(merchant, case["order"]), wait_until="networkidle")
    assert answer and sum(sizes) < 30_000
    assert "noindex" in answer.headers["x-robots-tag"] and answer.headers["referrer-policy"] == "no-referrer"
    assert case["email"] not in shopper.content()
    assert shopper.context.cookies() == []


def test_revoked_link_opens_never_again(merchant: Windows) -> None:
    case = merchant.town.world.place(journey="smooth", route="store", days_ago=4)
    page = merchant.open()
    open_order(merchant, page, case["order"])
    old = shoppers_page(merchant, page)
    page.get_by_role("button", name="Close it for good").click()
    expect(page.get_by_text("The link is closed.")).to_be_visible()
    new = shoppers_page(merchant, page)
    assert new != old
    shopper = merchant.open(member=False)
    answer = shopper.goto(old)
    assert answer and answer.status == 404
    expect(shopper.get_by_role("heading", level=1)).to_have_text("This link no longer works")
    expect(shopper.get_by_text("ask the shop for a new link")).to_be_visible()
    answer = shopper.goto(new)
    assert answer and answer.status == 200


def test_link_is_copied(merchant: Windows, case: dict[str, Any]) -> None:
    page = merchant.open(permissions=["clipboard-read", "clipboard-write"])
    open_order(merchant, page, case["order"])
    address = shoppers_page(merchant, page)
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == address


def test_shopper_finds_the_order_by_what_only_the_buyer_knows(merchant: Windows, case: dict[str, Any]) -> None:
    page = merchant.open()
    open_order(merchant, page, case["order"])
    address = shoppers_page(merchant, page)
    find = look_up_address(page)

    shopper = merchant.open(find, member=False)
    phone = "".join(filter(str.isdigit, case["phone"]))
    for secret in (case["email"], case["postcode"], phone[-4:]):
        look_up(shopper, find, f"#{case['order']}", secret)
        expect(shopper).to_have_url(address)
    refusals = []
    for number, secret in ((case["order"], "nobody@nowhere.example"), ("99999", case["email"])):
        look_up(shopper, find, number, secret)
        expect(shopper.get_by_role("alert")).to_contain_text("These two do not belong together")
        refusals.append(shopper.get_by_role("main").inner_html().replace(number, ""))
    assert refusals[0] == refusals[1]


def page_of(windows: Windows, order: str) -> str:
    page = windows.open()
    open_order(windows, page, order)
    return shoppers_page(windows, page)


def look_up(shopper: Page, address: str, number: str, secret: str) -> None:
    shopper.goto(address)
    shopper.get_by_label("Order number").fill(number)
    shopper.get_by_label("E-mail address, postcode, or last four digits of your phone").fill(secret)
    shopper.get_by_role("button", name="Show my order").click()
