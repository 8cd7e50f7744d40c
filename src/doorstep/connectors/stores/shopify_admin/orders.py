"""What Shopify's orders look like in the Admin API, and how they become ours."""

from collections.abc import Iterator, Mapping

import msgspec

from doorstep.connectors.answers import instant
from doorstep.connectors.stores.shopify_admin.documents import ALONE, IN_LIST
from doorstep.core.order import Buyer, Content, Line, Order, StoreShipment
from doorstep.core.status import Status

# What a fulfillment shows; webhooks say the same words in lower case.
STATUS: Mapping[str, Status] = {
    **dict.fromkeys(("FULFILLED", "MARKED_AS_FULFILLED", "SUBMITTED", "CONFIRMED"), Status.PENDING),
    **dict.fromkeys(("LABEL_PRINTED", "LABEL_PURCHASED"), Status.INFO_RECEIVED),
    "CARRIER_PICKED_UP": Status.PICKED_UP,
    **dict.fromkeys(("IN_TRANSIT", "DELAYED"), Status.IN_TRANSIT),
    "OUT_FOR_DELIVERY": Status.OUT_FOR_DELIVERY,
    "READY_FOR_PICKUP": Status.AVAILABLE_FOR_PICKUP,
    "ATTEMPTED_DELIVERY": Status.ATTEMPT_FAILED,
    **dict.fromkeys(("DELIVERED", "PICKED_UP"), Status.DELIVERED),
    **dict.fromkeys(("FAILURE", "NOT_DELIVERED"), Status.EXCEPTION),
    **dict.fromkeys(("CANCELED", "LABEL_VOIDED"), Status.CANCELLED),
}
FALLEN = frozenset({"CANCELLED", "ERROR", "FAILURE"})  # a fulfillment that does not stand
AWAITING = frozenset({"PENDING", "EXPIRED"})


class _Page(msgspec.Struct, rename="camel"):
    has_next_page: bool = False


class _Line(msgspec.Struct, rename="camel"):
    id: str
    quantity: int
    current_quantity: int
    unfulfilled_quantity: int
    name: str = ""
    sku: str | None = None
    requires_shipping: bool = True


class _Lines(msgspec.Struct, rename="camel"):
    nodes: list[_Line]
    page_info: _Page


class LineRef(msgspec.Struct):
    id: str


class _Part(msgspec.Struct, rename="camel"):
    line_item: LineRef
    quantity: int | None = None


class _Parts(msgspec.Struct, rename="camel"):
    nodes: list[_Part]
    page_info: _Page


class TrackingShape(msgspec.Struct):
    company: str | None = None
    number: str | None = None
    url: str | None = None


class FulfillmentShape(msgspec.Struct, rename="camel"):
    legacy_resource_id: str
    status: str
    created_at: str
    fulfillment_line_items: _Parts
    display_status: str | None = None
    tracking_info: list[TrackingShape] = []

    @property
    def stands(self) -> bool:
        return self.status not in FALLEN

    @property
    def numbered(self) -> list[TrackingShape]:
        return [one for one in self.tracking_info if (one.number or "").strip()]

    def contents(self) -> tuple[Content, ...]:
        return tuple(
            Content(line=tail(one.line_item.id), qty=one.quantity)
            for one in self.fulfillment_line_items.nodes
            if one.quantity
        )


class _Address(msgspec.Struct, rename="camel"):
    name: str | None = None
    city: str | None = None
    zip: str | None = None
    country_code_v2: str | None = msgspec.field(default=None, name="countryCodeV2")
    phone: str | None = None


class OrderShape(msgspec.Struct, rename="camel"):
    legacy_resource_id: str
    name: str
    created_at: str
    line_items: _Lines
    fulfillments: list[FulfillmentShape]
    updated_at: str | None = None
    cancelled_at: str | None = None
    display_financial_status: str | None = None
    customer_locale: str | None = None
    email: str | None = None
    phone: str | None = None
    shipping_address: _Address | None = None

    @property
    def standing(self) -> list[FulfillmentShape]:
        return [one for one in self.fulfillments if one.stands]

    @property
    def left(self) -> bool:
        """Whether anything is still to be sent."""
        return any(one.unfulfilled_quantity > 0 and one.requires_shipping for one in self.line_items.nodes)


def cut(order: OrderShape, *, alone: bool) -> bool:
    """Whether the answer may hold less than the order does. It is not read then: a line left out would look removed."""
    sizes = ALONE if alone else IN_LIST
    return (
        order.line_items.page_info.has_next_page
        or len(order.fulfillments) >= sizes["fulfillments"]
        or any(len(one.tracking_info) >= sizes["numbers"] for one in order.fulfillments)
        or any(one.fulfillment_line_items.page_info.has_next_page for one in order.fulfillments)
    )


def read_order(order: OrderShape) -> Order:
    """ValueError where there is no usable date. Shopify does not say when it was paid."""
    placed = instant(order.created_at)
    if placed is None:
        raise ValueError("createdAt is not a date")
    shipped: dict[str, int] = {}
    for part in (part for one in order.standing for part in one.contents()):
        shipped[part.line] = shipped.get(part.line, 0) + part.qty
    return Order(
        ref=order.legacy_resource_id,
        number=order.name,
        placed_at=placed,
        lines=tuple(_read_line(one, shipped.get(tail(one.id), 0)) for one in order.line_items.nodes),
        updated_at=instant(order.updated_at),
        cancelled_at=instant(order.cancelled_at),
        awaiting_payment=order.display_financial_status in AWAITING,
        buyer=_read_buyer(order),
        shipments=tuple(shipments(order)),
    )


def _read_line(line: _Line, shipped: int) -> Line:
    """Removed and refunded units count as cancelled, unless they had been sent before."""
    gone = min(line.quantity - line.current_quantity, line.quantity - shipped - line.unfulfilled_quantity)
    return Line(
        ref=tail(line.id),
        qty=max(line.quantity, 0),
        qty_cancelled=max(gone, 0),
        sku=line.sku or "",
        title=line.name,
        needs_shipping=line.requires_shipping,
    )


def _read_buyer(order: OrderShape) -> Buyer:
    to = order.shipping_address or _Address()
    return Buyer(
        email=order.email or "",
        phone=to.phone or order.phone or "",
        name=to.name or "",
        city=to.city or "",
        postcode=to.zip or "",
        country=to.country_code_v2 or "",
        locale=order.customer_locale or "",
    )


def shipments(order: OrderShape) -> Iterator[StoreShipment]:
    """What stands: one for each number of a fulfillment, all with its ref and what it holds (they are its boxes), and
    one without a number where it has none.
    """
    for one in order.standing:
        for tracking in one.numbered or [TrackingShape()]:
            yield StoreShipment(
                ref=one.legacy_resource_id,
                number=(tracking.number or "").strip(),
                carrier=tracking.company or "",
                url=tracking.url or "",
                contents=one.contents(),
                shipped_at=instant(one.created_at),
                delivered=STATUS.get(one.display_status or "") is Status.DELIVERED,
            )


def tail(gid: str) -> str:
    """``123`` of ``gid://shopify/LineItem/123``."""
    return gid.rpartition("/")[2]
