"""The vendors share a port and are told apart by their host names; what is bought anywhere is one parcel's truth."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox import world as living
from sandbox.clock import Clock
from sandbox.daily import Daily
from sandbox.marketplaces import NAMES
from sandbox.serve import HOST
from sandbox.world import World


async def call(town: Any, host: str, path: str) -> Any:
    return await town._send("GET", f"http://{HOST}:{town.ports.vendors}{path}", headers={"Host": host})


async def test_each_answers_under_its_own_hosts_only(town: Any) -> None:
    for host, path, status in (
        ("api.ebay.com", "/sell/fulfillment/v1/order", 401),
        ("apiz.ebay.com", "/commerce/identity/v1/user/", 401),
        ("openapi.etsy.com", "/v3/application/users/me", 403),
        ("sellingpartnerapi-eu.amazon.com", "/orders/2026-01-01/orders", 403),
        ("api.ebay.com", "/orders/2026-01-01/orders", 404),
        ("lantern-thread.myshopify.com", "/admin/oauth/authorize", 400),
        ("lantern-thread.myshopify.com", "/sell/fulfillment/v1/order", 404),
        ("shop.lantern.example", "/api/orders", 401),
        ("api.printful.com", "/orders", 401),
        ("onlinetools.ups.com", "/api/track/v1/details/1Z1", 401),
        ("apis.usps.com", "/tracking/v3/tracking/94", 401),
        ("api-eu.dhl.com", "/track/shipments", 401),
        ("api.aftership.com", "/tracking/2025-01/trackings", 401),
        ("api-m.paypal.com", "/v1/shipping/trackers/A-1", 401),
        ("elsewhere.example", "/sell/fulfillment/v1/order", 404),
    ):
        assert (await call(town, host, path)).status == status, host


async def test_all_of_them_are_described_with_what_opens_their_door(town: Any) -> None:
    told = (await town.control("GET", "vendors")).body["vendors"]
    assert set(told) == set(NAMES) | {
        *("aliexpress", "printful", "ups", "usps", "fedex", "dhl_unified", "aftership", "paypal"),
    }
    assert all(one["hosts"] and one["keys"] for one in told.values())
    for name in ("ebay", "etsy", "aliexpress"):
        first, second = [(await town.control("POST", "vendors/agree", {"vendor": name})).body for _ in range(2)]
        assert first["refresh_token"] != second["refresh_token"]
    assert (await town.control("POST", "vendors/agree", {"vendor": "ups"})).status == 400


@pytest.mark.parametrize("channel", NAMES)
async def test_somebody_buys_when_asked_to(town: Any, channel: str) -> None:
    placed = await town.control("POST", "orders", {"channel": channel, "route": "api", "journey": "smooth"})
    assert placed.status == 201
    state = (await town.control("GET", "vendors")).body["numbers"]
    assert {name: list(orders) for name, orders in state.items() if orders} == {channel: [placed.body["ref"]]}
    assert town.world.store.orders == {}
    (bought,) = town.world.supplier.orders.values()
    assert (bought.order.number, bought.order.ref) == (placed.body["order"], placed.body["ref"])


@pytest.mark.parametrize(
    "wanted",
    [
        {"channel": "nobody"},
        {"supplier": "nobody"},
        {"carrier": "nobody"},
        {"journey": "nowhere"},
        {"channel": "ebay", "route": "store"},
    ],
)
async def test_what_does_not_exist_is_refused(town: Any, wanted: dict[str, str]) -> None:
    assert (await town.control("POST", "orders", wanted)).status == 400
    assert town.world.cases == []


@pytest.mark.parametrize("supplier", ["aliexpress", "printful"])
async def test_a_supplier_tells_its_parcel_when_its_time_has_come(town: Any, supplier: str) -> None:
    case = town.world.place(at=town.world.clock.now(), journey="smooth", route="api", supplier=supplier, carrier="UPS")
    orders = getattr(town.world.purchases, supplier).orders
    (order,) = orders.values()
    assert not (order.number if supplier == "aliexpress" else order.parcels)
    await town.days(1.2)
    if supplier == "aliexpress":
        assert (order.number, order.local) == (case.shipment.number, "")
    else:
        (parcel,) = order.parcels
        assert (parcel.number, parcel.carrier, order.status) == (case.shipment.number, "UPS", "fulfilled")
    assert case.shipment.number.startswith("1Z")


async def test_only_who_moves_a_parcel_knows_it(town: Any) -> None:
    cases = {
        name: town.world.place(at=town.world.clock.now(), journey="smooth", route="manual", carrier=name)
        for name in ("UPS", "USPS", "FedEx", "DHL Paket")
    }
    await town.days(3)
    carriers = town.world.carriers
    roads = {"UPS": carriers.ups, "USPS": carriers.usps, "FedEx": carriers.fedex, "DHL Paket": carriers.dhl}
    for name, case in cases.items():
        knows = [carrier for carrier, there in roads.items() if there.road.scans(case.shipment.number)]
        assert knows == [name]
        assert case.shipment.number in town.world.aggregator.known


async def test_a_world_that_runs_for_weeks_does_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(living, "KEPT", 5)
    world = World(clock=Clock(datetime.now(UTC), 1), seed=7, post=None, channels=("woocommerce", *NAMES))
    for place in range(60):
        world.place(
            at=world.clock.now(),
            channel=world.channels[place % 6],
            route="api",
            supplier=("cjdropshipping", "aliexpress", "printful")[place % 3],
        )
        world.clock.jump(timedelta(days=2))
        world.happen()
        world.forget()
    there = world.marketplaces
    sold = (world.store.orders, there.ebay.orders, there.etsy.receipts, there.amazon.orders, there.shopify.orders)
    bought = (world.supplier.orders, world.purchases.aliexpress.orders, world.purchases.printful.orders)
    kept = len(world.cases)
    assert kept < 15
    assert sum(map(len, (*sold, there.own.orders))) == sum(map(len, bought)) == kept
    assert len(world.aggregator.known) <= 2 * kept
    assert len(world.paypal.captured) <= kept
    await world.close()


def test_a_days_quota_begins_anew_at_midnight() -> None:
    clock = Clock(datetime.now(UTC), 1)
    quota = Daily(clock, 2)
    assert [quota.spend() for _ in range(3)] == [True, True, False]
    clock.jump(timedelta(days=1))
    assert quota.spend() and quota.left == 1
