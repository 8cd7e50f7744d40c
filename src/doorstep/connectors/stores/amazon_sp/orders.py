"""What Amazon's orders (Orders API 2026-01-01) look like, and how they become ours. Buyers are not asked for."""

from collections.abc import Mapping

import msgspec

from doorstep.connectors.answers import bare, instant
from doorstep.core.order import Content, Line, Order, StoreShipment
from doorstep.core.status import Status

AWAITING = frozenset({"PENDING_AVAILABILITY", "PENDING"})
# States of orders and of packages: where both have a word, it means the same.
STATUS: Mapping[str, Status] = {
    **dict.fromkeys((*AWAITING, "UNSHIPPED", "UNFULFILLABLE"), Status.PENDING),
    **dict.fromkeys(("PARTIALLY_SHIPPED", "SHIPPED", "IN_TRANSIT"), Status.IN_TRANSIT),
    "DELIVERED": Status.DELIVERED,
    "UNDELIVERABLE": Status.EXCEPTION,
    "CANCELLED": Status.CANCELLED,
}


class _Window(msgspec.Struct, rename="camel"):
    latest_date_time: str | None = None


class _Fulfillment(msgspec.Struct, rename="camel"):
    fulfillment_status: str
    fulfilled_by: str = ""
    ship_by_window: _Window | None = None


class _Sales(msgspec.Struct, rename="camel"):
    marketplace_id: str = ""


class _Product(msgspec.Struct, rename="camel"):
    title: str | None = None
    seller_sku: str | None = None


class _Cancellation(msgspec.Struct, rename="camel"):
    cancellation_execution: object = None


class _ItemFulfillment(msgspec.Struct, rename="camel"):
    quantity_fulfilled: int = 0
    quantity_unfulfilled: int | None = None


class _Item(msgspec.Struct, rename="camel"):
    order_item_id: str
    quantity_ordered: int
    product: _Product = msgspec.field(default_factory=_Product)
    cancellation: _Cancellation | None = None
    fulfillment: _ItemFulfillment | None = None


class _PackageItem(msgspec.Struct, rename="camel"):
    order_item_id: str
    quantity: int


class _PackageStatus(msgspec.Struct):
    status: str = ""


class _Package(msgspec.Struct, rename="camel"):
    package_reference_id: str
    package_status: _PackageStatus | None = None
    carrier: str | None = None
    ship_time: str | None = None
    tracking_number: str | None = None
    package_items: list[_PackageItem] | None = None


class OrderShape(msgspec.Struct, rename="camel"):
    order_id: str
    created_time: str
    last_updated_time: str | None = None
    sales_channel: _Sales = msgspec.field(default_factory=_Sales)
    order_items: list[_Item] = []
    fulfillment: _Fulfillment | None = None
    packages: list[_Package] | None = None


def read_order(order: OrderShape) -> Order:
    """ValueError: no usable date, or nothing is said of how it is shipped."""
    placed = instant(order.created_time)
    if placed is None or order.fulfillment is None:
        raise ValueError("createdTime is not a date" if placed is None else "fulfillment is missing")
    changed, window = instant(order.last_updated_time), order.fulfillment.ship_by_window
    return Order(
        ref=order.order_id,
        number=order.order_id,
        placed_at=placed,
        lines=tuple(_read_line(one, over=cancelled(order)) for one in order.order_items),
        updated_at=changed,
        # Amazon keeps no time of cancellation: the last change stands for it.
        cancelled_at=(changed or placed) if cancelled(order) else None,
        awaiting_payment=order.fulfillment.fulfillment_status in AWAITING,
        ship_by=instant(window.latest_date_time) if window else None,
        shipments=shipments(order),
    )


def ours(order: OrderShape) -> bool:
    """Whether the merchant ships it. What Amazon ships from its own warehouse is none of ours."""
    return order.fulfillment is None or order.fulfillment.fulfilled_by != "AMAZON"


def cancelled(order: OrderShape) -> bool:
    return bool(order.fulfillment and STATUS.get(order.fulfillment.fulfillment_status) is Status.CANCELLED)


def said(order: OrderShape) -> list[str]:
    """Every word of state in it."""
    packages = [one.package_status.status for one in order.packages or () if one.package_status]
    return [order.fulfillment.fulfillment_status, *packages] if order.fulfillment else packages


def _read_line(item: _Item, *, over: bool) -> Line:
    """A cancelled item keeps its quantity; what had left before that is not cancelled."""
    qty = max(item.quantity_ordered, 0)
    gone = over or bool(item.cancellation and item.cancellation.cancellation_execution)
    sent = item.fulfillment.quantity_fulfilled if item.fulfillment else 0
    return Line(
        ref=item.order_item_id,
        qty=qty,
        qty_cancelled=max(qty - max(sent, 0), 0) if gone else 0,
        sku=item.product.seller_sku or "",
        title=item.product.title or "",
    )


def shipments(order: OrderShape) -> tuple[StoreShipment, ...]:
    """Packages are always asked for: an order without any has none. Left out are cancelled ones, and those that are
    only planned and have no number yet.
    """
    there = (one for one in order.packages or () if _state(one) != "CANCELLED")
    return tuple(_read_package(one) for one in there if one.tracking_number or _state(one) != "PENDING")


def _state(one: _Package) -> str:
    return one.package_status.status if one.package_status else ""


def _read_package(one: _Package) -> StoreShipment:
    return StoreShipment(
        ref=one.package_reference_id,
        number=(one.tracking_number or "").strip(),
        carrier=one.carrier or "",
        contents=tuple(Content(line=part.order_item_id, qty=part.quantity) for part in one.package_items or ()),
        shipped_at=instant(one.ship_time) if _state(one) != "PENDING" else None,
        delivered=_state(one) == "DELIVERED",
    )


def with_number(shown: tuple[StoreShipment, ...], number: str) -> StoreShipment | None:
    return next((one for one in shown if bare(one.number) == bare(number)), None)


def unshipped(order: OrderShape) -> tuple[Content, ...]:
    """Items and quantities that have not left and are not cancelled: as Amazon counts them, or by the packages."""
    packed: dict[str, int] = {}
    for part in (part for one in shipments(order) for part in one.contents):
        packed[part.line] = packed.get(part.line, 0) + part.qty
    left = {}
    for item, line in zip(order.order_items, (_read_line(one, over=False) for one in order.order_items), strict=True):
        counted = item.fulfillment.quantity_unfulfilled if item.fulfillment else None
        open_ = line.qty - packed.get(line.ref, 0) if counted is None else counted
        left[line.ref] = 0 if line.qty_cancelled else open_
    return tuple(Content(line=line, qty=qty) for line, qty in left.items() if qty > 0)
