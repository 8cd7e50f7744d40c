"""Parcels, and the numbers they have."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from doorstep.app.records.page import ALL, Instant, Page, Where, paged, read_cursor, wants
from doorstep.core.status import Status
from doorstep.db import models
from doorstep.db.load import fetch, load


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberOfParcel:
    """A number that a parcel has or had; ``until`` null = it counts now."""

    id: str
    text: str
    carrier: str
    role: str
    since: Instant
    until: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A parcel as it stands. Empty text = not known. ``carrier`` is our code; ``origin`` and ``destination`` are
    countries (ISO 3166-1 alpha-2). ``mark`` is the shopper's own word.
    """

    id: str
    status: Status
    reason: str
    responsible: str
    action_by: str
    status_since: Instant | None
    first_scan_at: Instant | None
    last_event_at: Instant | None
    carrier: str
    origin: str
    destination: str
    eta_from: date | None
    eta_to: date | None
    mark: str
    closed_at: Instant | None
    purchase_id: str | None
    orders: list[str]
    numbers: list[NumberOfParcel]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which parcels: None = whichever."""

    status: str | None = None
    carrier: str | None = None
    closed: bool | None = None
    order_id: int | None = None
    number_id: int | None = None


def parcels(ws: int, wanted: Wanted, limit: int, cursor: str = "", fields: Collection[str] = ALL) -> Page[Parcel]:
    """The one heard of last first. Raises page.Unreadable."""
    where = Where()
    where.equal("status", wanted.status)
    where.equal("carrier", wanted.carrier)
    if wanted.closed is not None:
        where.add("closed_at IS NOT NULL" if wanted.closed else "closed_at IS NULL")
    if wanted.order_id is not None:
        mine = "id IN (SELECT parcel_id FROM doorstep_parcelline WHERE ws = %s AND order_id = %s)"
        where.add(mine, ws, wanted.order_id)
    if wanted.number_id is not None:
        mine = "id IN (SELECT parcel_id FROM doorstep_parcelnumber WHERE ws = %s AND number_id = %s)"
        where.add(mine, ws, wanted.number_id)
    if cursor:
        where.add("id < %s", *read_cursor(cursor, int))
    rows = fetch(models.Parcel, ws, where.rest("ORDER BY id DESC LIMIT %s"), *where.values, limit + 1)
    rows, behind = paged(rows, limit, lambda row: (row.id,))
    return Page(data=_told(ws, rows, fields), next_cursor=behind)


def parcel(ws: int, parcel_id: int, fields: Collection[str] = ALL) -> Parcel | None:
    """One parcel, or None when this workspace has no such one."""
    found = _told(ws, fetch(models.Parcel, ws, "id = %s", parcel_id), fields)
    return found[0] if found else None


def _told(ws: int, rows: Sequence[models.Parcel], fields: Collection[str]) -> list[Parcel]:
    ids = [row.id for row in rows]
    orders: dict[int, dict[int, str]] = defaultdict(dict)
    if wants(fields, "orders"):
        parts = load(models.ParcelLine, ws, "parcel_id", ids, only=("parcel_id", "order_id"))
        for part in sorted(parts, key=lambda one: one.order_id):
            orders[part.parcel_id][part.order_id] = str(part.order_id)
    numbers = _numbers(ws, ids) if wants(fields, "numbers") else {}
    return [_parcel(row, list(orders[row.id].values()), numbers.get(row.id, [])) for row in rows]


def _parcel(row: models.Parcel, orders: list[str], numbers: list[NumberOfParcel]) -> Parcel:
    return Parcel(
        id=str(row.id),
        status=Status(row.status),
        reason=row.reason,
        responsible=row.responsible,
        action_by=row.action_by,
        status_since=row.status_since,
        first_scan_at=row.first_scan_at,
        last_event_at=row.last_event_at,
        carrier=row.carrier,
        origin=row.origin,
        destination=row.destination,
        eta_from=row.eta_from,
        eta_to=row.eta_to,
        mark=row.mark,
        closed_at=row.closed_at,
        purchase_id=str(row.purchase_id) if row.purchase_id else None,
        orders=orders,
        numbers=numbers,
    )


def _numbers(ws: int, parcel_ids: Collection[int]) -> dict[int, list[NumberOfParcel]]:
    """Those of each parcel, the newest first."""
    held = sorted(load(models.ParcelNumber, ws, "parcel_id", parcel_ids), key=lambda one: one.since)
    only = ("id", "text", "carrier")
    known = {one.id: one for one in load(models.Number, ws, "id", {one.number_id for one in held}, only=only)}
    found: dict[int, list[NumberOfParcel]] = defaultdict(list)
    for one in reversed(held):
        number = known[one.number_id]
        found[one.parcel_id].append(
            NumberOfParcel(
                id=str(number.id),
                text=number.text,
                carrier=number.carrier,
                role=one.role,
                since=one.since,
                until=one.until,
            )
        )
    return found
