"""What TikTok Shop's orders look like, and how they become ours. Times are seconds since 1970, as numbers or texts.

Every unit that was bought is a line of its own. A line names the package it is in.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from doorstep.connectors.answers import bare, text
from doorstep.core.order import Buyer, Content, Line, Order, StoreShipment
from doorstep.core.status import Status

AWAITING = frozenset({"UNPAID"})
# States of orders and of packages.
STATUS: Mapping[str, Status] = {
    **dict.fromkeys(("UNPAID", "ON_HOLD", "AWAITING_SHIPMENT", "AWAITING_COLLECTION"), Status.PENDING),
    **dict.fromkeys(("PARTIALLY_SHIPPING", "IN_TRANSIT"), Status.IN_TRANSIT),
    **dict.fromkeys(("DELIVERED", "COMPLETED"), Status.DELIVERED),
    "CANCELLED": Status.CANCELLED,
    **dict.fromkeys(("TO_FULFILL", "PROCESSING"), Status.PENDING),
    "FULFILLING": Status.IN_TRANSIT,
}

Scalar = str | int | None


class _Line(msgspec.Struct):
    id: str
    product_name: str | None = None
    sku_name: str | None = None
    seller_sku: str | None = None
    display_status: str | None = None
    package_id: str | None = None
    package_status: str | None = None
    tracking_number: str | None = None
    shipping_provider_name: str | None = None
    rts_time: Scalar = None


class _District(msgspec.Struct):
    address_level: str | None = None
    address_name: str | None = None


class _Address(msgspec.Struct):
    name: str | None = None
    phone_number: str | None = None
    postal_code: str | None = None
    region_code: str | None = None
    post_town: str | None = None
    district_info: list[_District] | None = None


class OrderShape(msgspec.Struct):
    id: str
    status: str
    create_time: Scalar
    update_time: Scalar = None
    paid_time: Scalar = None
    cancel_time: Scalar = None
    rts_sla_time: Scalar = None
    shipping_type: str | None = None
    fulfillment_type: str | None = None
    delivery_option_id: str | None = None
    buyer_email: str | None = None
    recipient_address: _Address | None = None
    line_items: list[_Line] = []


def read_order(order: OrderShape) -> Order:
    """ValueError: no usable date."""
    placed = _instant(order.create_time)
    if placed is None:
        raise ValueError("create_time is not a time")
    changed = _instant(order.update_time)
    return Order(
        ref=order.id,
        number=order.id,
        placed_at=placed,
        lines=tuple(_read_line(one) for one in order.line_items),
        updated_at=changed,
        paid_at=_instant(order.paid_time),
        cancelled_at=(_instant(order.cancel_time) or changed or placed) if cancelled(order) else None,
        awaiting_payment=order.status in AWAITING,
        ship_by=_instant(order.rts_sla_time),
        buyer=_read_buyer(order),
        shipments=shipments(order),
    )


def ours(order: OrderShape) -> bool:
    """Whether the merchant ships it. What lies in TikTok's warehouse is none of ours."""
    return order.fulfillment_type != "FULFILLMENT_BY_TIKTOK"


def cancelled(order: OrderShape) -> bool:
    return STATUS.get(order.status) is Status.CANCELLED


def said(order: OrderShape) -> list[str]:
    """Every word of state in it."""
    states = (word for one in order.line_items for word in (one.display_status, one.package_status))
    return list(dict.fromkeys([order.status, *filter(None, states)]))


def _read_line(line: _Line) -> Line:
    title = " ".join(filter(None, (line.product_name, line.sku_name)))
    gone = line.display_status == "CANCELLED"
    return Line(ref=line.id, qty=1, qty_cancelled=int(gone), sku=line.seller_sku or "", title=title)


def _read_buyer(order: OrderShape) -> Buyer:
    to = order.recipient_address or _Address()
    return Buyer(
        email=order.buyer_email or "",
        phone=to.phone_number or "",
        name=to.name or "",
        city=to.post_town or _city(to),
        postcode=to.postal_code or "",
        country=to.region_code or "",
    )


def _city(to: _Address) -> str:
    """The smallest district that is named: levels run from L0, the country, to L4."""
    named = [one for one in to.district_info or () if one.address_level and one.address_name]
    deepest = max(named, key=lambda one: one.address_level or "", default=None)
    return (deepest.address_name or "") if deepest and deepest.address_level != "L0" else ""


def shipments(order: OrderShape) -> tuple[StoreShipment, ...]:
    """One for each package with a number; lost and cancelled ones are left out."""
    found: dict[str, list[_Line]] = {}
    for one in order.line_items:
        if one.package_id and text(one.tracking_number) and one.package_status != "CANCELLED":
            found.setdefault(one.package_id, []).append(one)
    return tuple(_read_package(ref, lines) for ref, lines in found.items())


def _read_package(ref: str, lines: list[_Line]) -> StoreShipment:
    return StoreShipment(
        ref=ref,
        number=text(lines[0].tracking_number),
        carrier=lines[0].shipping_provider_name or "",
        contents=tuple(Content(line=one.id, qty=1) for one in lines),
        shipped_at=_instant(lines[0].rts_time),
        delivered=all(one.package_status == "COMPLETED" for one in lines),
    )


def with_number(order: OrderShape, number: str) -> StoreShipment | None:
    return next((one for one in shipments(order) if bare(one.number) == bare(number)), None)


def unshipped(order: OrderShape) -> list[str]:
    """Lines without a number that nobody cancelled."""
    sent = {part.line for one in shipments(order) for part in one.contents}
    return [one.id for one in order.line_items if one.id not in sent and one.display_status != "CANCELLED"]


def _instant(seconds: Scalar) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(seconds), UTC) if seconds else None
    except (ValueError, OverflowError, OSError):
        return None
