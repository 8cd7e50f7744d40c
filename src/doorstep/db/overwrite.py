"""Deleting so that nothing is left behind."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def overwriting() -> Iterator[None]:
    """SQLite leaves what is deleted in the file until the place is needed; in here it overwrites it, the log beside
    too. From outside of a transaction: within one it changes nothing. PostgreSQL does as its vacuum does.
    """
    _say("ON")
    try:
        yield
    finally:
        _say("OFF")


def _say(how: str) -> None:
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA secure_delete = {how}")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
