"""Orders at suppliers, and what they gave of them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from doorstep.app.records.page import ALL, Instant, Page, Where, paged, read_cursor, wants
from doorstep.core.order import PurchaseState
from doorstep.db import models
from doorstep.db.load import fetch, load

_SCALARS: Final = (
    *("id", "supplier_id", "external_id", "state", "method", "stock", "ordered_at", "paid_at", "ships_out_by"),
    *("dispatched_at", "dispatch_evidence", "protection_ends_at"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseLine:
    """What was bought. ``order_id`` is null while no order is known for it; ``how`` says how it was matched."""

    id: str
    sku: str
    title: str
    quantity: int
    order_id: str | None
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """The merchant's order at a supplier. ``external_id`` is the supplier's id of it."""

    id: str
    supplier_id: str
    external_id: str
    state: PurchaseState
    method: str
    stock: str
    ordered_at: Instant | None
    paid_at: Instant | None
    ships_out_by: Instant | None
    dispatched_at: Instant | None
    dispatch_evidence: str
    protection_ends_at: Instant | None
    lines: list[PurchaseLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which purchases: None = whichever. ``matched`` False: a line is of no order yet."""

    state: str | None = None
    supplier_id: int | None = None
    external_id: str | None = None
    order_id: int | None = None
    matched: bool | None = None


def purchases(ws: int, wanted: Wanted, limit: int, cursor: str = "", fields: Collection[str] = ALL) -> Page[Purchase]:
    """The one heard of last first. Raises page.Unreadable."""
    where = Where()
    where.equal("state", wanted.state)
    where.equal("supplier_id", wanted.supplier_id)
    where.equal("external_id", wanted.external_id)
    if wanted.order_id is not None:
        mine = "id IN (SELECT purchase_id FROM doorstep_purchaseline WHERE ws = %s AND order_id = %s)"
        where.add(mine, ws, wanted.order_id)
    if wanted.matched is not None:
        free = "IN (SELECT purchase_id FROM doorstep_purchaseline WHERE ws = %s AND order_id = 0)"
        where.add(f"id {'NOT ' if wanted.matched else ''}{free}", ws)
    if cursor:
        where.add("id < %s", *read_cursor(cursor, int))
    rest = where.rest("ORDER BY id DESC LIMIT %s")
    rows = fetch(models.Purchase, ws, rest, *where.values, limit + 1, only=_SCALARS)
    rows, behind = paged(rows, limit, lambda row: (row.id,))
    return Page(data=_told(ws, rows, fields), next_cursor=behind)


def purchase(ws: int, purchase_id: int, fields: Collection[str] = ALL) -> Purchase | None:
    """One purchase, or None when this workspace has no such one."""
    found = _told(ws, fetch(models.Purchase, ws, "id = %s", purchase_id, only=_SCALARS), fields)
    return found[0] if found else None


def _told(ws: int, rows: Sequence[models.Purchase], fields: Collection[str]) -> list[Purchase]:
    lines: dict[int, list[PurchaseLine]] = defaultdict(list)
    if wants(fields, "lines"):
        bought = load(models.PurchaseLine, ws, "purchase_id", [row.id for row in rows])
        for line in sorted(bought, key=lambda one: one.id):
            lines[line.purchase_id].append(_line(line))
    return [
        Purchase(
            id=str(row.id),
            supplier_id=str(row.supplier_id),
            external_id=row.external_id,
            state=PurchaseState(row.state),
            method=row.method,
            stock=row.stock,
            ordered_at=row.ordered_at,
            paid_at=row.paid_at,
            ships_out_by=row.ships_out_by,
            dispatched_at=row.dispatched_at,
            dispatch_evidence=row.dispatch_evidence,
            protection_ends_at=row.protection_ends_at,
            lines=lines[row.id],
        )
        for row in rows
    ]


def _line(row: models.PurchaseLine) -> PurchaseLine:
    return PurchaseLine(
        id=str(row.id),
        sku=row.sku,
        title=row.title,
        quantity=row.qty,
        order_id=str(row.order_id) if row.order_id else None,
        how=row.how,
    )
