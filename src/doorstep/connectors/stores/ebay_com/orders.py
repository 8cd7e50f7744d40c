"""What eBay's orders and shipping fulfillments look like, and how they become ours. Times are UTC and say so.

An order only points at its fulfillments; they are asked for apart, and travel beside the order as its context.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from doorstep.connectors.answers import bare, instant
from doorstep.core.order import Buyer, Content, Line, Order, StoreShipment
from doorstep.core.status import Status

# orderFulfillmentStatus, and beside it the one cancelState that ends an order.
STATUS: Mapping[str, Status] = {
    "NOT_STARTED": Status.PENDING,
    "IN_PROGRESS": Status.IN_TRANSIT,
    "FULFILLED": Status.IN_TRANSIT,
    "CANCELED": Status.CANCELLED,
}
UNPAID = frozenset({"PENDING", "FAILED"})
HANDED_OVER = frozenset({"DIGITAL", "PREPARE_FOR_PICKUP", "FULFILLED_BY_EBAY"})  # nothing of it is the seller's to ship


class _Phone(msgspec.Struct, rename="camel"):
    phone_number: str = ""


class _Address(msgspec.Struct, rename="camel"):
    city: str = ""
    postal_code: str = ""
    country_code: str = ""


class _Contact(msgspec.Struct, rename="camel"):
    full_name: str = ""
    email: str = ""
    primary_phone: _Phone | None = None
    contact_address: _Address | None = None


class _Step(msgspec.Struct, rename="camel"):
    ship_to: _Contact | None = None


class _Start(msgspec.Struct, rename="camel"):
    fulfillment_instructions_type: str = ""
    final_destination_address: _Address | None = None
    shipping_step: _Step | None = None


class _LineInstructions(msgspec.Struct, rename="camel"):
    ship_by_date: str | None = None


class _Line(msgspec.Struct, rename="camel"):
    line_item_id: str
    quantity: int
    title: str | None = None
    sku: str | None = None
    line_item_fulfillment_status: str = ""
    line_item_fulfillment_instructions: _LineInstructions | None = None


class _Cancel(msgspec.Struct, rename="camel"):
    cancel_state: str = ""
    cancelled_date: str | None = None


class _Payment(msgspec.Struct, rename="camel"):
    payment_date: str | None = None


class _Payments(msgspec.Struct, rename="camel"):
    payments: list[_Payment] | None = None


class OrderShape(msgspec.Struct, rename="camel"):
    order_id: str
    creation_date: str
    order_fulfillment_status: str
    last_modified_date: str | None = None
    order_payment_status: str = ""
    sales_record_reference: str | None = None
    cancel_status: _Cancel | None = None
    payment_summary: _Payments | None = None
    fulfillment_start_instructions: list[_Start] | None = None
    fulfillment_hrefs: list[str] | None = None
    line_items: list[_Line] = []


class _Part(msgspec.Struct, rename="camel"):
    line_item_id: str
    quantity: int = 1  # the documented default


class FulfillmentShape(msgspec.Struct, rename="camel"):
    fulfillment_id: str
    shipment_tracking_number: str | None = None
    shipping_carrier_code: str | None = None
    shipped_date: str | None = None
    line_items: list[_Part] | None = None


class Fulfillments(msgspec.Struct):
    fulfillments: list[FulfillmentShape] | None = None


def read_order(order: OrderShape, shipped: tuple[StoreShipment, ...] | None) -> Order:
    """``shipped`` None: not asked for, so only an order without any says so. ValueError: no usable date."""
    placed = instant(order.creation_date)
    if placed is None:
        raise ValueError("creationDate is not a date")
    payments = order.payment_summary.payments if order.payment_summary else None
    paid = [at for one in payments or () if (at := instant(one.payment_date))]
    return Order(
        ref=order.order_id,
        number=order.order_id,
        placed_at=placed,
        lines=tuple(_read_line(one, order) for one in order.line_items),
        updated_at=instant(order.last_modified_date),
        paid_at=min(paid, default=None),
        cancelled_at=_cancelled_at(order),
        awaiting_payment=order.order_payment_status in UNPAID,
        ship_by=min((at for one in order.line_items if (at := _ship_by(one))), default=None),
        buyer=_read_buyer(order),
        shipments=() if shipped is None and not order.fulfillment_hrefs else shipped,
    )


def cancelled(order: OrderShape) -> bool:
    return bool(order.cancel_status and order.cancel_status.cancel_state == "CANCELED")


def _cancelled_at(order: OrderShape) -> datetime | None:
    """When, or the last change where eBay leaves it out."""
    if not cancelled(order) or order.cancel_status is None:
        return None
    return instant(order.cancel_status.cancelled_date) or instant(order.last_modified_date)


def _ship_by(line: _Line) -> datetime | None:
    """Of what has not left yet."""
    instructions = line.line_item_fulfillment_instructions
    left = line.line_item_fulfillment_status != "FULFILLED"
    return instant(instructions.ship_by_date) if instructions and left else None


def _read_line(line: _Line, order: OrderShape) -> Line:
    """eBay refunds money, not quantities: what was wholly refunded before it left counts as cancelled."""
    types = {one.fulfillment_instructions_type for one in order.fulfillment_start_instructions or ()}
    returned = order.order_payment_status == "FULLY_REFUNDED" and line.line_item_fulfillment_status == "NOT_STARTED"
    qty = max(line.quantity, 0)
    return Line(
        ref=line.line_item_id,
        qty=qty,
        qty_cancelled=qty if returned else 0,
        sku=line.sku or "",
        title=line.title or "",
        needs_shipping=not types or not types <= HANDED_OVER,
    )


def _read_buyer(order: OrderShape) -> Buyer:
    """Who receives. Through eBay's own export programme the parcel goes to a warehouse: the destination is told."""
    start = next(iter(order.fulfillment_start_instructions or ()), _Start())
    to = (start.shipping_step and start.shipping_step.ship_to) or _Contact()
    place = start.final_destination_address or to.contact_address or _Address()
    return Buyer(
        email=to.email,
        phone=to.primary_phone.phone_number if to.primary_phone else "",
        name=to.full_name,
        city=place.city,
        postcode=place.postal_code,
        country=place.country_code,
    )


def read_fulfillments(found: Fulfillments) -> tuple[StoreShipment, ...]:
    return tuple(_read_fulfillment(one) for one in found.fulfillments or ())


def _read_fulfillment(one: FulfillmentShape) -> StoreShipment:
    return StoreShipment(
        ref=one.fulfillment_id,
        number=one.shipment_tracking_number or "",
        carrier=one.shipping_carrier_code or "",
        contents=tuple(Content(line=part.line_item_id, qty=part.quantity) for part in one.line_items or ()),
        shipped_at=instant(one.shipped_date),
    )


def with_number(shipments: tuple[StoreShipment, ...], number: str) -> StoreShipment | None:
    return next((one for one in shipments if bare(one.number) == bare(number)), None)


def unshipped(order: OrderShape, shipments: tuple[StoreShipment, ...]) -> tuple[Content, ...]:
    """Lines and quantities in no fulfillment yet."""
    left = {one.line_item_id: one.quantity for one in order.line_items}
    for part in (part for one in shipments for part in one.contents):
        left[part.line] = left.get(part.line, 0) - part.qty
    return tuple(Content(line=line, qty=qty) for line, qty in left.items() if qty > 0)
