"""The sandbox's Shopify as the other side of a flow: the same shop with and without HTTP."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any
from urllib.parse import urlsplit

from doorstep.connectors.contract import Account, Answer, Request, Shipment
from doorstep.connectors.stores.shopify import Shopify
from sandbox.callbacks import Callbacks
from sandbox.catalog import BUYERS
from sandbox.clock import Clock
from sandbox.shopify import CLIENT, CUSTOM_TOKEN, PATH, SECRET, SHOP
from sandbox.shopify import Shopify as Shop
from sandbox.shopify_order import Share, ShopifyLine, ShopifyOrder
from tests.connectors.flow import NOW, answer

SHOPIFY = Shopify()
TOKENED = Account(
    base_url=f"https://{SHOP}",
    settings={"shop": SHOP},
    credentials={"access_token": CUSTOM_TOKEN, "client_secret": SECRET},
    now=NOW,
)
APP = replace(TOKENED, settings={"client_id": CLIENT}, credentials={"client_secret": SECRET})
PLACED = datetime(2026, 6, 1, 8, 30, tzinfo=UTC)


class Still(Clock):
    """Time stands."""

    def now(self) -> datetime:
        return self.start


def shop() -> Shop:
    return Shop(clock=Still(NOW, 1), callbacks=Callbacks(), random=Random(5))


def order(
    name: str = "#1041", *quantities: int, shares: list[dict[int, int]] | None = None, **how: Any
) -> ShopifyOrder:
    """``quantities`` by line; ``shares``: what each location has, by position of the line."""
    lines = [ShopifyLine(sku=f"S{n}", title=f"Thing {n}", quantity=n) for n in quantities or (2, 1)]
    parts = [
        Share(location=place, left={lines[position].id: quantity for position, quantity in left.items()})
        for place, left in enumerate(shares or (), start=1)
    ]
    buyer, at = BUYERS[0], {"created_at": PLACED, "updated_at": PLACED}
    return ShopifyOrder(name=name, buyer=buyer, lines=lines, shares=parts, **{**at, **how})


def speaks(there: Shop) -> Any:
    """Answers requests to the API as the shop does, without HTTP."""

    def reply(request: Request) -> Answer:
        assert urlsplit(request.url).path == PATH
        if request.headers["X-Shopify-Access-Token"] != CUSTOM_TOKEN:
            return answer({"errors": "[API] Invalid API key or access token"}, status=401)
        sent = json.loads(request.body)
        return answer(there.execute(sent["query"], sent["variables"]))

    return reply


def shipment(to: ShopifyOrder, number: str = "RB123456785PT", **how: Any) -> Shipment:
    given: dict[str, Any] = {"carrier": "ctt", "carrier_name": "CTT", "shipped_at": NOW, "key": "k", **how}
    return Shipment(order=str(to.id), number=number, **given)
