"""Numbers given, or to be given, to stores."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from doorstep.app.records.page import ALL, Instant, Page, Said, Where, paged, read_cursor, said, wants
from doorstep.db import models
from doorstep.db.load import fetch, load

State = Literal["held", "due", "sending", "unsure", "accepted", "refused", "superseded", "withdrawn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A number on its way to a store. ``reason`` says why it is held, refused or superseded; ``hold_until`` null =
    until something happens. ``remote_id`` is the store's own id of the shipment.
    """

    id: str
    store_id: str
    order_id: str
    parcel_id: str
    number_id: str
    number: str
    version: int
    state: State
    reason: Said | None
    hold_until: Instant | None
    remote_id: str
    changed_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which pushes: None = whichever."""

    state: str | None = None
    store_id: int | None = None
    order_id: int | None = None
    parcel_id: int | None = None


def pushes(ws: int, wanted: Wanted, limit: int, cursor: str = "", fields: Collection[str] = ALL) -> Page[Push]:
    """The newest first. Raises page.Unreadable."""
    where = Where()
    for column in ("state", "store_id", "order_id", "parcel_id"):
        where.equal(column, getattr(wanted, column))
    if cursor:
        where.add("id < %s", *read_cursor(cursor, int))
    rows = fetch(models.Push, ws, where.rest("ORDER BY id DESC LIMIT %s"), *where.values, limit + 1)
    rows, behind = paged(rows, limit, lambda row: (row.id,))
    return Page(data=_told(ws, rows, fields), next_cursor=behind)


def push(ws: int, push_id: int, fields: Collection[str] = ALL) -> Push | None:
    """One push, or None when this workspace has no such one."""
    found = _told(ws, fetch(models.Push, ws, "id = %s", push_id), fields)
    return found[0] if found else None


def _told(ws: int, rows: Sequence[models.Push], fields: Collection[str]) -> list[Push]:
    ids = {row.number_id for row in rows} if wants(fields, "number") else set[int]()
    texts = {one.id: one.text for one in load(models.Number, ws, "id", ids, only=("id", "text"))}
    return [
        Push(
            id=str(row.id),
            store_id=str(row.store_id),
            order_id=str(row.order_id),
            parcel_id=str(row.parcel_id),
            number_id=str(row.number_id),
            number=texts.get(row.number_id, ""),
            version=row.version,
            state=cast(State, row.state),
            reason=said(row.reason),
            hold_until=row.hold_until,
            remote_id=row.remote_id,
            changed_at=row.changed_at,
        )
        for row in rows
    ]
