"""Numbers in WooCommerce's own fulfillments. A second one of the same items is accepted there, so we look first. The
order's status stays as it is: whether it is sent is then told by the fulfillments.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from doorstep.connectors.answers import Quantity, convert, instant, text
from doorstep.connectors.contract import Account, Broken, Flow, NotFound, Pushed, Refused, Shipment
from doorstep.connectors.stores.woo import ways, wire
from doorstep.connectors.stores.woocommerce_orders import OrderShape
from doorstep.core.message import Message
from doorstep.core.order import Content, StoreShipment

ITEMS, NUMBER, CARRIER = "_items", "_tracking_number", "_shipment_provider"
LINK, CARRIER_NAME = "_tracking_url", "_provider_name"
OTHER: Final = "other"


class _Meta(msgspec.Struct):
    key: str
    value: object = None
    id: int = 0


class _Item(msgspec.Struct):
    item_id: int
    qty: Quantity = 1


class _Fulfillment(msgspec.Struct):
    id: int
    is_fulfilled: bool | int | str = False
    date_updated: str | None = None
    meta_data: list[_Meta] = []

    def said(self, key: str) -> str:
        return text(next((one.value for one in self.meta_data if one.key == key), ""))

    @property
    def items(self) -> list[_Item]:
        """What it holds; nothing where that cannot be read."""
        found = next((one.value for one in self.meta_data if one.key == ITEMS), [])
        try:
            return msgspec.convert(found, list[_Item], strict=False)
        except msgspec.ValidationError:
            return []


def push(account: Account, shipment: Shipment) -> Flow[Pushed]:
    """Makes a fulfillment of what the shipment holds, or changes the number of the one it replaces."""
    order = yield from ways.fetch(account, shipment.order)
    before = yield from _there(account, shipment.order)
    ours = ways.with_number(map(_read, before), shipment.number)
    if ours is None:
        yield from _change(account, shipment, before) if shipment.replaces else _make(account, shipment, order, before)
        after = yield from _there(account, shipment.order)
        ours = ways.with_number(map(_read, after), shipment.number)
    if ours is None:
        raise Broken("the number is not on the order", message=Message(id="stores.not_kept"))
    return Pushed(ref=ours.ref)


def read_back(account: Account, order: str) -> Flow[tuple[StoreShipment, ...]]:
    return tuple(map(_read, (yield from _there(account, order))))


def withdraw(account: Account, order: str, ref: str) -> Flow[None]:
    """Deletes a fulfillment; one that is gone already is fine."""
    answer = yield wire.request(account, "DELETE", f"{_place(order)}/{wire.order_id(ref)}")
    if answer.status == 404 and wire.code(answer) not in ("", "rest_no_route"):
        return
    wire.opened(answer)


def _there(account: Account, order: str) -> Flow[list[_Fulfillment]]:
    return convert(wire.opened((yield wire.request(account, "GET", _place(order)))), list[_Fulfillment])


def _make(account: Account, shipment: Shipment, order: OrderShape, before: Iterable[_Fulfillment]) -> Flow[None]:
    items = _items(shipment, order, before)
    if not items:
        raise Refused("nothing left to ship", message=Message(id="stores.nothing_left"))
    meta = [{"id": 0, "key": ITEMS, "value": items}, *_told(shipment, {})]
    wire.opened((yield wire.request(account, "POST", _place(shipment.order), body=_body(shipment, meta))))


def _change(account: Account, shipment: Shipment, before: Iterable[_Fulfillment]) -> Flow[None]:
    old = next((one for one in before if str(one.id) == shipment.replaces), None)
    if old is None:
        raise NotFound(message=Message(id="stores.replaced_gone"))
    known = {one.key: one.id for one in old.meta_data}
    kept = [{"id": one.id, "key": one.key, "value": one.value} for one in old.meta_data if one.key == ITEMS]
    body = _body(shipment, [*kept, *_told(shipment, known)])
    wire.opened((yield wire.request(account, "PUT", f"{_place(shipment.order)}/{old.id}", body=body)))


def _items(shipment: Shipment, order: OrderShape, before: Iterable[_Fulfillment]) -> list[dict[str, object]]:
    """As stated, else what is in no fulfillment yet."""
    if shipment.contents:
        return [{"item_id": int(one.line), "qty": one.qty} for one in shipment.contents if one.line.isdecimal()]
    left = {one.id: float(one.quantity) for one in order.line_items}
    for item in (item for one in before for item in one.items):
        left[item.item_id] = left.get(item.item_id, 0) - item.qty
    return [{"item_id": line, "qty": int(qty)} for line, qty in left.items() if qty > 0]


def _told(shipment: Shipment, known: Mapping[str, int]) -> list[dict[str, object]]:
    """Number and carrier; a carrier that WooCommerce does not know goes by its name and link."""
    slug = shipment.carrier_name or OTHER
    said = {NUMBER: shipment.number, CARRIER: slug, LINK: shipment.url, CARRIER_NAME: shipment.carrier_beside}
    return [
        {"id": known.get(key, 0), "key": key, "value": value} for key, value in said.items() if value or key in known
    ]


def _body(shipment: Shipment, meta: list[dict[str, object]]) -> dict[str, object]:
    return {"status": "fulfilled", "is_fulfilled": True, "notify_customer": shipment.notify, "meta_data": meta}


def _read(one: _Fulfillment) -> StoreShipment:
    sent = one.is_fulfilled in (True, 1, "1", "true")  # a truth in 10.5, a text in 10.9
    carrier = one.said(CARRIER)
    return StoreShipment(
        ref=str(one.id),
        number=one.said(NUMBER),
        carrier=(one.said(CARRIER_NAME) or carrier) if carrier == OTHER else carrier,
        url=one.said(LINK),
        contents=tuple(Content(line=str(item.item_id), qty=int(item.qty)) for item in one.items if item.qty >= 1),
        shipped_at=instant((one.date_updated or "").replace(" ", "T")) if sent else None,
    )


def _place(order: str) -> str:
    return f"/wc/v3/orders/{wire.order_id(order)}/fulfillments"
