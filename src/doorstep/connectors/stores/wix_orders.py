"""What orders and fulfillments look like in Wix eCommerce, and how they become ours. Times are ISO 8601, in UTC."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from doorstep.connectors.answers import Quantity, bare, instant
from doorstep.core.order import Buyer, Content, Line, Order, StoreShipment
from doorstep.core.status import Status

UNPAID: Final = frozenset({"NOT_PAID", "PENDING", "PENDING_MERCHANT", "DECLINED"})
CANCELLED: Final = frozenset({"CANCELED", "REJECTED"})
# States of orders and of their fulfillment. FULFILLED says that it left: Wix has no word for "arrived".
STATUS: Mapping[str, Status] = {
    **dict.fromkeys(("INITIALIZED", "PENDING", "APPROVED", "NOT_FULFILLED"), Status.PENDING),
    **dict.fromkeys(("PARTIALLY_FULFILLED", "FULFILLED"), Status.IN_TRANSIT),
    **dict.fromkeys(CANCELLED, Status.CANCELLED),
}


class _Name(msgspec.Struct):
    original: str = ""


class _Physical(msgspec.Struct):
    sku: str | None = None
    shippable: bool | None = None


class _Type(msgspec.Struct):
    preset: str | None = None


class LineShape(msgspec.Struct, rename="camel"):
    id: str
    quantity: Quantity = 1
    refund_quantity: Quantity | None = None
    product_name: _Name = msgspec.field(default_factory=_Name)
    physical_properties: _Physical = msgspec.field(default_factory=_Physical)
    item_type: _Type = msgspec.field(default_factory=_Type)

    @property
    def goods(self) -> bool:
        """Whether it is sent. Custom items, and what Wix calls nothing, are."""
        said = self.physical_properties.shippable
        return self.item_type.preset in {None, "UNRECOGNISED", "PHYSICAL"} if said is None else said


class _Details(msgspec.Struct, rename="camel"):
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None


class _Address(msgspec.Struct, rename="camel"):
    city: str | None = None
    postal_code: str | None = None
    country: str | None = None


class _Contact(msgspec.Struct, rename="camel"):
    address: _Address = msgspec.field(default_factory=_Address)
    contact_details: _Details = msgspec.field(default_factory=_Details)


class _Logistics(msgspec.Struct, rename="camel"):
    shipping_destination: _Contact | None = None


class _Shipping(msgspec.Struct):
    logistics: _Logistics = msgspec.field(default_factory=_Logistics)


class _Who(msgspec.Struct):
    email: str | None = None


class OrderShape(msgspec.Struct, rename="camel"):
    id: str
    status: str
    created_date: str
    number: str | int = ""
    purchased_date: str | None = None
    updated_date: str | None = None
    payment_status: str | None = None
    fulfillment_status: str | None = None
    line_items: list[LineShape] = []
    buyer_info: _Who = msgspec.field(default_factory=_Who)
    buyer_language: str | None = None
    shipping_info: _Shipping | None = None
    recipient_info: _Contact | None = None
    billing_info: _Contact | None = None


class _Part(msgspec.Struct):
    id: str
    quantity: Quantity | None = None


class _Tracking(msgspec.Struct, rename="camel"):
    tracking_number: str | None = None
    shipping_provider: str | None = None
    tracking_link: str | None = None


class FulfillmentShape(msgspec.Struct, rename="camel"):
    id: str
    created_date: str | None = None
    line_items: list[_Part] = []
    tracking_info: _Tracking | None = None


class Fulfilled(msgspec.Struct, rename="camel"):
    """An order's fulfillments, as Wix lists them beside its id."""

    order_id: str
    fulfillments: list[FulfillmentShape] = []


def read_order(order: OrderShape, there: Sequence[FulfillmentShape] | None) -> Order:
    """``there``: its fulfillments, None = not asked for. ValueError: no usable date."""
    placed = instant(order.purchased_date) or instant(order.created_date)
    changed = instant(order.updated_date)
    if placed is None:
        raise ValueError(f"not a date: {order.created_date!r}")
    if there is None and order.fulfillment_status == "NOT_FULFILLED":
        there = ()
    cancelled = order.status in CANCELLED
    sent = _sent(there or ())
    return Order(
        ref=order.id,
        number=str(order.number) or order.id,
        placed_at=placed,
        lines=tuple(_read_line(one, sent.get(one.id, 0)) for one in order.line_items),
        updated_at=changed,
        cancelled_at=(changed or placed) if cancelled else None,
        awaiting_payment=order.payment_status in UNPAID and not cancelled,
        buyer=_read_buyer(order),
        shipments=None if there is None else read_fulfillments(there),
    )


def read_fulfillments(there: Sequence[FulfillmentShape]) -> tuple[StoreShipment, ...]:
    return tuple(_read_fulfillment(one) for one in there)


def with_number(there: Sequence[FulfillmentShape], number: str) -> FulfillmentShape | None:
    numbers = ((one, one.tracking_info.tracking_number or "") for one in there if one.tracking_info)
    return next((one for one, said in numbers if bare(said) == bare(number)), None)


def left(order: OrderShape, there: Sequence[FulfillmentShape]) -> tuple[Content, ...]:
    """What can be sent: neither in a fulfillment nor refunded before it could be."""
    sent = _sent(there)
    lines = ((one, _read_line(one, sent.get(one.id, 0))) for one in order.line_items if one.goods)
    counted = ((one.id, line.qty - line.qty_cancelled - sent.get(one.id, 0)) for one, line in lines)
    return tuple(Content(line=ref, qty=qty) for ref, qty in counted if qty > 0)


def _sent(there: Sequence[FulfillmentShape]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for part in (part for one in there for part in one.line_items):
        counted[part.id] = counted.get(part.id, 0) + int(part.quantity or 0)
    return counted


def _read_line(line: LineShape, sent: int) -> Line:
    """Refunded and never sent is cancelled; what was sent and came back stays in the order."""
    qty = max(0, int(line.quantity))
    return Line(
        ref=line.id,
        qty=qty,
        qty_cancelled=max(0, min(int(line.refund_quantity or 0), qty - sent)),
        sku=line.physical_properties.sku or "",
        title=line.product_name.original,
        needs_shipping=line.goods,
    )


def _read_buyer(order: OrderShape) -> Buyer:
    """Who it is sent to; who pays, where nothing is sent."""
    sent = order.shipping_info and order.shipping_info.logistics.shipping_destination
    to = sent or order.recipient_info or order.billing_info or _Contact()
    return Buyer(
        email=order.buyer_info.email or "",
        phone=to.contact_details.phone or "",
        name=" ".join(filter(None, (to.contact_details.first_name, to.contact_details.last_name))),
        city=to.address.city or "",
        postcode=to.address.postal_code or "",
        country=to.address.country or "",
        locale=order.buyer_language or "",
    )


def _read_fulfillment(one: FulfillmentShape) -> StoreShipment:
    said = one.tracking_info or _Tracking()
    return StoreShipment(
        ref=one.id,
        number=(said.tracking_number or "").strip(),
        carrier=said.shipping_provider or "",
        url=said.tracking_link or "",
        contents=tuple(Content(line=part.id, qty=int(part.quantity or 0)) for part in one.line_items if part.quantity),
        shipped_at=instant(one.created_date),
    )
