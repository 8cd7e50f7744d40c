"""Parcels, and the numbers they have."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

import msgspec

from doorstep.app.records.page import ALL, Instant, Page, Where, paged, read_cursor, wants
from doorstep.core.status import Status
from doorstep.db import models
from doorstep.db.load import fetch, gathered

_SCALARS: Final = (
    *("id", "status", "reason", "responsible", "action_by", "status_since", "first_scan_at", "last_event_at"),
    *("carrier", "origin", "destination", "eta_from", "eta_to", "mark", "closed_at", "purchase_id"),
)
_IDS: Final = msgspec.json.Decoder(list[tuple[int]])
_NUMBERS: Final = msgspec.json.Decoder(list[tuple[str, int, str, str, str, str | None]])


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
    rest, beside = where.rest("ORDER BY id DESC LIMIT %s"), _beside(fields)
    rows = fetch(models.Parcel, ws, rest, *where.values, limit + 1, only=_SCALARS, beside=beside)
    rows, behind = paged(rows, limit, lambda row: (row.id,))
    return Page(data=[_told(row) for row in rows], next_cursor=behind)


def parcel(ws: int, parcel_id: int, fields: Collection[str] = ALL) -> Parcel | None:
    """One parcel, or None when this workspace has no such one."""
    found = fetch(models.Parcel, ws, "id = %s", parcel_id, only=_SCALARS, beside=_beside(fields))
    return _told(found[0]) if found else None


def _beside(fields: Collection[str]) -> list[tuple[str, str]]:
    """What is read with each parcel, as far as it is wanted."""
    found = []
    if wants(fields, "orders"):
        mine = "ws = doorstep_parcel.ws AND parcel_id = doorstep_parcel.id"
        found.append(("orders", gathered("order_id", f"doorstep_parcelline WHERE {mine}")))
    if wants(fields, "numbers"):
        held = "doorstep_parcelnumber held JOIN doorstep_number n ON n.id = held.number_id"
        mine = "held.ws = doorstep_parcel.ws AND held.parcel_id = doorstep_parcel.id"
        columns = "held.since, n.id, n.text, n.carrier, held.role, held.until"
        found.append(("numbers", gathered(columns, f"{held} WHERE {mine}")))
    return found


def _told(row: models.Parcel) -> Parcel:
    beside = row.__dict__
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
        orders=[str(one) for (one,) in sorted(set(_IDS.decode(beside.get("orders", "[]"))))],
        numbers=[_number(*one) for one in sorted(_NUMBERS.decode(beside.get("numbers", "[]")), reverse=True)],
    )


def _number(since: str, number_id: int, text: str, carrier: str, role: str, until: str | None) -> NumberOfParcel:
    return NumberOfParcel(
        id=str(number_id),
        text=text,
        carrier=carrier,
        role=role,
        since=_instant(since),
        until=_instant(until) if until else None,
    )


def _instant(text: str) -> datetime:
    """An instant as a database writes it into JSON: SQLite without its offset, which is UTC."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
