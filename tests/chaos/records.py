"""What a Doorstep has in its database, read from the outside: plain SQL, none of its code."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import psycopg
import zstandard

LEASED = """SELECT 'schedule', number_id FROM doorstep_schedule WHERE lease_token <> 0
    UNION ALL SELECT 'feed', connection_id FROM doorstep_feed WHERE lease_token <> 0
    UNION ALL SELECT 'outbox', id FROM doorstep_outbox WHERE lease_token <> 0"""


class Records(Protocol):
    """A database."""

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of one reading statement."""


class File(Records):
    """SQLite, also while somebody writes to it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10)) as database:
            return database.execute(statement).fetchall()


class Shared(Records):
    """PostgreSQL; [] while it cannot be reached."""

    def __init__(self, url: str) -> None:
        self._url = url

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        try:
            with psycopg.connect(self._url, autocommit=True, connect_timeout=5) as link:
                return link.execute(statement).fetchall()  # type: ignore[arg-type]  # statements of our own
        except psycopg.OperationalError:
            return []


def bodies(records: Records) -> set[str]:
    """The SHA-256 of everything that was stored."""
    return {bytes(row[0]).hex() for row in records.query("SELECT sha256 FROM doorstep_inbox")}


def mails(records: Records) -> str:
    """All mails that were stored, one after the other."""
    found = []
    for headers, body in records.query("SELECT headers, body_zstd FROM doorstep_inbox"):
        said = headers if isinstance(headers, dict) else json.loads(headers)
        if said["what"] == "mail" and body:
            found.append(zstandard.decompress(bytes(body)).decode(errors="replace"))
    return "\n".join(found)


def pushes(records: Records, *states: str) -> set[int]:
    """The pushes that are in one of these states."""
    return {row[0] for row in records.query("SELECT id, state FROM doorstep_push") if row[1] in states}


def rests(records: Records) -> bool:
    """Whether everything that came has been read, and nothing is to be told to a store."""
    unread = records.query("SELECT id FROM doorstep_inbox WHERE state = 'new' LIMIT 1")
    return not unread and not pushes(records, "due", "sending", "unsure")
