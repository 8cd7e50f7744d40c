"""The last calls of a connection, for whoever wonders what it does: where to, how it ended, how long it took. Never
what was sent or answered: no query, no header, no body.

They are kept in memory and written together, at most once in ``EVERY_S`` seconds for each connection and at once after
trouble: how they went is no reason to slow down asking.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from django.db import transaction

from doorstep.app import clock
from doorstep.connectors.contract import Request
from doorstep.db.models import Calls, Connection

KEPT: Final = 20
EVERY_S: Final = 5.0
MOST: Final = 1000  # connections remembered by a process


class Call(NamedTuple):
    """One call. ``status`` 0 = no answer came."""

    at: datetime
    method: str
    url: str
    status: int
    seconds: float

    def told(self) -> dict[str, str | int]:
        """As it is written: ``at`` is ISO 8601 in UTC, and of the address the host and the path."""
        parts = urlsplit(self.url)
        return {
            "at": self.at.isoformat(timespec="seconds"),
            "method": self.method,
            "host": parts.hostname or "",
            "path": parts.path[:200],
            "status": self.status,
            "ms": round(self.seconds * 1000),
        }


@dataclass(slots=True)
class _Waiting:
    calls: deque[Call]
    written: float = float("-inf")


_waiting: OrderedDict[int, _Waiting] = OrderedDict()


def heard(connection: Connection, request: Request, status: int, seconds: float) -> bool:
    """Remember a call; True when it is time to write (``keep``)."""
    mine = _waiting.get(connection.id)
    if mine is None:
        mine = _waiting[connection.id] = _Waiting(deque(maxlen=KEPT))
    _waiting.move_to_end(connection.id)
    while len(_waiting) > MOST:
        _waiting.popitem(last=False)
    mine.calls.append(Call(clock.now(), request.method, request.url, status, seconds))
    return not 200 <= status < 300 or clock.monotonic() - mine.written >= EVERY_S


def keep(connection: Connection) -> None:
    """Write what is remembered of a connection beside what is written already."""
    mine = _waiting.get(connection.id)
    if mine is None or not mine.calls:
        return
    fresh, mine.written = [mine.calls.popleft().told() for _ in range(len(mine.calls))], clock.monotonic()
    key = {"ws": connection.ws, "connection_id": connection.id}
    with transaction.atomic():
        Calls.objects.bulk_create([Calls(**key)], ignore_conflicts=True)
        row = Calls.objects.select_for_update().get(**key)
        Calls.objects.filter(**key).update(last=[*row.last, *fresh][-KEPT:])


def last(ws: int, connection_id: int) -> list[dict[str, Any]]:
    """The last calls, the newest first."""
    row = Calls.objects.filter(ws=ws, connection_id=connection_id).first()
    return row.last[::-1] if row else []
