"""Whether anything at all was committed since an earlier look: the least that a database can be asked (measured on
SQLite: a hundredth of reading what a shopper's page is made from). Says nothing about what it was, so that it serves
what is looked at again and again between two changes.
"""

from typing import NamedTuple

from django.db import connection


class Mark(NamedTuple):
    """Where the committed rows stand. Versions of different ``line``s cannot be compared."""

    line: int
    version: str


def mark() -> Mark | None:
    """Two equal marks: nothing was committed between them, and what was read behind the first is what would be read
    now. None within a transaction, whose own changes no mark tells of.
    """
    if connection.in_atomic_block:
        return None
    connection.ensure_connection()
    if connection.vendor == "sqlite":  # what others changed, and what this connection did
        raw = connection.connection
        (others,) = raw.execute("PRAGMA data_version").fetchone()
        line: int = connection.line  # type: ignore[attr-defined]  # of our own backend
        return Mark(line, f"{others} {raw.total_changes}")
    with connection.cursor() as cursor:  # who is writing, and who had not begun
        cursor.execute("SELECT pg_current_snapshot()::text")
        return Mark(0, cursor.fetchone()[0])
