"""Orders of stores, without the buyer: no name and no address leaves through the API."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from doorstep.app.records.page import ALL, Instant, Page, Where, paged, read_cursor, wants
from doorstep.core.order import OrderState
from doorstep.db import models
from doorstep.db.load import fetch, load

_SCALARS: Final = (
    *("id", "store_id", "external_id", "number", "state", "placed_at", "paid_at", "cancelled_at", "ship_by"),
    "before_connection",
)


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
    rows = fetch(models.Order, ws, rest, *where.values, limit + 1, only=_SCALARS)
    rows, behind = paged(rows, limit, lambda row: (row.placed_at.isoformat(), row.id))
    return Page(data=_told(ws, rows, fields), next_cursor=behind)


def order(ws: int, order_id: int, fields: Collection[str] = ALL) -> Order | None:
    """One order, or None when this workspace has no such one."""
    found = _told(ws, fetch(models.Order, ws, "id = %s", order_id, only=_SCALARS), fields)
    return found[0] if found else None


def _told(ws: int, rows: Sequence[models.Order], fields: Collection[str]) -> list[Order]:
    ids = [row.id for row in rows]
    lines: dict[int, list[Line]] = defaultdict(list)
    if wants(fields, "lines"):
        for line in sorted(load(models.Line, ws, "order_id", ids), key=lambda one: one.id):
            lines[line.order_id].append(_line(line))
    parcels: dict[int, dict[int, str]] = defaultdict(dict)
    if wants(fields, "parcels"):
        parts = load(models.ParcelLine, ws, "order_id", ids, only=("parcel_id", "order_id"))
        for part in sorted(parts, key=lambda one: one.parcel_id):
            parcels[part.order_id][part.parcel_id] = str(part.parcel_id)
    return [
        Order(
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
            lines=lines[row.id],
            parcels=list(parcels[row.id].values()),
        )
        for row in rows
    ]


def _line(row: models.Line) -> Line:
    return Line(
        id=str(row.id),
        ref=row.external_id,
        sku=row.sku,
        title=row.title,
        quantity=row.qty,
        cancelled=row.qty_cancelled,
        needs_shipping=row.needs_shipping,
    )
