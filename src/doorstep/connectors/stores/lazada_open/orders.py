"""What Lazada's orders look like, and how they become ours. Times carry their offset: "2026-06-28 17:00:00 +0800".

Every unit that was bought is an item of its own. An order does not tell its items; they are asked for apart, and come
as ``items``. An item names the package it is in, and its number.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from doorstep.connectors.answers import text
from doorstep.core.order import Buyer, Content, Line, Order, StoreShipment
from doorstep.core.status import Status

CANCELED: Final = "canceled"
UNPAID: Final = "unpaid"
# States of items; an order has all of its items' states.
STATUS: Mapping[str, Status] = {
    **dict.fromkeys((UNPAID, "pending", "topack", "packed", "toship", "ready_to_ship"), Status.PENDING),
    **dict.fromkeys(("shipped", "shipping"), Status.IN_TRANSIT),
    "delivered": Status.DELIVERED,
    **dict.fromkeys(("failed", "lost"), Status.EXCEPTION),
    "returned": Status.RETURNED,
    CANCELED: Status.CANCELLED,
}
COUNTRIES: Final[Mapping[str, str]] = {
    "indonesia": "ID",
    "malaysia": "MY",
    "philippines": "PH",
    "singapore": "SG",
    "thailand": "TH",
    "vietnam": "VN",
}

Scalar = str | int | float | None


class ItemShape(msgspec.Struct):
    order_item_id: int
    order_id: int
    status: str = ""
    name: str | None = None
    variation: str | None = None
    sku: str | None = None
    is_digital: Scalar = None
    package_id: str | None = None
    tracking_code: str | None = None
    shipment_provider: str | None = None
    sla_time_stamp: str | None = None


class _Address(msgspec.Struct):
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    city: str | None = None
    post_code: str | None = None
    country: str | None = None


class OrderShape(msgspec.Struct):
    order_id: int
    created_at: str
    order_number: Scalar = None
    updated_at: str | None = None
    statuses: list[str] = []
    address_shipping: _Address | None = None


def read_order(order: OrderShape, items: Sequence[ItemShape]) -> Order:
    """ValueError: no usable date, or no items: nobody asked for those of an order that came between two questions."""
    if not items:
        raise ValueError(f"the items of order {order.order_id} were not asked for")
    placed, changed = _instant(order.created_at), _instant(order.updated_at)
    if placed is None:
        raise ValueError(f"not a time with its offset: {order.created_at!r}")
    cancelled = bool(order.statuses) and set(order.statuses) == {CANCELED}
    standing = [one for one in items if one.status != CANCELED]
    due = [at for one in standing if (at := _instant(one.sla_time_stamp))]
    return Order(
        ref=str(order.order_id),
        number=text(order.order_number) or str(order.order_id),
        placed_at=placed,
        lines=tuple(_read_item(one) for one in items),
        updated_at=changed,
        cancelled_at=(changed or placed) if cancelled else None,
        awaiting_payment=UNPAID in order.statuses,
        ship_by=min(due, default=None),
        buyer=_read_buyer(order.address_shipping or _Address()),
        shipments=_shipments(standing),
    )


def _shipments(items: Sequence[ItemShape]) -> tuple[StoreShipment, ...]:
    """One for each package with a number. When it left, nobody says."""
    found: dict[str, list[ItemShape]] = {}
    for one in items:
        if one.package_id and text(one.tracking_code):
            found.setdefault(one.package_id, []).append(one)
    return tuple(
        StoreShipment(
            ref=ref,
            number=text(some[0].tracking_code),
            carrier=some[0].shipment_provider or "",
            contents=tuple(Content(line=str(one.order_item_id), qty=1) for one in some),
            delivered=all(one.status == "delivered" for one in some),
        )
        for ref, some in found.items()
    )


def _read_item(item: ItemShape) -> Line:
    return Line(
        ref=str(item.order_item_id),
        qty=1,
        qty_cancelled=int(item.status == CANCELED),
        sku=item.sku or "",
        title=" ".join(filter(None, (item.name, item.variation))),
        needs_shipping=text(item.is_digital) not in {"1", "true"},
    )


def _read_buyer(to: _Address) -> Buyer:
    """Lazada masks with stars what the merchant may not see; it tells the country by its English name."""
    clear = {name: "" if "*" in (said := getattr(to, name) or "") else said.strip() for name in to.__struct_fields__}
    return Buyer(
        phone=clear["phone"],
        name=" ".join(filter(None, (clear["first_name"], clear["last_name"]))),
        city=clear["city"],
        postcode=clear["post_code"],
        country=COUNTRIES.get(clear["country"].lower(), ""),
    )


def _instant(said: str | None) -> datetime | None:
    """Aware UTC; without an offset it is no instant."""
    try:
        at = datetime.fromisoformat(re.sub(r"\s+(?=[+-]\d\d:?\d\d$)", "", said or ""))
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None
