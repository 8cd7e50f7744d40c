"""The ways in which a WooCommerce shop can be given a number, the best first, and what they share.

A tracking plugin; WooCommerce's own fulfillments (from 10.1, off by default); a note on the order for the shopper.
"""

from collections.abc import Iterable
from typing import Final, Protocol

from doorstep.connectors.answers import bare, convert, looks_like_html
from doorstep.connectors.contract import Account, Flow, Pushed, Refused, Shipment
from doorstep.connectors.stores.woo import wire
from doorstep.connectors.stores.woocommerce_orders import OrderShape, cancelled
from doorstep.core.message import Message
from doorstep.core.order import StoreShipment

ADVANCED, PLAIN = "wc-ast/v3", "wc-shipment-tracking/v3"
PLUGINS: Final = (ADVANCED, PLAIN)  # the advanced one answers under both; only it can complete the order by itself
FULFILLMENTS, NOTES = "fulfillments", "notes"
CHANNELS: Final = {FULFILLMENTS: "woocommerce_fulfillments", NOTES: "woocommerce_notes"}  # what it takes then


class Way(Protocol):
    """What each of them does, as ``contract.Store`` has it."""

    def push(self, account: Account, shipment: Shipment) -> Flow[Pushed]: ...
    def read_back(self, account: Account, order: str) -> Flow[tuple[StoreShipment, ...]]: ...
    def withdraw(self, account: Account, order: str, ref: str) -> Flow[None]: ...


def find(account: Account, namespaces: Iterable[str], auth: str) -> Flow[str]:
    """The best way of this shop. The list of APIs names plugins; its own fulfillments have to be asked for."""
    plugin = next((one for one in PLUGINS if one in namespaces), "")
    if plugin:
        return plugin
    answer = yield wire.request(account, "GET", "/wc/v3/orders/0/fulfillments", sign=auth)
    if answer.status == 429 or answer.status >= 500:
        wire.opened(answer)  # raises: a shop in trouble says nothing of what it has
    return NOTES if looks_like_html(answer) or wire.code(answer) in ("", "rest_no_route") else FULFILLMENTS


def of(account: Account) -> str:
    """The way that was found when the shop was connected. Raises Refused where there is none."""
    way = account.settings.get("way", "")
    if way not in (*PLUGINS, *CHANNELS):
        raise Refused("no tracking plugin", message=Message(id="stores.woocommerce.no_way"))
    return way


def fetch(account: Account, ref: str) -> Flow[OrderShape]:
    """An order that a number is to be given to. Raises Refused for a cancelled one."""
    answer = yield wire.request(account, "GET", f"/wc/v3/orders/{wire.order_id(ref)}")
    order = convert(wire.opened(answer), OrderShape)
    if cancelled(order):
        raise Refused(order.status, message=Message(id="stores.order_cancelled"))
    return order


def complete(account: Account, order: OrderShape) -> Flow[None]:
    """Marks a paid order as sent; the shop mails the shopper."""
    if order.status == "processing":
        body = {"status": "completed"}
        wire.opened((yield wire.request(account, "PUT", f"/wc/v3/orders/{order.id}", body=body)))


def whole(shipment: Shipment, order: OrderShape) -> bool:
    """Whether the shipment holds all of the order."""
    sent = {one.line: one.qty for one in shipment.contents}
    return not sent or all(sent.get(str(one.id), 0) >= one.quantity for one in order.line_items)


def with_number(shipments: Iterable[StoreShipment], number: str) -> StoreShipment | None:
    return next((one for one in shipments if bare(one.number) == bare(number)), None)
