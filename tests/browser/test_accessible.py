"""Every screen as axe-core reads it, in the light and in the dark, on a desk and on a phone."""

import pytest
from playwright.sync_api import Page

from tests.browser.axe import violations
from tests.browser.screens import Windows
from tests.browser.test_screens import PHONE, everywhere

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
DESK = {"width": 1200, "height": 900}
TEAM = ["/team", "/settings", "/audit?check", "/data", "/accounts/2fa/", "/accounts/sessions/"]
MORE = [
    "/today",
    "/?tab=attention&cols=order,store,carrier,last,expected,ship_by",
    "/import",
    "/purchases",
    "/webhooks",
]


def test_no_screen_breaks_a_rule_of_accessibility(merchant: Windows) -> None:
    page = merchant.open("/", viewport=DESK)
    addresses = [*everywhere(merchant, page), *MORE, *TEAM]
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


def open_everything(page: Page) -> None:
    """What is folded away is read too."""
    page.evaluate("for (const one of document.querySelectorAll('main details:not(.menu)')) one.open = true")
