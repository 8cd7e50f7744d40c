"""The statements of polling: places in the schedule leased by the turn, and what came of asking written by the hundred.
SQLite and PostgreSQL side by side; all rows of a statement in one JSON parameter. Instants are aware UTC.
"""

import base64
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import connection

from doorstep.db.queries import instant, statement


class Leased(NamedTuple):
    """A due number with what is known of it. A number that several parcels have comes once for each."""

    number_id: int
    norm: str | None  # None: there is nothing to ask
    carrier: str
    remote: str | None
    remote_ref: str
    answer: str
    said: str
    failures: int
    track_hash: bytes
    body_hash: bytes
    since: datetime | None  # when the parcel has had it
    status: str | None  # of the parcel; None = no parcel has it
    status_since: datetime | None
    last_event_at: datetime | None
    handed_at: datetime | None
    way: tuple[str, str, str]  # carrier, origin, destination
    follow_at: datetime | None  # when the vendor has to be told of it again


class Noted(NamedTuple):
    """What is new on a watch. ``said`` None = stays. ``answered``: now."""

    number_id: int
    answer: str
    said: str | None
    failures: int
    answered: bool
    track_hash: bytes
    body_hash: bytes


class Back(NamedTuple):
    """A place given back. ``next_at`` None = stays. ``same``: it was asked and said nothing new."""

    number_id: int
    next_at: datetime | None
    same: bool


# Active carrier accounts with something due that do not rest, nor the operator's account that they stand for.
_READY = """
    SELECT account.ws, account.id FROM doorstep_connection AS account
    WHERE account.id > %s AND account.id <= %s AND account.kind = 'carrier' AND account.state = 'active'
        AND EXISTS (
            SELECT 1 FROM doorstep_schedule AS place WHERE place.ws = account.ws AND place.connection_id = account.id
                AND place.next_at <= {now} AND NOT place.lease_until BETWEEN %s AND %s)
        AND NOT EXISTS (
            SELECT 1 FROM doorstep_budget AS own WHERE own.ws = account.ws AND own.connection_id = account.id
                AND own.ready_at > %s AND own.ready_at <= %s)
        AND NOT EXISTS (
            SELECT 1 FROM doorstep_budget AS payer WHERE payer.ws = %s AND payer.connection_id = account.lent_id
                AND payer.ready_at > %s AND payer.ready_at <= %s)
        {lent} ORDER BY account.id LIMIT %s"""
_NOW = {"sqlite": "%s", "postgresql": "%s::timestamp AT TIME ZONE 'UTC'"}
_IDS = {
    "sqlite": "SELECT value FROM json_each(%s)",
    "postgresql": "SELECT value::bigint FROM json_array_elements_text(%s::json)",
}
_DUE = """
    SELECT place.number_id, number.norm, number.carrier, watch.remote, watch.remote_ref, watch.answer, watch.said,
        watch.failures, watch.answer_hash, watch.body_hash, held.since, parcel.status, parcel.status_since,
        parcel.last_event_at, parcel.handed_at, parcel.carrier, parcel.origin, parcel.destination,
        watch.follow_at
    FROM (
        SELECT ws, number_id, connection_id, next_at FROM doorstep_schedule
        WHERE connection_id = %s AND ws = %s AND next_at <= {now}
            AND NOT lease_until BETWEEN %s AND %s
        ORDER BY next_at LIMIT %s {locked}
    ) AS place
    LEFT JOIN doorstep_number AS number ON number.ws = place.ws AND number.id = place.number_id
    LEFT JOIN doorstep_watch AS watch ON watch.ws = place.ws AND watch.number_id = place.number_id
        AND watch.connection_id = place.connection_id
    LEFT JOIN doorstep_parcelnumber AS held ON held.ws = place.ws AND held.number_id = place.number_id
        AND held.until IS NULL
    LEFT JOIN doorstep_parcel AS parcel ON parcel.ws = place.ws AND parcel.id = held.parcel_id
    ORDER BY place.next_at, number.generation DESC, held.since DESC"""
DUE = {
    "sqlite": _DUE.format(now=_NOW["sqlite"], locked=""),
    "postgresql": _DUE.format(now=_NOW["postgresql"], locked="FOR UPDATE SKIP LOCKED"),
}
_LEASE = """
    UPDATE doorstep_schedule SET lease_token = %s, lease_until = %s
    WHERE ws = %s AND connection_id = %s AND number_id IN ({ids})"""
LEASE = {vendor: _LEASE.format(ids=ids) for vendor, ids in _IDS.items()}
_UNFOUND = """
    SELECT DISTINCT number_id FROM doorstep_watch
    WHERE ws = %s AND number_id IN ({ids}) AND answer IN ('rejected', 'not_found', 'nothing')"""
UNFOUND = {vendor: _UNFOUND.format(ids=ids) for vendor, ids in _IDS.items()}
_NOTE = """
    UPDATE doorstep_watch SET answer = told.answer, said = COALESCE(told.said, doorstep_watch.said),
        failures = told.failures, answer_hash = told.track_hash, body_hash = told.body_hash, asked_at = {now},
        answered_at = CASE WHEN told.answered THEN {now} ELSE answered_at END
    FROM ({told}) AS told
    WHERE doorstep_watch.ws = %s AND doorstep_watch.connection_id = %s AND doorstep_watch.number_id = told.number_id
        AND EXISTS (
            SELECT 1 FROM doorstep_schedule AS place WHERE place.ws = doorstep_watch.ws
                AND place.number_id = doorstep_watch.number_id AND place.connection_id = doorstep_watch.connection_id
                AND place.lease_token = %s)"""
NOTE = {
    "sqlite": _NOTE.format(
        now="%s",
        told="""
        SELECT json_extract(value, '$.n') AS number_id, json_extract(value, '$.a') AS answer,
            json_extract(value, '$.s') AS said, json_extract(value, '$.f') AS failures,
            json_extract(value, '$.y') AS answered, from_base64(json_extract(value, '$.t')) AS track_hash,
            from_base64(json_extract(value, '$.b')) AS body_hash FROM json_each(%s)""",
    ),
    "postgresql": _NOTE.format(
        now="%s::timestamp AT TIME ZONE 'UTC'",
        told="""
        SELECT n AS number_id, a AS answer, s AS said, f AS failures, y AS answered,
            decode(t, 'base64') AS track_hash, decode(b, 'base64') AS body_hash
        FROM json_to_recordset(%s::json) AS row(n bigint, a text, s text, f integer, y boolean, t text, b text)""",
    ),
}
# Whoever reads answers locks watches first, in the order of their numbers; so is it done here.
LOCK = {
    "postgresql": """
        SELECT 1 FROM doorstep_watch WHERE ws = %s AND connection_id = %s
            AND number_id IN (SELECT value::bigint FROM json_array_elements_text(%s::json))
        ORDER BY number_id FOR UPDATE"""
}
_BACK = """
    UPDATE doorstep_schedule SET lease_token = 0, lease_until = %s,
        next_at = CASE WHEN doorstep_schedule.next_at > {now} THEN doorstep_schedule.next_at
            ELSE COALESCE(told.next_at, doorstep_schedule.next_at) END,
        same_at = CASE WHEN told.same THEN {now} ELSE same_at END
    FROM ({told}) AS told
    WHERE ws = %s AND connection_id = %s AND doorstep_schedule.number_id = told.number_id AND lease_token = %s"""
BACK = {
    "sqlite": _BACK.format(
        now="%s",
        told="""
        SELECT json_extract(value, '$.n') AS number_id, json_extract(value, '$.at') AS next_at,
            json_extract(value, '$.y') AS same FROM json_each(%s)""",
    ),
    "postgresql": _BACK.format(
        now="%s::timestamp AT TIME ZONE 'UTC'",
        told="""
        SELECT n AS number_id, at AT TIME ZONE 'UTC' AS next_at, y AS same
        FROM json_to_recordset(%s::json) AS row(n bigint, at timestamp, y boolean)""",
    ),
}


class Desk(NamedTuple):
    """Whose places: of a workspace and its account."""

    ws: int
    connection_id: int


class Span(NamedTuple):
    """Between which machine seconds something ends that counts now: a lease, an account's rest."""

    since: float
    until: float


def ready(
    ids: tuple[int, int], now: datetime, leased: Span, resting: Span, *, house: int, lent: int = 0, most: int = 1
) -> list[tuple[int, int]]:
    """(workspace, id) of the first accounts above the first of ``ids`` and up to the second that may be asked now;
    ``lent``: only those that stand for this account of the ``house``.
    """
    vendor, only = connection.vendor, [lent] if lent else []
    text = _READY.format(now=_NOW[vendor], lent="AND account.lent_id = %s" if lent else "")
    with connection.cursor() as cursor:
        cursor.execute(text, [*ids, instant(now), *leased, *resting, house, *resting, *only, most])
        return [(row[0], row[1]) for row in cursor.fetchall()]


def unfound(ws: int, numbers: Sequence[int]) -> list[int]:
    """Those of the numbers that some account was asked about in vain."""
    with connection.cursor() as cursor:
        cursor.execute(UNFOUND[connection.vendor], [ws, json.dumps(numbers)])
        return [row[0] for row in cursor.fetchall()]


def due(desk: Desk, now: datetime, held: Span, most: int) -> list[Leased]:
    """Numbers whose time has come and that nobody holds (``held``: between which machine seconds a lease that counts
    ends), the longest due first; nobody else gets them before the caller's transaction ends.
    """
    with connection.cursor() as cursor:
        cursor.execute(DUE[connection.vendor], [desk.connection_id, desk.ws, instant(now), *held, most])
        return [_leased(row) for row in cursor.fetchall()]


def lease(desk: Desk, numbers: Sequence[int], token: int, until: float) -> None:
    """Hold the places of these numbers. Part of the transaction of ``due``."""
    with statement() as cursor:
        cursor.execute(LEASE[connection.vendor], [token, until, *desk, json.dumps(numbers)])


def note(desk: Desk, token: int, rows: Sequence[Noted], now: datetime) -> None:
    """Write on watches what was answered, as far as we still hold their places."""
    vendor, at = connection.vendor, instant(now)
    with statement() as cursor:
        if vendor in LOCK:
            cursor.execute(LOCK[vendor], [*desk, json.dumps([row.number_id for row in rows])])
        cursor.execute(NOTE[vendor], [at, at, json.dumps(list(map(_noted, rows))), *desk, token])


def give_back(desk: Desk, token: int, rows: Iterable[Back], *, claimed: datetime, now: datetime, until: float) -> int:
    """Give places back that we still hold, to be asked at their time but not before the machine second ``until``; one
    that somebody wanted at a certain time since we claimed it is asked then. Returns how many.
    """
    said = [{"n": row.number_id, "at": row.next_at and instant(row.next_at), "y": row.same} for row in rows]
    with statement() as cursor:
        cursor.execute(BACK[connection.vendor], [until, instant(claimed), instant(now), json.dumps(said), *desk, token])
        return int(cursor.rowcount)


def _leased(row: Sequence[Any]) -> Leased:
    hashes, at = (bytes(row[8] or b""), bytes(row[9] or b"")), map(_aware, row[12:15])
    return Leased._make([*row[:8], *hashes, _aware(row[10]), row[11], *at, tuple(row[15:18]), _aware(row[18])])


def _noted(row: Noted) -> dict[str, Any]:
    return {
        "n": row.number_id,
        "a": row.answer,
        "s": row.said,
        "f": row.failures,
        "y": row.answered,
        "t": base64.b64encode(row.track_hash).decode(),
        "b": base64.b64encode(row.body_hash).decode(),
    }


def _aware(at: datetime | None) -> datetime | None:
    """An instant as the database gives it to a bare cursor: of SQLite's naive UTC."""
    return at.replace(tzinfo=UTC) if at and at.tzinfo is None else at
