"""Orders of stores, without the buyer: no name and no address leaves through the API."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from doorstep.app.records.page import ALL, Instant, Page, Where, paged, read_cursor, wants
from doorstep.core.order import OrderState
from doorstep.db import models
from doorstep.db.load import fetch, gathered

_SCALARS: Final = (
    *("id", "store_id", "external_id", "number", "state", "placed_at", "paid_at", "cancelled_at", "ship_by"),
    "before_connection",
)

_LINES: Final = msgspec.json.Decoder(list[tuple[int, str, str, str, int, int, int | bool]])
_IDS: Final = msgspec.json.Decoder(list[tuple[int]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What was bought. ``ref`` is the store's own name of the line: ``contents`` of a number are said by it."""

    id: str
    ref: str
    sku: str
    title: str
    quantity: int
    cancelled: int
    needs_shipping: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a buyer bought in a store. ``external_id`` is the store's id of it, ``parcels`` are ids."""

    id: str
    number: str
    store_id: str
    external_id: str
    state: OrderState
    placed_at: Instant
    paid_at: Instant | None
    cancelled_at: Instant | None
    ship_by: Instant | None
    before_connection: bool
    lines: list[Line]
    parcels: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which orders: None = whichever."""

    state: str | None = None
    store_id: int | None = None
    number: str | None = None
    external_id: str | None = None
    placed_from: datetime | None = None
    placed_before: datetime | None = None


def orders(ws: int, wanted: Wanted, limit: int, cursor: str = "", fields: Collection[str] = ALL) -> Page[Order]:
    """The newest placed first. Raises page.Unreadable."""
    where = Where()
    where.equal("state", wanted.state)
    where.equal("store_id", wanted.store_id)
    where.equal("number", wanted.number)
    where.equal("external_id", wanted.external_id)
    if wanted.placed_from:
        where.add("placed_at >= %s", wanted.placed_from)
    if wanted.placed_before:
        where.add("placed_at < %s", wanted.placed_before)
    if cursor:
        where.add("(placed_at, id) < (%s, %s)", *read_cursor(cursor, datetime, int))
    rest = where.rest("ORDER BY placed_at DESC, id DESC LIMIT %s")
    beside = _beside(fields)
    rows = fetch(models.Order, ws, rest, *where.values, limit + 1, only=_SCALARS, beside=beside)
    rows, behind = paged(rows, limit, lambda row: (row.placed_at.isoformat(), row.id))
    return Page(data=[_told(row) for row in rows], next_cursor=behind)


def order(ws: int, order_id: int, fields: Collection[str] = ALL) -> Order | None:
    """One order, or None when this workspace has no such one."""
    found = fetch(models.Order, ws, "id = %s", order_id, only=_SCALARS, beside=_beside(fields))
    return _told(found[0]) if found else None


def _beside(fields: Collection[str]) -> list[tuple[str, str]]:
    """What is read with each order, as far as it is wanted."""
    found = []
    if wants(fields, "lines"):
        columns = "id, external_id, sku, title, qty, qty_cancelled, needs_shipping"
        mine = "ws = doorstep_order.ws AND order_id = doorstep_order.id"
        found.append(("lines", gathered(columns, f"doorstep_line WHERE {mine}")))
    if wants(fields, "parcels"):
        mine = "ws = doorstep_order.ws AND order_id = doorstep_order.id"
        found.append(("parcels", gathered("parcel_id", f"doorstep_parcelline WHERE {mine}")))
    return found


def _told(row: models.Order) -> Order:
    beside = row.__dict__
    return Order(
        id=str(row.id),
        number=row.number,
        store_id=str(row.store_id),
        external_id=row.external_id,
        state=OrderState(row.state),
        placed_at=row.placed_at,
        paid_at=row.paid_at,
        cancelled_at=row.cancelled_at,
        ship_by=row.ship_by,
        before_connection=row.before_connection,
        lines=[_line(*one) for one in sorted(_LINES.decode(beside.get("lines", "[]")))],
        parcels=[str(one) for (one,) in sorted(set(_IDS.decode(beside.get("parcels", "[]"))))],
    )


def _line(line_id: int, ref: str, sku: str, title: str, qty: int, cancelled: int, ships: int) -> Line:
    return Line(
        id=str(line_id),
        ref=ref,
        sku=sku,
        title=title,
        quantity=qty,
        cancelled=cancelled,
        needs_shipping=bool(ships),
    )
