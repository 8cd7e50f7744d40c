"""What shoppers say on the page, with and without scripts; their language; the shop's look; the look-up elsewhere."""

import struct
import zlib
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, Route, expect

from tests.browser.screens import Windows, eventually, look_up_address, open_order, shoppers_page
from tests.e2e.product import Town, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def case(calm: Town) -> dict[str, Any]:
    """An order of five days ago whose number stood in the shop."""
    return calm.world.place(journey="smooth", route="store", days_ago=4.6)


def picture() -> bytes:
    """A red PNG that a browser can show."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    size = struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\xff\0\0" * 2 for _ in range(2)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


PHOTO = {"name": "box.png", "mimeType": "image/png", "buffer": picture()}


def opened(windows: Windows, case: dict[str, Any]) -> tuple[Page, str]:
    """The merchant at the order, and the address of its page."""
    page = windows.open()
    open_order(windows, page, case["order"])
    eventually(windows, page, page.get_by_text(case["scans"][0][2]))
    return page, shoppers_page(windows, page)


@pytest.mark.parametrize("scripts", [True, False])
def test_shopper_says_what_came_shows_it_and_hears_from_the_shop(
    merchant: Windows, case: dict[str, Any], scripts: bool
) -> None:
    page, address = opened(merchant, case)
    shopper = merchant.open(address, member=False, java_script_enabled=scripts)
    shopper.get_by_role("button", name="It is here, but damaged").click()
    expect(shopper.get_by_role("heading", name="You told the shop that it came damaged.")).to_be_visible()
    shopper.get_by_label("A photo of the damage").set_input_files({**PHOTO, "buffer": b"no photo at all"})
    shopper.get_by_role("button", name="Send the photo").click()
    expect(shopper.get_by_role("alert")).to_contain_text("Choose another one")
    shopper.get_by_label("A photo of the damage").set_input_files(PHOTO)
    shopper.get_by_role("button", name="Send the photo").click()
    expect(shopper.get_by_text("The shop has 1 photo of it.")).to_be_visible()
    shopper.get_by_text("Write a message").click()
    shopper.get_by_label("Your message").fill(f"The lamp is broken ({scripts}).")
    shopper.get_by_role("button", name="Send", exact=True).click()
    expect(shopper.locator("#thread").get_by_text(f"The lamp is broken ({scripts}).")).to_be_visible()

    page.reload()
    expect(page.get_by_text("The shopper says: it came damaged").first).to_be_visible()
    page.get_by_label("Your answer").fill(f"A new one is on its way ({scripts}).")
    page.get_by_role("button", name="Answer", exact=True).click()
    page.get_by_role("img", name="Photo of the damage").scroll_into_view_if_needed()
    expect(page.locator(".photo")).to_have_js_property("naturalWidth", 2)
    shopper.reload()
    expect(shopper.get_by_text(f"A new one is on its way ({scripts}).")).to_be_visible()
    shopper.get_by_role("button", name="Take that back").click()
    expect(shopper.get_by_role("heading", name="Has it arrived?")).to_be_visible()


def test_page_is_read_in_another_language_and_kept_in_it(merchant: Windows, case: dict[str, Any]) -> None:
    _, address = opened(merchant, case)
    shopper = merchant.open(address, member=False, locale="fr-FR")
    expect(shopper.locator("html")).to_have_attribute("lang", "fr")
    shopper.get_by_role("link", name="Deutsch").click()
    expect(shopper.get_by_role("link", name="Deutsch")).to_have_attribute("aria-current", "true")
    shopper.get_by_role("button", name="Ja, es ist da").click()
    expect(shopper.get_by_role("heading", name="Sie haben dem Shop gesagt, dass es da ist.")).to_be_visible()
    shopper.get_by_role("button", name="Zurücknehmen").click()
    expect(shopper.get_by_role("heading", name="Ist es angekommen?")).to_be_visible()
    assert shopper.url == f"{address}?lang=de"


def test_code_of_the_page_is_drawn_when_it_is_asked_for(merchant: Windows, case: dict[str, Any]) -> None:
    _, address = opened(merchant, case)
    shopper = merchant.open(address, member=False)
    shopper.get_by_text("Open it on your phone").click()
    code = shopper.get_by_alt_text("QR code of this page")
    code.scroll_into_view_if_needed()
    wait_until("the drawn code", lambda: code.evaluate("image => image.naturalWidth > 100"), merchant.town.world)


def test_merchant_sees_the_look_while_typing_and_the_look_up_on_another_site(
    merchant: Windows, browser: Browser
) -> None:
    page = merchant.open()
    find = look_up_address(page)
    page.get_by_role("link", name="Shoppers’ pages").click()
    preview = page.frame_locator("iframe")
    page.get_by_label("Name on the page").fill("Lamps of Porto")
    expect(preview.get_by_text("Lamps of Porto")).to_be_visible()  # nobody pressed anything
    page.get_by_label("Colour of buttons, links and progress").first.fill("#ffee00")
    expect(preview.get_by_role("button", name="Ask the carrier now")).not_to_have_css(
        "background-color", "rgb(106, 52, 96)"
    )
    page.get_by_label("Sites that may show the look-up").fill("https://lamps.example")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. Shoppers see it from now on.")).to_be_visible()
    widget = page.get_by_label("Put this where the look-up should appear:").input_value()
    shopper = merchant.open(find, member=False)
    expect(shopper.get_by_text("Lamps of Porto")).to_be_visible()
    assert framed(browser, "https://lamps.example", widget) > 250
    assert framed(browser, "https://elsewhere.example", widget) == 0


def framed(browser: Browser, site: str, widget: str) -> int:
    """How tall the look-up is in a page of this site; 0 = the browser does not show it."""

    def serve(route: Route) -> None:
        route.fulfill(content_type="text/html", body=f"<!doctype html><html lang=de><title>Shop</title><body>{widget}")

    with browser.new_context(permissions=["local-network-access"]) as context:  # the product is on the loopback
        page = context.new_page()
        page.route(f"{site}/**", serve)
        page.goto(f"{site}/")
        frame = page.frame_locator("iframe")
        shown = frame.get_by_role("heading", name="Ihre Bestellung finden")
        try:
            shown.wait_for(timeout=10_000 if "lamps" in site else 2_000)
        except Error:
            return 0
        framed = page.locator("iframe")
        expect(framed).not_to_have_js_property("offsetHeight", 460)  # its own height, which it tells us
        return int(framed.evaluate("frame => frame.offsetHeight"))
