"""An order as Shopify's webhooks tell it: the shape of its older REST API, which no schema describes. Only the fields
listed in ``FIELDS`` are asked for.
"""

from typing import Final

import msgspec

from doorstep.connectors.answers import instant
from doorstep.connectors.stores.shopify_admin.orders import AWAITING, FALLEN, STATUS
from doorstep.core.order import Buyer, Content, Line, Order, StoreShipment
from doorstep.core.status import Status

TOPICS: Final = ("ORDERS_CREATE", "ORDERS_UPDATED", "FULFILLMENTS_CREATE", "FULFILLMENTS_UPDATE", "APP_UNINSTALLED")
FIELDS: Final = (
    *("id", "name", "created_at", "updated_at", "cancelled_at", "financial_status", "customer_locale"),
    *("email", "phone", "shipping_address", "line_items", "fulfillments"),
)


class _Line(msgspec.Struct):
    id: int
    quantity: int
    current_quantity: int | None = None
    fulfillable_quantity: int | None = None
    name: str | None = None
    sku: str | None = None
    requires_shipping: bool = True


class _Address(msgspec.Struct):
    name: str | None = None
    city: str | None = None
    zip: str | None = None
    country_code: str | None = None
    phone: str | None = None


class _Fulfillment(msgspec.Struct):
    id: int
    created_at: str
    status: str | None = None
    shipment_status: str | None = None
    tracking_company: str | None = None
    tracking_numbers: list[str] = []
    tracking_urls: list[str] = []
    line_items: list[_Line] = []

    @property
    def stands(self) -> bool:
        return (self.status or "").upper() not in FALLEN


class OrderShape(msgspec.Struct):
    id: int
    name: str
    created_at: str
    line_items: list[_Line]
    fulfillments: list[_Fulfillment] = []
    updated_at: str | None = None
    cancelled_at: str | None = None
    financial_status: str | None = None
    customer_locale: str | None = None
    email: str | None = None
    phone: str | None = None
    shipping_address: _Address | None = None

    @property
    def words(self) -> list[str]:
        """What its fulfillments show."""
        return [one.shipment_status.upper() for one in self.fulfillments if one.shipment_status]


def read_order(order: OrderShape) -> Order:
    """ValueError where there is no usable date."""
    placed = instant(order.created_at)
    if placed is None:
        raise ValueError("created_at is not a date")
    standing = [one for one in order.fulfillments if one.stands]
    shipped: dict[int, int] = {}
    for line in (line for one in standing for line in one.line_items):
        shipped[line.id] = shipped.get(line.id, 0) + line.quantity
    return Order(
        ref=str(order.id),
        number=order.name,
        placed_at=placed,
        lines=tuple(_read_line(one, shipped.get(one.id, 0)) for one in order.line_items),
        updated_at=instant(order.updated_at),
        cancelled_at=instant(order.cancelled_at),
        awaiting_payment=(order.financial_status or "").upper() in AWAITING,
        buyer=_read_buyer(order),
        shipments=tuple(shipment for one in standing for shipment in _read_fulfillment(one)),
    )


def _read_line(line: _Line, shipped: int) -> Line:
    """As in ``orders``: removed and refunded units, unless they had been sent before."""
    current = line.quantity if line.current_quantity is None else line.current_quantity
    left = line.quantity - shipped if line.fulfillable_quantity is None else line.fulfillable_quantity
    gone = min(line.quantity - current, line.quantity - shipped - left)
    return Line(
        ref=str(line.id),
        qty=max(line.quantity, 0),
        qty_cancelled=max(gone, 0),
        sku=line.sku or "",
        title=line.name or "",
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
        country=to.country_code or "",
        locale=order.customer_locale or "",
    )


def _read_fulfillment(one: _Fulfillment) -> list[StoreShipment]:
    contents = tuple(Content(line=str(line.id), qty=line.quantity) for line in one.line_items if line.quantity > 0)
    numbers = [text.strip() for text in one.tracking_numbers if text.strip()] or [""]
    urls = [*one.tracking_urls, *[""] * len(numbers)]
    return [
        StoreShipment(
            ref=str(one.id),
            number=number,
            carrier=one.tracking_company or "",
            url=url,
            contents=contents,
            shipped_at=instant(one.created_at),
            delivered=STATUS.get((one.shipment_status or "").upper()) is Status.DELIVERED,
        )
        for number, url in zip(numbers, urls, strict=False)
    ]
