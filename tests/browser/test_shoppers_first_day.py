"""A shopper's first day in the app: in with a code, a parcel by its number, a shop accepted, offline, and out again."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.screens import Windows
from tests.browser.test_team import on_localhost, with_authenticator
from tests.e2e.product import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1200, "height": 900}
NUMBER = "LX123456785CN"


def test_shopper_comes_in_follows_a_parcel_accepts_a_shop_and_reads_offline(merchant: Windows) -> None:
    town = merchant.town
    case = town.world.place(journey="smooth", route="api")
    opened(merchant)
    page = merchant.open("/my/", member=False, viewport=PHONE)
    come_in(merchant, page, case["email"])
    page.goto("/my/add")
    page.get_by_label("Tracking number or link").fill(NUMBER)
    page.get_by_label("What is it?").fill("A lamp")
    page.get_by_role("button", name="Follow it").click()
    expect(page.get_by_text("It is in the list.")).to_be_visible()
    own = page.url
    accept(merchant, page)
    page.goto("/my/")
    order = str(page.locator("a.row[href^='/my/order/']").first.get_attribute("href"))
    nothing_is_broken(merchant, page, [own.removeprefix(merchant.home), order])
    read_offline(page, own)
    page.goto("/my/you")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Mail me a code")).to_be_visible()
    wait_until("the caches", lambda: page.evaluate("caches.has('my-pages')") is False, town.product)


def test_shopper_makes_a_passkey_and_comes_in_by_it(merchant: Windows) -> None:
    with on_localhost(merchant):
        page = merchant.open("/my/", member=False, viewport=PHONE)
        with_authenticator(page)
        come_in(merchant, page, "rui@buyer.example")
        page.goto("/my/you/keys")
        page.get_by_label("Name of the device").fill("My phone")
        page.get_by_role("button", name="Make a passkey").click()
        expect(page.get_by_text("The passkey works from now on.")).to_be_visible()
        page.goto("/my/you")
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("button", name="Come in with a passkey").click()
        expect(page.get_by_role("heading", name="Parcels", level=1)).to_be_visible()


def opened(windows: Windows) -> None:
    """The merchant opens the store for the app."""
    page = windows.open("/connections", viewport=DESK)
    page.get_by_role("link", name="Lantern & Thread").first.click()
    page.goto(f"{page.url}/page")
    page.get_by_label("Shoppers may see their orders of this store in the app").check()
    page.get_by_role("button", name="Save").first.click()
    page.wait_for_load_state()
    expect(page.get_by_label("Shoppers may see their orders of this store in the app")).to_be_checked()


def come_in(windows: Windows, page: Page, email: str) -> None:
    """With the code from the mail, which goes to the product's output."""
    product = windows.town.product
    before = len(codes_in(product.log))
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="Mail me a code").click()
    page.get_by_label("Code", exact=True).wait_for()
    codes: list[str] = []

    def mailed() -> bool:
        codes[:] = codes_in(product.log)
        return len(codes) > before

    wait_until("the mail", mailed, product)
    page.get_by_label("Code", exact=True).fill(codes[-1])
    page.get_by_role("button", name="Come in").click()
    expect(page.get_by_role("heading", name="Parcels", level=1)).to_be_visible()


def codes_in(log: Path) -> list[str]:
    """Every code that was mailed so far."""
    return re.findall(r"(?m)^(\d{4} \d{4})\s*$", log.read_text(encoding="utf-8"))


def accept(windows: Windows, page: Page) -> None:
    """As soon as the store has told the order."""

    def offered() -> bool:
        page.goto("/my/stores")
        return page.get_by_role("button", name="Accept this shop").is_visible()

    wait_until("the offer", offered, windows.town.product, windows.town.world, seconds=120)
    page.get_by_role("button", name="Accept this shop").click()
    expect(page.get_by_text("Its orders are in your list now.")).to_be_visible()


def nothing_is_broken(windows: Windows, page: Page, found: list[str]) -> None:
    """Every screen as axe reads it, by day on a phone and by night on a desk; none is wider than its window."""
    said = page.context.cookies()
    screens = ["/my/", "/my/add", "/my/stores", "/my/mails", "/my/you", "/my/help", "/my/help/statuses", "/my/feedback"]
    screens += ["/my/you/news", "/my/you/keys"]
    screens += ["/my/mailboxes", "/my/privacy", "/my/terms", "/my/you/erase", "/my/?away=1", *found]
    broken: list[str] = []
    for scheme, size in (("light", PHONE), ("dark", DESK)):
        window = windows.open(member=False, viewport=size, color_scheme=scheme, bypass_csp=True)
        window.context.add_cookies(said)  # type: ignore[arg-type]  # what cookies() gave
        for address in screens:
            window.goto(address)
            window.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")
            broken += [f"{address} ({scheme}): {one}" for one in violations(window)]
            if window.evaluate("document.documentElement.scrollWidth > innerWidth"):
                broken.append(f"{address} ({scheme}): wider than its window")
    assert broken == []


def read_offline(page: Page, own: str) -> None:
    """What was seen is shown again without a connection, and says so; what was not seen says that."""
    kept = "caches.open('my-pages').then(all => all.match(location.href)).then(one => !!one)"

    def is_kept() -> bool:
        page.goto(own)
        return bool(page.evaluate(kept))

    wait_until("the worker", is_kept, seconds=60)
    page.context.set_offline(True)
    page.goto(own)
    expect(page.get_by_text("You are offline. This is what you saw last:")).to_be_visible()
    expect(page.get_by_text(NUMBER).first).to_be_visible()
    page.goto("/my/help/carriers")
    expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
    page.context.set_offline(False)
