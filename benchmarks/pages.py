"""What the pages weigh and how soon they show: ``python -m benchmarks.pages [--lighthouse]``.

A product in the sandbox's world, in headless Chromium on this machine with an empty cache: for each page the bytes that
went over the wire (uncompressed: a proxy usually compresses them), milliseconds to the first paint, cumulative layout
shift; the median of the rounds. Floor: a static picture from the same server. With ``--lighthouse`` also Lighthouse's
scores of the shopper's page as on a phone (``make long``; its packages: ``DOORSTEP_LONG=1 make tools``).
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.report import report
from tests import tools
from tests.e2e.product import EMAIL, PASSWORD, Town, town

ROUNDS = 5
PATIENCE_S = 120
AIM = 95
CATEGORIES = ("performance", "accessibility", "best-practices")
# First paint and shifts, asked of the browser itself.
ASKED = """() => new Promise((done) => {
  let shift = 0;
  const add = (list) => { for (const one of list.getEntries()) if (!one.hadRecentInput) shift += one.value; };
  new PerformanceObserver(add).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => {
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    const seen = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    done([seen.reduce((sum, one) => sum + one.transferSize, 0), paint?.startTime ?? NaN, shift]);
  }, 1000);
})"""


def main() -> None:
    """Measure every page, then, if asked, have Lighthouse look at the shopper's."""
    with tempfile.TemporaryDirectory() as home, town(Path(home)) as place, sync_playwright() as playwright:
        place.connect_shop()
        place.product.start()
        place.world.place(journey="smooth", route="api", days_ago=6)
        program = str(tools.chromium())
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        pages = addresses(browser, place)
        floor = [measured(browser, f"{place.product.url}/static/mark.svg", {})[1] for _ in range(ROUNDS)]
        for name, (address, cookies) in pages.items():
            rounds = [measured(browser, address, cookies) for _ in range(ROUNDS)]
            tell(name, rounds, statistics.median(floor))
        browser.close()
        if "--lighthouse" in sys.argv:
            look(pages["shopper: order"][0], program)


def addresses(browser: Browser, place: Town) -> dict[str, tuple[str, dict[str, str]]]:
    """Every page by name, with the cookies that it needs; the shopper's have none."""
    home = place.product.url
    page = browser.new_page(base_url=home)
    page.goto("/accounts/login/")
    page.fill("[name=login]", EMAIL)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_selector("nav")
    order = first_order(page)
    shopper = page.locator("input[readonly][value*='/t/']").first.get_attribute("value") or ""
    cookies = {one["name"]: one["value"] for one in page.context.cookies()}
    page.close()
    console = {"board": "/", "today": "/today", "order": order, "messages": "/messages", "deadlines": "/deadlines"}
    found = {f"console: {name}": (f"{home}{path}", cookies) for name, path in console.items()}
    return {"shopper: order": (shopper, {}), **found}


def first_order(page: Page) -> str:
    """The path of an order with a parcel, on whose screen the page is then; its shopper has a link."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        page.goto("/?tab=tracked")
        links = page.locator("a.open")
        if links.count():
            path = links.first.get_attribute("href") or ""
            page.goto(path)
            if not page.locator("input[readonly][value*='/t/']").count():
                page.locator("form[action$='/page'] button").click()
            page.locator("input[readonly][value*='/t/']").wait_for()
            return path
        time.sleep(1)
    raise SystemExit("No order got a number.")


def measured(browser: Browser, address: str, cookies: dict[str, str]) -> tuple[float, float, float]:
    """Bytes, milliseconds to the first paint, layout shift; in a browser that knows nothing yet."""
    with browser.new_context(viewport={"width": 1200, "height": 900}) as context:
        context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies.items()])
        page = context.new_page()
        page.goto(address, wait_until="load")
        size, paint, shift = page.evaluate(ASKED)
        return float(size), float(paint), float(shift)


def tell(name: str, rounds: list[tuple[float, float, float]], floor: float) -> None:
    """Three figures of a page."""
    size, paint, shift = (statistics.median(column) for column in zip(*rounds, strict=True))
    report(f"{name}: over the wire", size / 1000, "kB")
    against = f"a picture ({floor:.0f} ms)" if floor else ""
    report(f"{name}: first paint", paint, "ms", ratio=paint / floor if floor else None, against=against)
    report(f"{name}: layout shift", shift, "")


def look(address: str, program: str) -> None:
    """Lighthouse's scores. Ends the process with 1 where one is below the aim."""
    command = tools.packages(tools.LIGHTHOUSE) / "lighthouse/cli/index.js"
    flags = ["--quiet", "--output=json", "--output-path=stdout", f"--only-categories={','.join(CATEGORIES)}"]
    chrome = "--chrome-flags=--headless=new --no-sandbox"
    done = subprocess.run(
        [tools.node(), command, address, chrome, *flags],
        env={**os.environ, "CHROME_PATH": program},
        stdout=subprocess.PIPE,
        check=True,
        timeout=300,
    )
    said: dict[str, Any] = json.loads(done.stdout)
    scores = {name: round(said["categories"][name]["score"] * 100) for name in CATEGORIES}
    for name, score in scores.items():
        report(f"Lighthouse, shopper's page: {name}", score, "of 100", ratio=score / AIM, against=f"the aim of {AIM}")
    for one in said["audits"].values():
        if (
            one.get("score") is not None
            and one["score"] < 1
            and one.get("scoreDisplayMode") in {"binary", "metricSavings"}
        ):
            sys.stdout.write(f"  {one['id']}: {one['title']}\n")
    sys.exit(any(score < AIM for score in scores.values()))


if __name__ == "__main__":
    main()
