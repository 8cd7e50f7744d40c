"""How fast a connection may ask: evenly spaced slots, by the monotonic clock, within this process."""

import asyncio
from collections.abc import Hashable

from doorstep.app import clock
from doorstep.connectors.contract import Busy
from doorstep.core.message import Message

PATIENCE_S = 15.0
_next: dict[Hashable, float] = {}


async def slot(key: Hashable, per_minute: int) -> None:
    """Wait for the next free slot of ``key``. Raises Busy when it is further away than ``PATIENCE_S`` seconds: whoever
    holds a lease should rather come again.
    """
    wait = reserve(key, per_minute, clock.monotonic())
    if wait > 0:
        await asyncio.sleep(wait)


def reserve(key: Hashable, per_minute: int, now: float) -> float:
    """Take the next slot; returns in how many seconds it is. Raises Busy (and takes none) beyond ``PATIENCE_S``."""
    at = max(now, _next.get(key, now))
    if at - now > PATIENCE_S:
        raise Busy(retry_after=at - now, message=Message(id="trouble.pace", values={"seconds": round(at - now)}))
    if len(_next) > 10_000:
        for old in [one for one, free_at in _next.items() if free_at <= now]:
            del _next[old]
    _next[key] = at + 60 / per_minute
    return at - now
