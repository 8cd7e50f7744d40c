"""Takes the pictures of ``docs/gallery`` from a living demo world: ``make gallery``. Each main screen in the light and
in the dark on a desk, and on a phone; small enough to be kept in the repository.
"""

import io
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402 - the repository's own modules follow
from playwright.sync_api import Browser, Page, expect, sync_playwright  # noqa: E402

from tests import tools  # noqa: E402
from tests.e2e.product import EMAIL, PASSWORD, Town, town  # noqa: E402

HERE = ROOT / "docs" / "gallery"
DESK, PHONE = {"width": 1200, "height": 800}, {"width": 390, "height": 780}
LOOKS = (("light", "light", DESK), ("dark", "dark", DESK), ("phone", "light", PHONE))
QUALITY = 72
PATIENCE_S = 180
RATE = 3600  # a day in 24 seconds
DAYS = 9.0  # that the world lives before the pictures are taken
EVERY = 0.11  # days between two orders
EARLIER, A_DAY = 60, 2  # days and orders from before the shop was connected: enough of each week to be counted
# Orders that are in trouble when the pictures are taken: their journey, and how many days before.
TROUBLE = ((6.6, "pickup_point"), (5.9, "failed_attempt"), (5.0, "customs"), (7.5, "returned"))
QUESTION = "Hello, the carrier says it could not deliver. What should I do now?"


def main() -> None:
    """Grow a world, then take every picture."""
    HERE.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        town(Path(home), rate=RATE, name="Lantern & Thread") as place,
        sync_playwright() as playwright,
    ):
        place.connect_shop()
        place.product.start()
        case = grow(place)
        browser = playwright.chromium.launch(executable_path=str(tools.chromium()), args=["--no-sandbox"])
        screens = prepare(browser, place, case["order"])
        for suffix, scheme, size in LOOKS:
            page = sign_in(browser, place, color_scheme=scheme, viewport=size)
            for name, address in screens.items():
                page.goto(address)
                keep(page.screenshot(), HERE / f"{name}-{suffix}.webp")
        browser.close()
    whole = sum(path.stat().st_size for path in HERE.glob("*.webp"))
    sys.stdout.write(f"{len(screens) * len(LOOKS)} pictures, {whole / 1000:.0f} kB\n")


def grow(place: Town) -> dict[str, str]:
    """A shop's last weeks; returns an order whose parcel could not be delivered."""
    for back in range(EARLIER * A_DAY):
        place.world.place(journey="smooth", route="api", days_ago=12 + back / A_DAY)
    cases, began, told = {}, time.monotonic(), 0.0
    waiting = sorted((DAYS - before, journey) for before, journey in TROUBLE)
    while (day := (time.monotonic() - began) * RATE / 86_400) < DAYS:
        while waiting and waiting[0][0] <= day:
            _, journey = waiting.pop(0)
            cases[journey] = place.world.place(journey=journey, route="api")
        if day - told >= EVERY:
            told = day
            place.world.place(journey="smooth")
        time.sleep(0.1)
    return cases["failed_attempt"]


def prepare(browser: Browser, place: Town, number: str) -> dict[str, str]:
    """Have a shopper write about an order with parcels; the address of every screen, by name."""
    home, page = place.product.url, sign_in(browser, place)
    order = until_tracked(page, number)
    link = page.locator("input[readonly][value*='/t/']")
    if not link.count():
        page.locator("form[action$='/page'] button").click()
    shopper = link.first.get_attribute("value") or ""
    writer = browser.new_page()
    writer.goto(shopper)
    writer.locator("#thread summary").click()
    writer.locator("#body").fill(QUESTION)
    writer.locator("form[action$='/message'] button").click()
    expect(writer.locator("#thread li")).to_contain_text("Hello")
    writer.close()
    paths = {"today": "/today", "board": "/", "order": order, "messages": "/messages", "insight": "/insight"}
    paths |= {"deadlines": "/deadlines", "connections": "/connections", "suppliers": "/suppliers"}
    return {name: f"{home}{path}" for name, path in paths.items()} | {"shopper": shopper}


def sign_in(browser: Browser, place: Town, **how: object) -> Page:
    """A window of the shop's owner."""
    page = browser.new_page(base_url=place.product.url, **how)  # type: ignore[arg-type]  # passed on
    page.goto("/accounts/login/")
    page.fill("[name=login]", EMAIL)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_selector("nav")
    return page


def until_tracked(page: Page, number: str) -> str:
    """The path of the order of that number, once it has scans; the page is then on it."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        page.goto(f"/?q={number}")
        for path in found(page):
            page.goto(path)
            if page.locator(".timeline li").count() > 3:
                return path
        time.sleep(1)
    raise SystemExit("The world did not get going in time.")


def found(page: Page) -> Iterator[str]:
    """The paths of the orders on the board."""
    yield from [one.get_attribute("href") or "" for one in page.locator("a.open").all()]


def keep(taken: bytes, path: Path) -> None:
    """As WebP: a screen of text takes a fifth of what it takes as PNG."""
    Image.open(io.BytesIO(taken)).convert("RGB").save(path, "WEBP", quality=QUALITY, method=6)


if __name__ == "__main__":
    main()
