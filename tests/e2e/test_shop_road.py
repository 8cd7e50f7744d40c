"""The whole road with every part a process: a shop, a supplier, mails and a tracking service around Doorstep."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.product import RATE, Console, Town, Visitor, new_database, town, wait_until

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    database = new_database() if request.param == "postgres" else ""
    with town(tmp_path, rate=2 * RATE, database=database) as place:
        place.connect_shop()
        place.product.start()
        yield place


def test_orders_travel_from_the_supplier_to_the_door(here: Town) -> None:
    bought = here.world.place(journey="smooth", route="api")
    mailed = here.world.place(journey="smooth", route="mail", authentic=True)
    console = Console(here.product)
    pages = [page_of(here, console, case) for case in (bought, mailed)]
    for case, page in zip((bought, mailed), pages, strict=True):
        shown = delivered(here, page)
        assert case["number"] in shown
        said = {words: shown.count(words) for _, _, words in case["scans"]}
        assert said == dict.fromkeys(said, 1)  # what the supplier and the tracking service both tell is shown once
    assert here.world.pushes() == {case["order"]: [(case["number"], 1)] for case in (bought, mailed)}
    assert here.product.errors() == []
    assert here.product.stop() == 0


def page_of(here: Town, console: Console, case: dict[str, Any]) -> str:
    """The shopper's page of an order, once the shop has been given its number."""
    order = case["order"]
    screen = wait_until(f"order {order} in Doorstep", lambda: console.order(order), here.product, here.world)
    say = f"{case['number']} on order {order} in the shop"
    wait_until(say, lambda: here.world.pushes().get(order), here.product, here.world)
    return console.page(screen)


def delivered(here: Town, page: str) -> str:
    """A shopper's page once it says Delivered."""
    shopper = Visitor(here.product)

    def look() -> str:
        shown = shopper.get(page)
        return shown if "<h1>Delivered</h1>" in shown else ""

    return wait_until(f"Delivered on {page}", look, here.product, here.world)
