"""Connections, without what is secret about them."""

from dataclasses import dataclass
from typing import Literal, cast

from doorstep.app.connections import connection_view
from doorstep.app.connections.connection_view import Shown
from doorstep.app.records.page import Instant, Page, Said, said


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A connected store, supplier, carrier account or payment service. ``answer`` is how its last answer was: ok, busy,
    denied, broken, not_found; empty = none yet. ``can`` is what its connector is able to do.
    """

    id: str
    kind: Literal["store", "supplier", "carrier", "payment"]
    connector: str
    label: str
    base_url: str
    state: Literal["active", "paused", "denied"]
    reason: Said | None
    connected_at: Instant
    asked_at: Instant | None
    answered_at: Instant | None
    next_at: Instant | None
    answer: str
    can: list[str]


def connections(ws: int, kind: str | None) -> Page[Connection]:
    """All of them: there are never many."""
    every = connection_view.connection_list(ws)
    rows = [row for of, some in every.items() if kind in {None, of} for row in some]
    return Page(data=[_told(row) for row in sorted(rows, key=lambda row: row.id)], next_cursor=None)


def connection(ws: int, connection_id: int) -> Connection | None:
    """One connection, or None when this workspace has no such one."""
    found = connection_view.connection(ws, connection_id)
    return _told(found) if found else None


def _told(row: Shown) -> Connection:
    return Connection(
        id=str(row.id),
        kind=cast(Literal["store", "supplier", "carrier", "payment"], row.kind),
        connector=row.connector,
        label=row.label,
        base_url=row.base_url,
        state=cast(Literal["active", "paused", "denied"], row.state),
        reason=said(dict(row.reason)) if row.reason else None,
        connected_at=row.connected_at,
        asked_at=row.asked_at,
        answered_at=row.answered_at,
        next_at=row.next_at,
        answer=row.answer,
        can=sorted(row.can),
    )
