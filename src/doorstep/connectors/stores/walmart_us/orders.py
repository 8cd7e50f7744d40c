"""What Walmart's purchase orders look like, and how they become ours. Times are milliseconds since 1970.

A line says for each part of its quantity how far it is and, once shipped, under which number: shipments are put
together from the lines that name the same number.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from doorstep.connectors.answers import bare
from doorstep.core.order import Buyer, Content, Line, Order, StoreShipment
from doorstep.core.status import Status

OPEN = frozenset({"Created", "Acknowledged"})
COUNTRIES = {"USA": "US"}  # Walmart writes three letters
STATUS: Mapping[str, Status] = {
    **dict.fromkeys(OPEN, Status.PENDING),
    "Shipped": Status.IN_TRANSIT,
    "Delivered": Status.DELIVERED,
    "Cancelled": Status.CANCELLED,
    "Refund": Status.UNKNOWN,  # money went back; it hides how far the goods are
}


class _Quantity(msgspec.Struct):
    amount: int = 0


class _Carrier(msgspec.Struct, rename="camel"):
    carrier: str | None = None
    other_carrier: str | None = None


class _Tracking(msgspec.Struct):
    number: str | None = msgspec.field(default=None, name="trackingNumber")
    url: str | None = msgspec.field(default=None, name="trackingURL")
    shipped: int | None = msgspec.field(default=None, name="shipDateTime")
    carrier: _Carrier | None = msgspec.field(default=None, name="carrierName")


class _Status(msgspec.Struct, rename="camel"):
    status: str
    status_quantity: _Quantity = msgspec.field(default_factory=_Quantity)
    tracking_info: _Tracking | None = None


class _Statuses(msgspec.Struct, rename="camel"):
    order_line_status: list[_Status] = []


class _Item(msgspec.Struct, rename="camel"):
    product_name: str | None = None
    sku: str | None = None


class LineShape(msgspec.Struct, rename="camel"):
    line_number: str
    item: _Item = msgspec.field(default_factory=_Item)
    order_line_quantity: _Quantity = msgspec.field(default_factory=_Quantity)
    order_line_statuses: _Statuses = msgspec.field(default_factory=_Statuses)
    status_date: int | None = None
    intent_to_cancel: str | None = None


class _Lines(msgspec.Struct, rename="camel"):
    order_line: list[LineShape] = []


class _Address(msgspec.Struct, rename="camel"):
    name: str | None = None
    city: str | None = None
    postal_code: str | None = None
    country: str | None = None


class _Shipping(msgspec.Struct, rename="camel"):
    phone: str | None = None
    estimated_ship_date: int | None = None
    method_code: str | None = None
    postal_address: _Address = msgspec.field(default_factory=_Address)


class OrderShape(msgspec.Struct, rename="camel"):
    purchase_order_id: str
    order_date: int
    customer_order_id: str | None = None
    customer_email_id: str | None = None
    shipping_info: _Shipping = msgspec.field(default_factory=_Shipping)
    order_lines: _Lines = msgspec.field(default_factory=_Lines)

    @property
    def lines(self) -> list[LineShape]:
        return self.order_lines.order_line


def read_order(order: OrderShape) -> Order:
    """ValueError: no usable date. The buyer knows the order by Walmart's customer order id."""
    placed = _instant(order.order_date)
    if placed is None:
        raise ValueError("orderDate is not a time")
    changed = max((at for one in order.lines if (at := _instant(one.status_date))), default=None)
    return Order(
        ref=order.purchase_order_id,
        number=order.customer_order_id or order.purchase_order_id,
        placed_at=placed,
        lines=tuple(_read_line(one) for one in order.lines),
        updated_at=changed,
        cancelled_at=(changed or placed) if cancelled(order) else None,
        ship_by=_instant(order.shipping_info.estimated_ship_date),
        buyer=_read_buyer(order),
        shipments=shipments(order),
    )


def words(order: OrderShape) -> list[str]:
    return [part.status for one in order.lines for part in one.order_line_statuses.order_line_status]


def cancelled(order: OrderShape) -> bool:
    return bool(words(order)) and set(words(order)) == {"Cancelled"}


def _amount(line: LineShape, states: frozenset[str]) -> int:
    """How many of a line are in one of these states; never more than there are."""
    parts = (one for one in line.order_line_statuses.order_line_status if one.status in states)
    return min(sum(max(one.status_quantity.amount, 0) for one in parts), max(line.order_line_quantity.amount, 0))


def _read_line(line: LineShape) -> Line:
    return Line(
        ref=line.line_number,
        qty=max(line.order_line_quantity.amount, 0),
        qty_cancelled=_amount(line, frozenset({"Cancelled"})),
        sku=line.item.sku or "",
        title=line.item.product_name or "",
    )


def _read_buyer(order: OrderShape) -> Buyer:
    to = order.shipping_info.postal_address
    return Buyer(
        email=order.customer_email_id or "",
        phone=order.shipping_info.phone or "",
        name=to.name or "",
        city=to.city or "",
        postcode=to.postal_code or "",
        country=COUNTRIES.get(to.country or "", to.country or ""),
    )


def shipments(order: OrderShape) -> tuple[StoreShipment, ...]:
    """One for each number; delivered when all of it is."""
    found: dict[str, list[tuple[LineShape, _Status, _Tracking]]] = {}
    for line in order.lines:
        for one in line.order_line_statuses.order_line_status:
            if one.tracking_info and one.tracking_info.number and one.status not in OPEN:
                found.setdefault(one.tracking_info.number.strip(), []).append((line, one, one.tracking_info))
    return tuple(_read_shipment(number, parts) for number, parts in found.items())


def _read_shipment(number: str, parts: list[tuple[LineShape, _Status, _Tracking]]) -> StoreShipment:
    info = parts[0][2]
    carrier = info.carrier or _Carrier()
    return StoreShipment(
        ref=number,
        number=number,
        carrier=carrier.carrier or carrier.other_carrier or "",
        url=info.url or "",
        contents=tuple(Content(line=line.line_number, qty=one.status_quantity.amount) for line, one, _ in parts),
        shipped_at=_instant(info.shipped),
        delivered=all(one.status == "Delivered" for _, one, _ in parts),
    )


def with_number(order: OrderShape, number: str) -> StoreShipment | None:
    return next((one for one in shipments(order) if bare(one.number) == bare(number)), None)


def unshipped(order: OrderShape) -> tuple[Content, ...]:
    left = ((one.line_number, _amount(one, OPEN)) for one in order.lines)
    return tuple(Content(line=line, qty=qty) for line, qty in left if qty > 0)


def _instant(milliseconds: int | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None
    except (ValueError, OverflowError, OSError):
        return None
