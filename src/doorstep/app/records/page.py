"""Pages of a list: so many rows, and a key to those behind them. New rows shift nothing: a key names the last row that
was given, not a place in the list.
"""

import base64
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Generic, TypeVar

from django.db import connection
from msgspec import Meta as Limits

from doorstep.app.say import say

T = TypeVar("T")
Instant = Annotated[datetime, Limits(tz=True)]
R = TypeVar("R")
Keys = Callable[[R], Sequence[str | int]]
ALL: Final = frozenset({"*"})  # every field


class Unreadable(ValueError):
    """A cursor that was not made here, or for another list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some rows of a list. ``next_cursor`` leads to those behind them; null on the last page."""

    data: list[T]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A sentence: ``code`` for programs, ``text`` for people."""

    code: str
    text: str


@dataclass(slots=True)
class Where:
    """Conditions of a statement behind ``ws = ...``, joined by AND. ``sql`` never holds anything from outside."""

    parts: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, sql: str, *values: Any) -> None:
        """One more condition."""
        self.parts.append(sql)
        self.values += [_adapted(one) for one in values]

    def equal(self, column: str, value: object) -> None:
        """A column has this value, if there is one to ask for."""
        if value is not None:
            self.add(f"{column} = %s", value)

    def rest(self, order: str) -> str:
        """What comes behind ``WHERE ws = %s AND``."""
        return f"{' AND '.join(self.parts) or 'true'} {order}"


def read_cursor(text: str, *kinds: type) -> list[Any]:
    """The keys in a cursor, of these kinds (int, str, or datetime for an instant). Raises Unreadable."""
    try:
        keys = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(keys, list) or len(keys) != len(kinds):
            raise Unreadable
        return [_key(kind, key) for kind, key in zip(kinds, keys, strict=True)]
    except (ValueError, OverflowError, RecursionError):
        raise Unreadable from None


def write_cursor(keys: Sequence[str | int]) -> str:
    """The keys of a row as a cursor."""
    return base64.urlsafe_b64encode(json.dumps(keys, separators=(",", ":")).encode()).decode().rstrip("=")


def paged(rows: list[R], limit: int, keys: Keys[R]) -> tuple[list[R], str | None]:
    """Of one row more than wanted: those wanted, and the cursor behind them where there are more."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], write_cursor(keys(rows[limit - 1]))


def wants(fields: Collection[str], name: str) -> bool:
    """Whether a field is to be read."""
    return fields is ALL or name in fields


def said(stored: dict[str, Any] | None) -> Said | None:
    """A Message as it is stored."""
    return Said(code=stored["id"], text=say(stored)) if stored else None


def _key(kind: type, key: object) -> object:
    if kind is datetime and isinstance(key, str):
        return datetime.fromisoformat(key).astimezone(UTC)
    if not isinstance(key, kind) or isinstance(key, bool) or (isinstance(key, int) and not 0 <= key < 1 << 63):
        raise Unreadable
    return key


def _adapted(value: object) -> object:
    """A value as the database's driver takes it."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, str) and "\0" in value:
        return ""  # no text holds one, and PostgreSQL takes none
    return value
