"""A small WooCommerce shop in memory that answers as the API and its tracking plugins do."""

import json
from typing import Any
from urllib.parse import urlsplit

from doorstep.connectors.contract import (
    Account,
    Answer,
    Request,
    Shipment,
)
from doorstep.connectors.stores.woo.ways import ADVANCED
from doorstep.connectors.stores.woocommerce import WooCommerce
from tests.connectors.flow import NOW, answer

WOO = WooCommerce()
ACCOUNT = Account(
    base_url="https://shop.example",
    settings={"way": ADVANCED, "auth": "basic"},
    credentials={"consumer_key": "ck_1", "consumer_secret": "cs_1"},
    now=NOW,
)
SHIPMENT = Shipment(order="17", number="RB123456785PT", key="k", carrier="ctt", carrier_name="CTT", shipped_at=NOW)
PROVIDERS = {"Portugal": {"CTT": "https://ctt.example/?q=%number%"}, "Global": {"DHL": ""}}


class Shop:
    """One order, and the plugin's list of numbers on it."""

    def __init__(self, *, status: str = "processing", items: list[dict[str, str]] | None = None) -> None:
        self.status = status
        self.items = items or []
        self.posted: list[dict[str, Any]] = []
        self.deaf = False  # takes a number and does not keep it
        self.providers: Any = PROVIDERS

    def __call__(self, request: Request) -> Answer:
        path = urlsplit(request.url).path.removeprefix("/wp-json")
        body = json.loads(request.body) if request.body else {}
        if path == "/wc/v3/orders/17":
            self.status = body.get("status", self.status)
            lines = [{"id": 1, "quantity": 2, "name": "Lamp"}, {"id": 2, "quantity": 1, "name": "Bulb"}]
            return answer(
                {"id": 17, "status": self.status, "date_created_gmt": "2026-06-01T00:00:00", "line_items": lines}
            )
        collection, _, ref = path.partition("/orders/17/shipment-trackings")
        assert collection in ("/wc-ast/v3", "/wc-shipment-tracking/v3")
        if ref == "/providers":
            return answer(self.providers) if self.providers is not None else wrong("x", "no such id", 404)
        if request.method == "DELETE":
            kept = [one for one in self.items if one["tracking_id"] != ref[1:]]
            gone, self.items = len(kept) < len(self.items), kept
            return answer({}) if gone else wrong("woocommerce_rest_order_shipment_tracking_invalid_id", "Invalid", 404)
        if request.method == "POST":
            return self.add(body)
        return answer(self.items)

    def add(self, body: dict[str, Any]) -> Answer:
        self.posted.append(body)
        known = {"CTT", "DHL"} & {body.get("tracking_provider", "")} or {body.get("custom_tracking_provider", "")}
        shown = {"tracking_id": f"id{len(self.posted)}", "tracking_number": body["tracking_number"]}
        shown |= {"tracking_provider": known.pop(), "tracking_link": "", "date_shipped": "July 1, 2026"}
        if not self.deaf:
            self.items.append(shown)
        return answer(shown, status=201)


def wrong(code: str, message: str, status: int) -> Answer:
    return answer({"code": code, "message": message, "data": {"status": status}}, status=status)


def item(ref: str, number: str) -> dict[str, str]:
    return {"tracking_id": ref, "tracking_number": number, "tracking_provider": "CTT", "date_shipped": "2026-06-30"}
