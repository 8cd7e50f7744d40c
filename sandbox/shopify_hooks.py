"""The Shopify shop's webhooks: signed with the app's secret, bodies in the shape of the older REST API."""

import base64
import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass

from sandbox.callbacks import Callbacks, Message
from sandbox.clock import Clock
from sandbox.shopify_order import Fulfillment, Json, ShopifyLine, ShopifyOrder, UserError, gid, new_id, stamp

WAITS = (1.0, 2.0, 4.0)  # real seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One topic to one address. ``fields``: what of the body is sent; None = all."""

    id: int
    topic: str
    uri: str
    fields: list[str] | None


class Hooks:
    """Who wants to know what."""

    def __init__(self, *, clock: Clock, callbacks: Callbacks, shop: str, secret: str) -> None:
        self._subscriptions: list[Subscription] = []
        self._clock = clock
        self._callbacks = callbacks
        self._shop = shop
        self._secret = secret

    def subscribe(self, topic: str, uri: str, fields: list[str] | None) -> Json:
        """Raises UserError for the same once more."""
        if any((one.topic, one.uri) == (topic, uri) for one in self._subscriptions):
            raise UserError("Address for this topic has already been taken", "webhookSubscription", "callbackUrl")
        one = Subscription(id=new_id(), topic=topic, uri=uri, fields=fields)
        self._subscriptions.append(one)
        return _as_json(one)

    def as_json(self) -> list[Json]:
        """All of them."""
        return [_as_json(one) for one in self._subscriptions]

    def tell(self, topic: str, order: ShopifyOrder) -> None:
        """Something happened to an order; of a fulfillment topic, to its newest fulfillment."""
        body = in_rest(order)
        if topic.startswith("FULFILLMENTS_"):
            body = {**body["fulfillments"][-1], "order_id": order.id}
        self._send(topic, body)

    def uninstalled(self) -> None:
        """The last word; nothing is subscribed any more."""
        self._send("APP_UNINSTALLED", {"id": 1, "myshopify_domain": self._shop})
        self._subscriptions.clear()

    def _send(self, topic: str, body: Json) -> None:
        for one in self._subscriptions:
            if one.topic == topic:
                kept = body if one.fields is None else {name: body[name] for name in one.fields if name in body}
                self._callbacks.post(self._message(one, json.dumps(kept).encode()))

    def _message(self, to: Subscription, body: bytes) -> Message:
        signed = base64.b64encode(hmac.new(self._secret.encode(), body, hashlib.sha256).digest()).decode()
        event, _, verb = to.topic.lower().rpartition("_")
        headers = {
            "Content-Type": "application/json",
            "X-Shopify-Topic": f"{event}/{verb}",
            "X-Shopify-Hmac-Sha256": signed,
            "X-Shopify-Shop-Domain": self._shop,
            "X-Shopify-API-Version": "2026-07",
            "X-Shopify-Webhook-Id": str(uuid.uuid4()),
            "X-Shopify-Triggered-At": self._clock.now().isoformat(),
        }
        return Message(vendor="shopify", url=to.uri, body=body, headers=headers, waits=WAITS)


def in_rest(order: ShopifyOrder) -> Json:
    """An order as the older API showed it."""
    who = order.buyer
    lines = {one.id: one for one in order.lines}
    address = {"name": f"{who.first} {who.last}", "address1": who.street, "city": who.city, "zip": who.postcode}
    return {
        "id": order.id,
        "admin_graphql_api_id": gid("Order", order.id),
        "name": order.name,
        "email": who.email,
        "phone": who.phone,
        "customer_locale": f"en-{who.country}",
        "created_at": stamp(order.created_at),
        "updated_at": stamp(order.updated_at),
        "cancelled_at": stamp(order.cancelled_at) if order.cancelled_at else None,
        "financial_status": order.paid.lower(),
        "shipping_address": {**address, "country_code": who.country, "phone": who.phone},
        "line_items": [_line(order, one, one.quantity) for one in order.lines],
        "fulfillments": [_fulfillment(order, one, lines) for one in order.fulfillments],
    }


def _line(order: ShopifyOrder, line: ShopifyLine, quantity: int) -> Json:
    return {
        "id": line.id,
        "sku": line.sku,
        "name": line.title,
        "quantity": quantity,
        "current_quantity": line.quantity - line.removed,
        "fulfillable_quantity": order.unsent(line),
        "requires_shipping": line.ships,
    }


def _fulfillment(order: ShopifyOrder, one: Fulfillment, lines: dict[int, ShopifyLine]) -> Json:
    shown = one.shown.lower() if one.events else None
    return {
        "id": one.id,
        "status": one.status.lower(),
        "shipment_status": shown,
        "created_at": stamp(one.created_at),
        "tracking_company": one.company or None,
        "tracking_numbers": one.numbers,
        "tracking_urls": one.urls,
        "line_items": [_line(order, lines[line], quantity) for line, quantity in one.parts.items()],
    }


def _as_json(one: Subscription) -> Json:
    return {"id": gid("WebhookSubscription", one.id), "topic": one.topic, "uri": one.uri}
