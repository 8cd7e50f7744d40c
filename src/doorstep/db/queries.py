"""The hot statements, SQLite and PostgreSQL side by side: one statement per batch, all of its rows in one JSON
parameter (measured: the least work on both sides). Binary values travel as base64, instants as naive UTC text.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec
from django.db import connection
from django.db.backends.utils import CursorWrapper

from doorstep.db.write import WRITE

KEEP = {
    "sqlite": """
        INSERT INTO doorstep_inbox
            (ws, id, connection_id, dedup_key, received_at, sha256, headers, body_zstd, state, reader_version)
        SELECT json_extract(value, '$.ws'), json_extract(value, '$.id'), json_extract(value, '$.connection_id'),
            json_extract(value, '$.dedup_key'), json_extract(value, '$.received_at'),
            from_base64(json_extract(value, '$.sha256')), json_extract(value, '$.headers'),
            from_base64(json_extract(value, '$.body_zstd')), 'new', 0
        FROM json_each(%s) WHERE true
        ON CONFLICT (ws, connection_id, dedup_key) DO NOTHING RETURNING id""",
    "postgresql": """
        INSERT INTO doorstep_inbox
            (ws, id, connection_id, dedup_key, received_at, sha256, headers, body_zstd, state, reader_version)
        SELECT ws, id, connection_id, dedup_key, received_at AT TIME ZONE 'UTC', decode(sha256, 'base64'),
            headers::jsonb, decode(body_zstd, 'base64'), 'new', 0
        FROM json_to_recordset(%s::json) AS row(ws bigint, id bigint, connection_id bigint, dedup_key text,
            received_at timestamp, sha256 text, headers text, body_zstd text)
        ON CONFLICT (ws, connection_id, dedup_key) DO NOTHING RETURNING id""",
}


def keep(rows: Sequence[Mapping[str, object]]) -> set[int]:
    """Add inbox rows (``app.inbox`` makes them); returns the ids that are new."""
    with statement() as cursor:
        cursor.execute(KEEP[connection.vendor], [msgspec.json.encode(rows).decode()])
        return {row[0] for row in cursor.fetchall()}


SCANS = {
    "sqlite": """
        SELECT number_id, connection_id, packed FROM doorstep_scans
        WHERE ws = %s AND number_id IN (SELECT value FROM json_each(%s))""",
    "postgresql": """
        SELECT number_id, connection_id, packed FROM doorstep_scans
        WHERE ws = %s AND number_id IN (SELECT value::bigint FROM json_array_elements_text(%s::json))""",
}


def scans(ws: int, numbers: Collection[int]) -> list[tuple[int, int, bytes]]:
    """(number, source, what it told of it) of these numbers, as ``app.ledger.scans`` packs it."""
    with connection.cursor() as cursor:
        cursor.execute(SCANS[connection.vendor], [ws, json.dumps(list(numbers))])
        return [tuple(row) for row in cursor.fetchall()]


@contextmanager
def statement() -> Iterator[CursorWrapper]:
    """A cursor for one writing statement. Outside ``atomic()`` it commits by itself, and on SQLite goes first in line
    (BEGIN and COMMIT around it would cost two more trips); inside, it is part of the transaction.
    """
    with connection.cursor() as cursor:
        if connection.vendor != "sqlite" or connection.in_atomic_block:
            yield cursor
        else:
            with WRITE.held(first=True):
                yield cursor


def alone_in(ws: int, *, wait: bool = True) -> bool:
    """Wait until nobody else brings facts into this workspace; nobody does then until the transaction ends. What two
    workers have not committed yet neither of them sees: a purchase and its order, read side by side, would miss each
    other for good. Comes before any row is locked. SQLite has one writer at a time anyway. Without ``wait`` False when
    somebody else does.
    """
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ws])
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ws])
        (got,) = cursor.fetchone()
        return bool(got)


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Of all processes on one PostgreSQL only one is inside; the others wait. Not for SQLite, which has one process."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(0, hashtext(%s))", [name])  # two numbers: no workspace has this lock
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(0, hashtext(%s))", [name])


def instant(at: datetime) -> str:
    """An aware instant as both databases read it: naive UTC text."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ")


def enter(kind: str, token_sha256: bytes, now: datetime) -> tuple[int, int, str, str, str] | None:
    """Workspace, target, the workspace's zone and language, and that of a page's buyer, of the live door with this
    token.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT door.ws, door.target_id, workspace.tz, workspace.locale,"
            " CASE WHEN door.kind = 'page' THEN (SELECT person.locale FROM doorstep_order bought JOIN doorstep_person"
            " person ON person.id = bought.person_id WHERE bought.id = door.target_id AND bought.ws = door.ws) END"
            " FROM doorstep_door door"
            " JOIN doorstep_workspace workspace ON workspace.id = door.ws WHERE door.kind = %s"
            " AND door.token_sha256 = %s AND door.revoked_at IS NULL"
            " AND (door.expires_at IS NULL OR door.expires_at > %s)",
            [kind, token_sha256, connection.ops.adapt_datetimefield_value(now)],
        )
        found: tuple[int, int, str, str, str | None] | None = cursor.fetchone()
        return (*found[:4], found[4] or "") if found else None


def enter_key(token_sha256: bytes, now: datetime) -> tuple[int, int, str, str] | None:
    """Id, workspace, the workspace's zone and the scopes of the live key of the API with this hash."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT door.id, door.ws, workspace.tz, door.scopes FROM doorstep_door door"
            " JOIN doorstep_workspace workspace ON workspace.id = door.ws WHERE door.kind = 'api'"
            " AND door.token_sha256 = %s AND door.revoked_at IS NULL"
            " AND (door.expires_at IS NULL OR door.expires_at > %s)",
            [token_sha256, connection.ops.adapt_datetimefield_value(now)],
        )
        found: tuple[int, int, str, str] | None = cursor.fetchone()
        return found


def use_key(door_id: int, ws: int, window: int, count: int, now: datetime) -> int:
    """Count so many requests of a key to a window, and return how many were counted to it together."""
    with statement() as cursor:
        cursor.execute(
            'INSERT INTO doorstep_apiuse (door_id, ws, "window", used, last_at) VALUES (%s, %s, %s, %s, %s)'
            ' ON CONFLICT (door_id) DO UPDATE SET used = excluded.used + CASE WHEN doorstep_apiuse."window" ='
            ' excluded."window" THEN doorstep_apiuse.used ELSE 0 END, "window" = excluded."window",'
            " last_at = excluded.last_at RETURNING used",
            [door_id, ws, window, count, connection.ops.adapt_datetimefield_value(now)],
        )
        (used,) = cursor.fetchone()
        return int(used)


def use_try(key: str, window: int) -> int:
    """Count a try in a window, and return how many were counted in it; those of an earlier one are forgotten."""
    with statement() as cursor:
        cursor.execute(
            'INSERT INTO doorstep_tries (key, "window", used) VALUES (%s, %s, 1) ON CONFLICT (key) DO UPDATE SET'
            ' used = CASE WHEN doorstep_tries."window" = excluded."window" THEN doorstep_tries.used + 1 ELSE 1 END,'
            ' "window" = excluded."window" RETURNING used',
            [key, window],
        )
        (used,) = cursor.fetchone()
        return int(used)
