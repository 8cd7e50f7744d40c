"""All screens: on a phone, in the dark, by keyboard. None of them may complain."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.screens import Windows, eventually, look_up_address, open_order, shoppers_page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
PHONE = {"width": 390, "height": 844}
LETTER = (
    b"From: Parcels of a long name <no-reply@a-rather-long-name-of-a-supplier.example>\r\nMessage-ID: <screens@x>\r\n"
    b"Subject: Your order with a subject that goes on and on has been shipped to you today\r\n\r\n"
    b"It was shipped with China Post. Tracking number: LX987654325CN\r\n"
)
ALL = ["/", "/?tab=held", "/?q=nothing-like-it", "/recognize?number=LX123456785CN", "/recognize?number=1043", "/look"]
ALL += ["/given-up", "/connections", "/connections/new", "/connections/new/store/woocommerce", "/no-such-screen"]


def everywhere(windows: Windows, page: Page) -> list[str]:
    """The addresses of all screens, with something on each of them."""
    case = windows.town.world.place(journey="failed_attempt", route="api", days_ago=5.9)
    open_order(windows, page, case["order"])
    eventually(windows, page, page.get_by_text(case["number"]))
    order, shopper = page.url, shoppers_page(windows, page)
    page.goto("/look")
    page.get_by_label("Saved mails (.eml)").set_input_files(
        {"name": "shipped.eml", "mimeType": "message/rfc822", "buffer": LETTER}
    )
    page.get_by_role("button", name="Upload").click()
    eventually(windows, page, page.get_by_text("LX987654325CN"))
    find = look_up_address(page)
    rules, mails = f"{page.url}/rules", f"{page.url}/mails"
    store = [page.url, rules, f"{rules}/again", mails, f"{mails}/shipped/de"]
    pages = [shopper, f"{shopper}/follow", find, f"{shopper[:-3]}zzz"]
    return [*ALL, "/alerts", order, f"{order}/dry-run", *store, *pages]


def test_nothing_is_wider_than_a_phone_or_light_in_the_dark(merchant: Windows) -> None:
    page = merchant.open("/", viewport=PHONE)
    addresses = everywhere(merchant, page)
    dark = merchant.open("/", viewport=PHONE, color_scheme="dark")
    wide, bright = [], []
    for address in addresses:
        page.goto(address)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(address)
        dark.goto(address)
        if lightness(dark) > 60 or lightness(page) < 200:
            bright.append(address)
    assert wide == []
    assert bright == []
    stranger = merchant.open("/", member=False, viewport=PHONE)
    expect(stranger.get_by_role("button", name="Sign in")).to_be_visible()
    assert not stranger.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_keyboard_goes_everywhere_and_the_focus_is_seen(merchant: Windows) -> None:
    page = merchant.open("/")
    search = page.get_by_role("searchbox")
    page.keyboard.press("/")
    expect(search).to_be_focused()
    assert outlined(page)
    page.keyboard.type("/j")  # in a field, keys are letters
    expect(search).to_have_value("/j")
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    unseen = []
    for _ in range(20):
        page.keyboard.press("Tab")
        if not outlined(page):
            unseen.append(page.evaluate("document.activeElement.outerHTML.slice(0, 80)"))
    assert unseen == []
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("c")
    expect(page.get_by_role("heading", name="Connections", level=1)).to_be_visible()


def lightness(page: Page) -> float:
    """Of the ground, 0 (black) to 255 (white)."""
    said = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    red, green, blue = (int(one) for one in said.removeprefix("rgb(").removesuffix(")").split(","))
    return (red + green + blue) / 3


def outlined(page: Page) -> bool:
    """Whether what has the focus shows it."""
    return bool(page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth) > 0"))
