"""What BigCommerce's orders and shipments look like, and how they become ours. Times are RFC 2822, in UTC.

The lines of an order hang below its consignments: what is shipped (by address), picked up, downloaded.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from doorstep.connectors.answers import bare, text
from doorstep.core.order import Buyer, Content, Line, Order, StoreShipment
from doorstep.core.status import Status

# By number: a merchant may give a status another label, its number stays.
NAMES: Mapping[int, str] = {
    0: "Incomplete",
    1: "Pending",
    2: "Shipped",
    3: "Partially Shipped",
    4: "Refunded",
    5: "Cancelled",
    6: "Declined",
    7: "Awaiting Payment",
    8: "Awaiting Pickup",
    9: "Awaiting Shipment",
    10: "Completed",
    11: "Awaiting Fulfillment",
    12: "Manual Verification Required",
    13: "Disputed",
    14: "Partially Refunded",
}
UNPAID = frozenset({"Incomplete", "Pending", "Awaiting Payment"})  # Incomplete: left in the middle of the checkout
CANCELLED = frozenset({"Cancelled", "Declined"})
STATUS: Mapping[str, Status] = {
    **dict.fromkeys(NAMES.values(), Status.PENDING),
    **dict.fromkeys(CANCELLED, Status.CANCELLED),
    # Shipped and Completed say that it left, not that it arrived; a refund or a dispute hides how far the goods are.
    **dict.fromkeys(("Shipped", "Partially Shipped", "Completed"), Status.IN_TRANSIT),
    **dict.fromkeys(("Refunded", "Partially Refunded", "Disputed"), Status.UNKNOWN),
}


class LineShape(msgspec.Struct):
    id: int
    quantity: int
    order_address_id: int = 0
    name: str | None = None
    sku: str | None = None
    type: str = "physical"
    quantity_shipped: int = 0
    quantity_refunded: int = 0

    @property
    def cancelled(self) -> int:
        """Refunded and never sent; what was sent and came back stays in the order."""
        return max(0, min(self.quantity_refunded, self.quantity - self.quantity_shipped))

    @property
    def left(self) -> int:
        return max(0, self.quantity - self.quantity_shipped - self.cancelled)


class _Consignment(msgspec.Struct):
    line_items: list[LineShape] = []


class _Shipping(msgspec.Struct):
    id: int = 0
    first_name: str | None = None
    last_name: str | None = None
    city: str | None = None
    zip: str | None = None
    country_iso2: str | None = None
    email: str | None = None
    phone: str | None = None
    line_items: list[LineShape] = []


class _Consignments(msgspec.Struct):
    shipping: list[_Shipping]
    pickups: list[_Consignment] = []
    downloads: list[_Consignment] = []


class _Billing(msgspec.Struct):
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None


class OrderShape(msgspec.Struct):
    id: int
    status_id: int
    date_created: str
    consignments: _Consignments
    status: str | None = None
    date_modified: str | None = None
    items_shipped: int = 0
    payment_method: str | None = None
    payment_provider_id: str | int | float | None = None
    billing_address: _Billing = msgspec.field(default_factory=_Billing)
    customer_locale: str | None = None

    @property
    def word(self) -> str:
        """The status by its own name; of a number that we do not know the store's label."""
        return NAMES.get(self.status_id) or self.status or str(self.status_id)


class _Item(msgspec.Struct):
    order_product_id: int
    quantity: int


class ShipmentShape(msgspec.Struct):
    id: int
    tracking_number: str | None = None
    date_created: str | None = None
    shipping_provider: str | None = None
    shipping_provider_display_name: str | None = None
    tracking_carrier: str | None = None
    tracking_link: str | None = None
    generated_tracking_link: str | None = None
    items: list[_Item] = []


def read_order(order: OrderShape, shown: Sequence[ShipmentShape] | None) -> Order:
    """``shown``: its shipments, None = not asked for. ValueError: no usable date."""
    placed, changed = _instant(order.date_created), _instant(order.date_modified)
    if placed is None:
        raise ValueError(f"not a date: {order.date_created!r}")
    if shown is None and order.items_shipped == 0:
        shown = ()
    return Order(
        ref=str(order.id),
        number=str(order.id),
        placed_at=placed,
        lines=tuple(_lines(order.consignments)),
        updated_at=changed,
        cancelled_at=(changed or placed) if order.word in CANCELLED else None,
        awaiting_payment=order.word in UNPAID,
        transaction=_transaction(order),
        buyer=_read_buyer(order),
        shipments=None if shown is None else read_shipments(shown),
    )


def read_shipments(shown: Sequence[ShipmentShape]) -> tuple[StoreShipment, ...]:
    return tuple(_read_shipment(one) for one in shown)


def with_number(shown: Sequence[ShipmentShape], number: str) -> ShipmentShape | None:
    return next((one for one in shown if bare(one.tracking_number or "") == bare(number)), None)


def shippable(order: OrderShape) -> Mapping[str, tuple[LineShape, int]]:
    """What can be sent, by line: the line and the address that it goes to."""
    parts = order.consignments.shipping
    lines = ((one, one.order_address_id or part.id) for part in parts for one in part.line_items)
    return {str(one.id): (one, address) for one, address in lines if one.type == "physical"}


def _lines(parts: _Consignments) -> Iterator[Line]:
    for part in parts.shipping:
        yield from (_read_line(one, needs_shipping=one.type == "physical") for one in part.line_items)
    for other in (*parts.pickups, *parts.downloads):
        yield from (_read_line(one, needs_shipping=False) for one in other.line_items)


def _read_line(line: LineShape, *, needs_shipping: bool) -> Line:
    return Line(
        ref=str(line.id),
        qty=max(line.quantity, 0),
        qty_cancelled=line.cancelled,
        sku=line.sku or "",
        title=line.name or "",
        needs_shipping=needs_shipping,
    )


def _transaction(order: OrderShape) -> str:
    """PayPal's id of the payment; the ids of others, and those that Braintree gives a payment by PayPal, PayPal does
    not know. The method is told as the shop calls it.
    """
    called = (order.payment_method or "").lower()
    known = "paypal" in called and "braintree" not in called and order.word not in UNPAID
    return text(order.payment_provider_id) if known else ""


def _read_buyer(order: OrderShape) -> Buyer:
    """Who it is sent to; who pays, where nothing is sent. Of several addresses the first."""
    paid = order.billing_address
    to = next(iter(order.consignments.shipping), _Shipping(first_name=paid.first_name, last_name=paid.last_name))
    return Buyer(
        email=paid.email or to.email or "",
        phone=to.phone or paid.phone or "",
        name=" ".join(filter(None, (to.first_name, to.last_name))),
        city=to.city or "",
        postcode=to.zip or "",
        country=to.country_iso2 or "",
        locale=order.customer_locale or "",
    )


def _read_shipment(shipment: ShipmentShape) -> StoreShipment:
    named = (shipment.shipping_provider_display_name, shipment.shipping_provider, shipment.tracking_carrier)
    return StoreShipment(
        ref=str(shipment.id),
        number=(shipment.tracking_number or "").strip(),
        carrier=next(filter(None, named), ""),
        url=shipment.tracking_link or shipment.generated_tracking_link or "",
        contents=tuple(Content(line=str(one.order_product_id), qty=one.quantity) for one in shipment.items),
        shipped_at=_instant(shipment.date_created),
    )


def _instant(said: str | None) -> datetime | None:
    """RFC 2822 as aware UTC; without a zone it is UTC, as documented."""
    try:
        at = parsedate_to_datetime(said or "")
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
