"""What Squarespace's orders look like, and how they become ours. Times are ISO 8601, in UTC."""

from collections.abc import Mapping
from typing import Final

import msgspec

from doorstep.connectors.answers import bare, instant
from doorstep.core.order import Buyer, Line, Order, StoreShipment
from doorstep.core.status import Status

CANCELED: Final = "CANCELED"
# FULFILLED says that somebody sent something; Squarespace has no word for "arrived".
STATUS: Mapping[str, Status] = {
    "PENDING": Status.PENDING,
    "FULFILLED": Status.IN_TRANSIT,
    CANCELED: Status.CANCELLED,
}
_NOT_SENT: Final = ("DIGITAL", "SERVICE", "GIFT_CARD", "PAYWALL")  # as a type of line begins


class _Option(msgspec.Struct):
    value: str | None = None


class LineShape(msgspec.Struct, rename="camel"):
    id: str
    quantity: int = 1
    sku: str | None = None
    product_name: str | None = None
    line_item_type: str | None = None
    variant_options: list[_Option] | None = None


class _Address(msgspec.Struct, rename="camel"):
    first_name: str | None = None
    last_name: str | None = None
    city: str | None = None
    postal_code: str | None = None
    country_code: str | None = None
    phone: str | None = None


class _Shipment(msgspec.Struct, rename="camel"):
    tracking_number: str | None = None
    carrier_name: str | None = None
    tracking_url: str | None = None
    ship_date: str | None = None


class OrderShape(msgspec.Struct, rename="camel"):
    id: str
    fulfillment_status: str
    created_on: str
    order_number: str | int = ""
    modified_on: str | None = None
    customer_email: str | None = None
    shipping_address: _Address | None = None
    billing_address: _Address | None = None
    line_items: list[LineShape] = []
    fulfillments: list[_Shipment] | None = None


def read_order(order: OrderShape) -> Order:
    """An order is made when it is paid. ValueError: no usable date."""
    placed, changed = instant(order.created_on), instant(order.modified_on)
    if placed is None:
        raise ValueError(f"not a date: {order.created_on!r}")
    return Order(
        ref=order.id,
        number=str(order.order_number) or order.id,
        placed_at=placed,
        lines=tuple(_read_line(one) for one in order.line_items),
        updated_at=changed,
        cancelled_at=(changed or placed) if order.fulfillment_status == CANCELED else None,
        buyer=_read_buyer(order),
        shipments=None if order.fulfillments is None else read_shipments(order),
    )


def read_shipments(order: OrderShape) -> tuple[StoreShipment, ...]:
    """One for each number, which is all it is known by; what was sent without any is none to us."""
    return tuple(_read_shipment(one) for one in order.fulfillments or () if (one.tracking_number or "").strip())


def with_number(order: OrderShape, number: str) -> StoreShipment | None:
    return next((one for one in read_shipments(order) if bare(one.number) == bare(number)), None)


def goods(line: LineShape) -> bool:
    """Whether it is sent; a type that we have never seen is."""
    return not (line.line_item_type or "").startswith(_NOT_SENT)


def _read_line(line: LineShape) -> Line:
    options = (one.value for one in line.variant_options or ())
    return Line(
        ref=line.id,
        qty=max(0, line.quantity),
        sku=line.sku or "",
        title=" ".join(filter(None, (line.product_name, *options))),
        needs_shipping=goods(line),
    )


def _read_buyer(order: OrderShape) -> Buyer:
    """Who it is sent to; who pays, where nothing is sent."""
    to = order.shipping_address or order.billing_address or _Address()
    return Buyer(
        email=order.customer_email or "",
        phone=to.phone or "",
        name=" ".join(filter(None, (to.first_name, to.last_name))),
        city=to.city or "",
        postcode=to.postal_code or "",
        country=to.country_code or "",
    )


def _read_shipment(one: _Shipment) -> StoreShipment:
    number = (one.tracking_number or "").strip()
    return StoreShipment(
        ref=bare(number) or number,
        number=number,
        carrier=one.carrier_name or "",
        url=one.tracking_url or "",
        shipped_at=instant(one.ship_date),
    )
