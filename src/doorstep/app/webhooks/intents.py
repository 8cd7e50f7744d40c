"""What endpoints are to be told, written beside the change in the same transaction.

A workspace without endpoints costs a look into a dictionary. Who listens is known for ``FRESH_S`` seconds; another
process may therefore miss what changes just after an endpoint was made or resumed. That is why each then goes through
the ledger once more (``again``): what is there already is not written twice.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction

from doorstep.app import clock, loop
from doorstep.app.webhooks.kinds import BY_LEDGER, Kind
from doorstep.app.webhooks.shapes import SHAPES
from doorstep.db import bulk
from doorstep.db.ids import new_id
from doorstep.db.models import Change, Endpoint, Sending

BELL: Final = "webhooks"
FRESH_S: Final = 5.0
_MOST: Final = 10_000  # workspaces that are remembered


@dataclass(frozen=True, slots=True)
class Listener:
    """An endpoint, as far as it says what it wants to hear."""

    id: int
    types: frozenset[str]
    statuses: frozenset[str]

    def wants(self, change: Change) -> bool:
        """Whether a change is for it. Which store it concerns is looked at when it is told (``news``)."""
        kind = BY_LEDGER.get(change.kind)
        return kind is not None and self.hears(kind, change.new)

    def hears(self, kind: Kind, new: object) -> bool:
        """The same, of a kind of change and its new value."""
        return kind.type in self.types and not (kind.narrowed and self.statuses and new not in self.statuses)


def listener(endpoint: Endpoint) -> Listener:
    """What an endpoint wants to hear, of what its shape has words for."""
    able = SHAPES[endpoint.shape].types
    return Listener(endpoint.id, able & frozenset(endpoint.types or able), frozenset(endpoint.statuses))


_known: dict[int, tuple[float, tuple[Listener, ...]]] = {}


def listeners(ws: int) -> tuple[Listener, ...]:
    """Who listens in a workspace."""
    at, known = clock.monotonic(), _known.get(ws)
    if known is not None and at < known[0]:
        return known[1]
    if len(_known) >= _MOST:
        _known.clear()
    found = tuple(map(listener, Endpoint.objects.filter(ws=ws, state="active").order_by("id")))
    _known[ws] = at + FRESH_S, found
    return found


def forget(ws: int) -> None:
    """Who listens has changed: this process looks anew, now and once more when that is committed."""
    _known.pop(ws, None)
    transaction.on_commit(lambda: _known.pop(ws, None))


def intend(ws: int, changes: Sequence[Change]) -> None:
    """Have everybody who listens told of changes that were just written. Part of the caller's transaction."""
    listening = listeners(ws)
    if listening:
        write(ws, [(one.id, change) for change in changes for one in listening if one.wants(change)])


def write(ws: int, told: Collection[tuple[int, Change]]) -> None:
    """One row for each endpoint and change that has none. A repeated change was not written (``changes.note``), and has
    none either.
    """
    if not told:
        return
    there = set(Change.objects.filter(ws=ws, id__in={one.id for _, one in told}).values_list("id", flat=True))
    rows = [
        Sending(
            id=new_id(),
            ws=ws,
            endpoint_id=endpoint_id,
            change_id=change.id,
            subject=f"{change.subject}:{change.subject_id}",
            due_at=clock.now(),
        )
        for endpoint_id, change in told
        if change.id in there
    ]
    bulk.insert(rows, ignore=True)
    if rows:
        loop.wake(BELL)
