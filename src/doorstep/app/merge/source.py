"""Where facts come from, and what they touched."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from doorstep.app.ledger.scans import Heard
from doorstep.core.status import Status
from doorstep.db import bulk
from doorstep.db.models import Connection, Waiting


@dataclass(frozen=True, slots=True)
class Source:
    """One inbox row being understood. ``received_at`` is the row's, so a replay says the same as the first reading."""

    connection: Connection
    inbox_id: int
    received_at: datetime
    context: Mapping[str, str] = field(default_factory=dict)

    @property
    def ws(self) -> int:
        return self.connection.ws

    @property
    def name(self) -> str:
        """How claims and events name this source."""
        return str(self.connection.id)

    @property
    def actor(self) -> str:
        return self.context.get("by") or f"connection:{self.connection.id}"


@dataclass(slots=True)
class Touched:
    """What must be settled after merging."""

    orders: set[int] = field(default_factory=set)
    purchases: set[int] = field(default_factory=set)
    numbers: set[int] = field(default_factory=set)
    scans: dict[int, set[Status]] = field(default_factory=dict)  # numbers of which scans are new, with their statuses
    heard: dict[int, list[Heard]] = field(default_factory=dict)  # all that was told of these numbers

    def add(self, other: "Touched") -> None:
        """What another merge touched, too."""
        self.orders |= other.orders
        self.purchases |= other.purchases
        self.numbers |= other.numbers
        for number, news in other.scans.items():
            self.scans.setdefault(number, set()).update(news)
        self.heard |= other.heard


@dataclass(frozen=True, slots=True)
class Age:
    """The age of a snapshot; the greater one counts."""

    said_at: datetime
    heard_at: datetime
    digest: bytes

    @classmethod
    def of(cls, fact: object, said_at: datetime | None, heard_at: datetime) -> "Age":
        return cls(said_at or heard_at, heard_at, hashlib.blake2b(repr(fact).encode(), digest_size=16).digest())

    def newer_than(self, row: Any) -> bool:
        """Whether this snapshot counts against what ``row`` (Order or Purchase) was made from."""
        return (self.said_at, self.heard_at, self.digest) > (row.said_at, row.heard_at, bytes(row.said_hash))

    def put_on(self, row: Any) -> None:
        row.said_at, row.heard_at, row.said_hash = self.said_at, self.heard_at, self.digest


def wait_for(source: Source, ref: str) -> None:
    """Read this inbox row again when ``ref`` appears (``order:...`` or ``number:...``)."""
    bulk.insert([Waiting(ws=source.ws, ref=ref, inbox_id=source.inbox_id)], ignore=True)


def order_ref(text: str) -> str:
    """How an order's id or number is compared: people and shops write ``#1001``, ``1001`` and `` 1001``."""
    return text.strip().lstrip("#").strip().casefold()
