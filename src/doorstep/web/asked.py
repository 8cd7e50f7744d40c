"""What became of the last resync of a parcel, and when the next one is possible."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from doorstep.app import clock
from doorstep.app.order.parcel_view import Seen
from doorstep.app.track import resync
from doorstep.core.message import Message

_PATIENCE_S: Final = 60.0  # real seconds that a page keeps looking for the answer of a resync
_NEWS_S: Final = 600.0  # real seconds that the answer is shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """For a template, by parcel id: ``waits`` real seconds until it may be asked again (now = not in it), ``outcomes``
    what came of the last resync, ``running`` those whose answer is still to come.
    """

    waits: dict[int, int]
    outcomes: dict[int, Message]
    running: frozenset[int]


def asked(ws: int, parcels: Sequence[Seen], now: datetime) -> Asked:
    """The resyncs of these parcels."""
    outcomes, running = {}, set()
    for one in parcels:
        if one.resync is None:
            continue
        age = clock.real_seconds(now - one.resync.accepted_at)
        if age > _NEWS_S:
            continue
        message = resync.result(ws, one.resync.id).message
        outcomes[one.id] = message or Message(id="resync.asking")
        if message is None and age < _PATIENCE_S:
            running.add(one.id)
    waits = {one.id: left for one in parcels if (left := _waiting(one, now))}
    return Asked(waits=waits, outcomes=outcomes, running=frozenset(running))


def _waiting(parcel: Seen, now: datetime) -> int:
    return ceil(clock.real_seconds(max(timedelta(), parcel.resync_at - now))) if parcel.resync_at else 0
