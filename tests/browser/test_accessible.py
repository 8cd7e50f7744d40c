"""Every screen as axe-core reads it, in the light and in the dark, on a desk and on a phone."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.screens import Windows
from tests.browser.test_screens import PHONE, everywhere

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
DESK = {"width": 1200, "height": 900}
TEAM = ["/team", "/settings", "/audit?check", "/data", "/accounts/2fa/", "/accounts/sessions/"]
TALK = ["/messages", "/messages?show=overdue", "/messages/replies", "/coupons"]
MORE = [
    "/deadlines",
    "/insight",
    "/suppliers",
    "/suppliers/record",
    "/keys",
    "/look/taught",
    "/today",
    "/?tab=attention&cols=order,store,carrier,last,expected,ship_by",
    "/import",
    "/purchases",
    "/webhooks",
    "/words",
    "/connections/new?q=dpd",
]


def test_no_screen_breaks_a_rule_of_accessibility(merchant: Windows) -> None:
    page = merchant.open("/", viewport=DESK)
    addresses = [*everywhere(merchant, page), *MORE, *TEAM, *TALK]
    writes(merchant, next(one for one in addresses if "/t/" in one and not one.endswith("zzz")))
    addresses.append(offers(page))
    store = next(one for one in addresses if one.endswith("/rules")).removesuffix("/rules")
    addresses += [f"{store}/page", f"{store}/carriers"]
    order = next(one for one in addresses if "/orders/" in one).removesuffix("/dry-run")
    addresses += [f"{order}/then", f"/bulk?do=resync&order={order.rpartition('/')[2]}"]
    broken: list[str] = []
    for scheme, size in (("light", DESK), ("dark", PHONE)):
        window = merchant.open("/", viewport=size, color_scheme=scheme, bypass_csp=True)
        for address in addresses:
            window.goto(address)
            open_everything(window)
            broken += [f"{address} ({scheme}): {one}" for one in violations(window)]
    assert broken == []


def writes(windows: Windows, page: str) -> None:
    """The shopper writes, so that there is a thread to look at."""
    shopper = windows.open(page, member=False)
    shopper.locator("#thread summary").click()
    shopper.get_by_label("Your message").fill("Where is it?")
    shopper.get_by_role("button", name="Send").click()
    expect(shopper.locator("#thread li")).to_contain_text("Where is it?")


def offers(page: Page) -> str:
    """An offer of coupons with codes; its address."""
    page.goto("/coupons")
    for label, text in (("What the shopper reads", "10 % off"), ("Currency", "EUR"), ("Budget", "50")):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("Costs you at most, each").fill("5")
    page.get_by_role("button", name="Make the offer").click()
    page.get_by_label("Codes that exist in your store").fill("SORRY-1")
    page.get_by_role("button", name="Add the codes").click()
    expect(page.get_by_role("status")).to_contain_text("1 code was added")
    return page.url


def open_everything(page: Page) -> None:
    """What is folded away is read too."""
    page.evaluate("for (const one of document.querySelectorAll('main details:not(.menu)')) one.open = true")
