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
RATE = 60  # an hour in a minute: the world is much the same on every picture
# Journeys, and how many days ago they began.
JOURNEYS = (
    ("smooth", 9.0),
    ("failed_attempt", 5.9),
    ("smooth", 4.0),
    ("customs", 5.0),
    ("pickup_point", 6.5),
    ("smooth", 1.5),
)
QUESTION = "Hello, the carrier says it could not deliver. What should I do now?"


def main() -> None:
    """Grow a world, then take every picture."""
    HERE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home, town(Path(home), rate=RATE) as place, sync_playwright() as playwright:
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
    """Orders at several points of several roads; returns one whose parcel could not be delivered."""
    cases = {days: place.world.place(journey=one, route="api", days_ago=days) for one, days in JOURNEYS}
    return next(cases[days] for one, days in JOURNEYS if one == "failed_attempt")


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
