"""The marketplaces share a port and are told apart by their host names."""

from typing import Any

import pytest

from sandbox.serve import HOST


async def call(town: Any, host: str, path: str) -> Any:
    return await town._send("GET", f"http://{HOST}:{town.ports.marketplaces}{path}", headers={"Host": host})


async def test_each_answers_under_its_own_hosts_only(town: Any) -> None:
    for host, path, status in (
        ("api.ebay.com", "/sell/fulfillment/v1/order", 401),
        ("apiz.ebay.com", "/commerce/identity/v1/user/", 401),
        ("openapi.etsy.com", "/v3/application/users/me", 403),
        ("sellingpartnerapi-eu.amazon.com", "/orders/2026-01-01/orders", 403),
        ("api.ebay.com", "/orders/2026-01-01/orders", 404),
        ("lantern-thread.myshopify.com", "/admin/oauth/authorize", 400),
        ("lantern-thread.myshopify.com", "/sell/fulfillment/v1/order", 404),
        ("elsewhere.example", "/sell/fulfillment/v1/order", 404),
    ):
        assert (await call(town, host, path)).status == status, host


@pytest.mark.parametrize("vendor", ["ebay", "etsy", "amazon", "shopify"])
async def test_somebody_buys_when_asked_to(town: Any, vendor: str) -> None:
    placed = await town.control("POST", "marketplaces", {"vendor": vendor})
    assert placed.status == 201
    state = (await town.control("GET", "marketplaces")).body
    assert state["orders"][vendor] == {placed.body["order"]: []}
    assert (await town.control("POST", "marketplaces", {"vendor": "nobody"})).status == 400


async def test_the_keys_open_the_door(town: Any) -> None:
    keys = (await town.control("GET", "marketplaces")).body["keys"]
    for name, path, needed in (
        ("ebay", "/identity/v1/oauth2/token", ()),
        ("etsy", "/v3/public/oauth/token", (("client_id", "keystring"),)),
        ("amazon", "/auth/o2/token", (("client_id", "client_id"), ("client_secret", "client_secret"))),
    ):
        vendor = getattr(town.world.marketplaces, name)
        form = {"grant_type": "refresh_token", "refresh_token": keys[name]["refresh_token"]}
        form |= {field: keys[name][key] for field, key in needed}
        host = {"ebay": "api.ebay.com", "etsy": "openapi.etsy.com", "amazon": "api.amazon.com"}[name]
        headers = {"Host": host, "Authorization": vendor.permits.basic()}
        url = f"http://{HOST}:{town.ports.marketplaces}{path}"
        given = await town._send("POST", url, data=form, headers=headers)
        assert vendor.permits.of(given.body["access_token"]).scopes, name


async def test_an_order_shows_the_numbers_it_was_given(town: Any) -> None:
    places = town.world.marketplaces
    places.place("ebay")
    (order,) = places.ebay.orders.values()
    order.ship({"trackingNumber": "LX1", "shippedDate": "x", "lineItems": [{"lineItemId": "10001"}]}, order.placed_at)
    assert places.state() == {"ebay": {order.id: ["LX1"]}, "etsy": {}, "amazon": {}, "shopify": {}}
