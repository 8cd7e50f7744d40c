"""What orders look like in the Customer Account API, and how they become ours."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from doorstep.connectors.answers import instant
from doorstep.connectors.stores.shopify_admin.orders import AWAITING, FALLEN, LineRef, TrackingShape, tail
from doorstep.connectors.stores.shopify_admin.orders import STATUS as SHOWN
from doorstep.core.order import Content, Line, Order, StoreShipment
from doorstep.core.status import Status

# What a fulfillment's newest event may be called here (FulfillmentEventStatus): the Admin API's words mean the same.
STATUS: Final[Mapping[str, Status]] = {
    word: SHOWN[word]
    for word in (
        *("LABEL_PURCHASED", "LABEL_PRINTED", "CONFIRMED", "CARRIER_PICKED_UP", "IN_TRANSIT", "DELAYED"),
        *("OUT_FOR_DELIVERY", "ATTEMPTED_DELIVERY", "READY_FOR_PICKUP", "PICKED_UP", "DELIVERED", "FAILURE"),
    )
}


class _Page(msgspec.Struct, rename="camel"):
    has_next_page: bool = False


class _Line(msgspec.Struct, rename="camel"):
    id: str
    quantity: int
    name: str = ""
    sku: str | None = None
    requires_shipping: bool = True


class _Lines(msgspec.Struct, rename="camel"):
    nodes: list[_Line]
    page_info: _Page


class _Part(msgspec.Struct, rename="camel"):
    line_item: LineRef
    quantity: int | None = None


class _Parts(msgspec.Struct, rename="camel"):
    nodes: list[_Part]
    page_info: _Page


class _Fulfillment(msgspec.Struct, rename="camel"):
    id: str
    created_at: str
    fulfillment_line_items: _Parts
    status: str | None = None
    latest_shipment_status: str | None = None
    tracking_information: list[TrackingShape] = []


class _Fulfillments(msgspec.Struct, rename="camel"):
    nodes: list[_Fulfillment]
    page_info: _Page


class OrderShape(msgspec.Struct, rename="camel"):
    id: str
    name: str
    created_at: str
    line_items: _Lines
    fulfillments: _Fulfillments
    updated_at: str | None = None
    cancelled_at: str | None = None
    financial_status: str | None = None

    @property
    def words(self) -> Iterator[str]:
        """What it says of where its parcels are."""
        return (one.latest_shipment_status or "" for one in self.fulfillments.nodes)


def cut(order: OrderShape) -> bool:
    """Whether the answer may hold less than the order does. It is not read then: a line left out would look removed."""
    parts = [one.fulfillment_line_items for one in order.fulfillments.nodes]
    pages = [order.line_items.page_info, order.fulfillments.page_info, *(one.page_info for one in parts)]
    return any(one.has_next_page for one in pages)


def read_order(order: OrderShape) -> Order:
    """ValueError where there is no usable date. Who ordered is not asked for: it is whoever signed in."""
    placed = instant(order.created_at)
    if placed is None:
        raise ValueError("createdAt is not a date")
    return Order(
        ref=tail(order.id),
        number=order.name,
        placed_at=placed,
        lines=tuple(map(_line, order.line_items.nodes)),
        updated_at=instant(order.updated_at),
        cancelled_at=instant(order.cancelled_at),
        awaiting_payment=order.financial_status in AWAITING,
        shipments=tuple(_shipments(order)),
    )


def _line(line: _Line) -> Line:
    return Line(
        ref=tail(line.id),
        qty=max(line.quantity, 0),
        sku=line.sku or "",
        title=line.name,
        needs_shipping=line.requires_shipping,
    )


def _shipments(order: OrderShape) -> Iterator[StoreShipment]:
    """What stands: one for each number of a fulfillment, and one without a number where it has none."""
    for one in order.fulfillments.nodes:
        parts = one.fulfillment_line_items.nodes
        contents = tuple(Content(line=tail(part.line_item.id), qty=part.quantity) for part in parts if part.quantity)
        numbered = [tracking for tracking in one.tracking_information if (tracking.number or "").strip()]
        for tracking in (numbered or [TrackingShape()]) if one.status not in FALLEN else ():
            yield StoreShipment(
                ref=tail(one.id),
                number=(tracking.number or "").strip(),
                carrier=tracking.company or "",
                url=tracking.url or "",
                contents=contents,
                shipped_at=instant(one.created_at),
                delivered=STATUS.get(one.latest_shipment_status or "") is Status.DELIVERED,
            )
