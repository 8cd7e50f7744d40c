"""Orders in Doorstep's own words: what any shop may send or answer. Documented in the how-to on connecting any shop."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta as Limits

from doorstep.core.order import Buyer, Content, Line, Order, StoreShipment

Id = Annotated[str, Limits(min_length=1, max_length=200)]
Quantity = Annotated[int, Limits(ge=0, le=1_000_000)]


class _Buyer(msgspec.Struct):
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    city: str | None = None
    postcode: str | None = None
    country: str | None = None
    locale: str | None = None


class _Line(msgspec.Struct):
    id: Id
    quantity: Quantity
    sku: str | None = None
    title: str | None = None
    cancelled: Quantity = 0
    needs_shipping: bool = True


class _Part(msgspec.Struct):
    line: Id
    quantity: Quantity


class _Shipment(msgspec.Struct):
    id: Id
    number: str | None = None
    carrier: str | None = None
    url: str | None = None
    lines: list[_Part] = []
    shipped_at: datetime | None = None
    delivered: bool = False


class OrderShape(msgspec.Struct):
    id: Id
    placed_at: datetime
    lines: list[_Line]
    number: str | None = None
    updated_at: datetime | None = None
    paid_at: datetime | None = None
    cancelled_at: datetime | None = None
    ship_by: datetime | None = None
    awaiting_payment: bool = False
    transaction: str | None = None
    buyer: _Buyer | None = None
    shipments: list[_Shipment] | None = None


class _Many(msgspec.Struct):
    orders: list[object]
    next: str | None = None


def items(found: object) -> tuple[list[object], str]:
    """The orders of an answer, and where more are: a list, ``{"orders": [...], "next": "..."}``, or one order.
    Raises msgspec.ValidationError.
    """
    if isinstance(found, dict) and "orders" in found:
        many = msgspec.convert(found, _Many)
        return many.orders, many.next or ""
    return (found if isinstance(found, list) else [found]), ""


def read_orders(found: list[object], bad: list[str]) -> Iterator[Order]:
    """Every order that has the shape; ``bad`` gets a line for each other, naming the field."""
    for position, item in enumerate(found):
        try:
            yield _read(msgspec.convert(item, OrderShape, strict=False))
        except (msgspec.ValidationError, ValueError, OverflowError) as error:
            bad.append(f"item {position}: {error}")


def _read(order: OrderShape) -> Order:
    """ValueError for a time without an offset."""
    shipments = order.shipments
    return Order(
        ref=order.id,
        number=order.number or order.id,
        placed_at=_instant("placed_at", order.placed_at),
        lines=tuple(_read_line(one) for one in order.lines),
        updated_at=_maybe("updated_at", order.updated_at),
        paid_at=_maybe("paid_at", order.paid_at),
        cancelled_at=_maybe("cancelled_at", order.cancelled_at),
        ship_by=_maybe("ship_by", order.ship_by),
        awaiting_payment=order.awaiting_payment,
        transaction=(order.transaction or "").strip(),
        buyer=_read_buyer(order.buyer) if order.buyer else None,
        shipments=None if shipments is None else tuple(_read_shipment(one) for one in shipments),
    )


def _read_line(line: _Line) -> Line:
    return Line(
        ref=line.id,
        qty=line.quantity,
        qty_cancelled=min(line.cancelled, line.quantity),
        sku=line.sku or "",
        title=line.title or "",
        needs_shipping=line.needs_shipping,
    )


def _read_buyer(who: _Buyer) -> Buyer:
    return Buyer(
        email=who.email or "",
        phone=who.phone or "",
        name=who.name or "",
        city=who.city or "",
        postcode=who.postcode or "",
        country=who.country or "",
        locale=who.locale or "",
    )


def _read_shipment(one: _Shipment) -> StoreShipment:
    return StoreShipment(
        ref=one.id,
        number=(one.number or "").strip(),
        carrier=one.carrier or "",
        url=one.url or "",
        contents=tuple(Content(line=part.line, qty=part.quantity) for part in one.lines if part.quantity),
        shipped_at=_maybe("shipped_at", one.shipped_at),
        delivered=one.delivered,
    )


def _maybe(name: str, at: datetime | None) -> datetime | None:
    return None if at is None else _instant(name, at)


def _instant(name: str, at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"`{name}` has no offset, such as Z or +02:00")
    return at.astimezone(UTC)
