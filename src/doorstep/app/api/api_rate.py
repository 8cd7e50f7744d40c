"""How much a key may ask: so many requests a minute, counted in the database, so that a restart forgives nothing and
several processes count together. A process takes some at a time and spends them from memory: what it had not spent when
it ended counts as spent.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from math import ceil
from typing import Final

from django.conf import settings

from doorstep.app import clock
from doorstep.db import queries

WINDOW_S: Final = 60
_PARTS: Final = 20  # of a window's requests, taken one at a time
_REMEMBERED: Final = 10_000  # keys; the oldest is forgotten first, which costs it what it had taken


@dataclass(frozen=True, slots=True)
class Standing:
    """After a request: whether it may go on, how many of ``limit`` are left, and seconds until the window ends."""

    allowed: bool
    limit: int
    left: int
    reset_s: int


@dataclass(slots=True)
class _Taken:
    window: int
    mine: int = 0  # taken and not spent
    rest: int = 0  # of the window, taken by nobody when we last looked
    over: bool = False


_taken: OrderedDict[int, _Taken] = OrderedDict()
_guard = threading.Lock()


def spend(ws: int, door_id: int) -> Standing:
    """Count one request of a key."""
    limit, machine = int(settings.API_PER_MINUTE), clock.machine()
    window = int(machine // WINDOW_S)
    reset_s = max(1, ceil((window + 1) * WINDOW_S - machine))
    with _guard:
        one = _of(door_id, window)
        allowed = _one_more(one)
    if allowed is None:
        part = max(1, limit // _PARTS)
        used = queries.use_key(door_id, ws, window, part, clock.now())
        with _guard:
            one = _of(door_id, window)
            one.mine += max(0, min(part, limit - (used - part)))
            one.rest, one.over = max(0, limit - used), used >= limit
            allowed = _one_more(one)
    return Standing(bool(allowed), limit, one.mine + one.rest if allowed else 0, reset_s)


def forget() -> None:
    """Forget what this process has taken, as when it ends."""
    with _guard:
        _taken.clear()


def _of(door_id: int, window: int) -> _Taken:
    one = _taken.get(door_id)
    if one is None or one.window != window:
        one = _taken[door_id] = _Taken(window)
    _taken.move_to_end(door_id)
    if len(_taken) > _REMEMBERED:
        _taken.popitem(last=False)
    return one


def _one_more(one: _Taken) -> bool | None:
    """Spend one; None = some more have to be taken first."""
    if one.mine:
        one.mine -= 1
        return True
    return False if one.over else None
