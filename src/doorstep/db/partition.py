"""Splits the hot tables of PostgreSQL by workspace: each becomes so many tables, and a row's workspace tells in which
of them it is. Nothing else changes: statements name the whole table, and every unique constraint begins with ``ws``.
"""

from typing import Final

from django.db import connection, models, transaction
from django.db.backends.utils import CursorWrapper

from doorstep.db.models import Archived, Change, Inbox, Outbox, Scans, Schedule, Watch

HOT: Final[tuple[type[models.Model], ...]] = (Inbox, Scans, Watch, Schedule, Outbox, Change, Archived)
PATIENCE: Final = "5s"  # for others to let go of a table
MOST: Final = 256


def parts() -> dict[str, int]:
    """In how many parts each hot table is; 0 = whole."""
    with connection.cursor() as cursor:
        return {one._meta.db_table: _parts(cursor, one._meta.db_table) for one in HOT}


def split(count: int) -> list[str]:
    """Split every hot table into ``count`` parts by the hash of its workspace, one transaction a table; one that is in
    so many parts already is left alone, so an interrupted call is finished by repeating it. Returns the tables
    that were rewritten. Raises OperationalError while somebody else uses one.
    """
    done = []
    for model in HOT:
        table = model._meta.db_table
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            if _parts(cursor, table) == count:
                continue
            _rewrite(cursor, table, count)
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {table}")
        done.append(table)
    return done


def _rewrite(cursor: CursorWrapper, table: str, count: int) -> None:
    """Names of constraints and indexes stay, so later migrations find them."""
    said = [*_constraints(cursor, table), *_indexes(cursor, table)]
    cursor.execute(f"ALTER TABLE {table} RENAME TO {table}_before")
    cursor.execute(f"CREATE TABLE {table} (LIKE {table}_before INCLUDING DEFAULTS) PARTITION BY HASH (ws)")
    for part in range(count):
        cursor.execute(
            f"CREATE TABLE {table}_{part}_of_{count} PARTITION OF {table} "
            f"FOR VALUES WITH (MODULUS {count}, REMAINDER {part})"
        )
    cursor.execute(f"INSERT INTO {table} SELECT * FROM {table}_before")  # noqa: S608 - our own tables
    cursor.execute(f"DROP TABLE {table}_before")
    for statement in said:
        cursor.execute(statement)


def _parts(cursor: CursorWrapper, table: str) -> int:
    cursor.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = %s::regclass", [table])
    (count,) = cursor.fetchone()
    return int(count)


def _constraints(cursor: CursorWrapper, table: str) -> list[str]:
    """Keys and unique constraints as statements that make them again."""
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE conrelid = %s::regclass AND contype IN ('p', 'u') ORDER BY contype",
        [table],
    )
    return [f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {said}' for name, said in cursor.fetchall()]


def _indexes(cursor: CursorWrapper, table: str) -> list[str]:
    """Indexes that belong to no constraint, as statements that make them again."""
    cursor.execute(
        "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = %s::regclass "
        "AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)",
        [table],
    )
    return [said.replace(" ON ONLY ", " ON ") for (said,) in cursor.fetchall()]
