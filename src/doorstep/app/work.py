"""The background work of a process: six loops that sleep until something is due or rings, and one that ends."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from django.db import OperationalError

from doorstep.app import deliver, feeds, holds, notify, outbox, poll, proofs, reread, understand
from doorstep.app.log import logger
from doorstep.app.loop import in_db, wait
from doorstep.app.outbox import Leased

log = logger(__name__)
T = TypeVar("T")
NAP_S: Final = 1.0  # at most so long between two looks for work, in real seconds
AT_ONCE: Final = 8  # errands of one kind under way together
LAST_S: Final = 10.0  # what is under way at the end may take so long; its lease brings back the rest


async def run(stop: asyncio.Event) -> None:
    """All loops until ``stop`` is set; what is under way then is finished or handed back by its lease."""
    loops = (
        _forever("inbox", stop, _read_inbox),
        _forever("holds", stop, _release_holds),
        _errands("feeds", stop, feeds.claim, feeds.ask),
        _errands("poll", stop, poll.claim, poll.ask),
        _errands("outbox", stop, outbox.claim, carry_out),
        _errands("proofs", stop, proofs.claim, proofs.look_again, proofs.LOOK_S),
        _until_done("reread", stop, _read_again),
    )
    async with asyncio.TaskGroup() as group:
        for one in loops:
            group.create_task(one)


async def carry_out(leased: Leased) -> None:
    """One intent, by its lane."""
    await (deliver.deliver(leased) if leased.row.lane == "push" else notify.notify(leased))


async def _read_inbox() -> bool:
    return bool(await in_db(understand.understand))


async def _release_holds() -> bool:
    return bool(await in_db(holds.release))


async def _read_again() -> bool:
    found = await in_db(reread.stale)
    for one in found:
        await in_db(reread.again, one)
    return bool(found)


async def _until_done(name: str, stop: asyncio.Event, step: Callable[[], Awaitable[bool]]) -> None:
    """Repeat ``step`` until it finds no work: better readers come with a new process."""
    while not stop.is_set() and await _safely(name, step()):
        pass


async def _forever(name: str, stop: asyncio.Event, step: Callable[[], Awaitable[bool]]) -> None:
    """Repeat ``step`` while it finds work; nap when it does not."""
    while not stop.is_set():
        if not await _safely(name, step()):
            await _nap(name, stop)


async def _errands(
    name: str,
    stop: asyncio.Event,
    claim: Callable[[], T | None],
    do: Callable[[T], Awaitable[None]],
    nap_s: float = NAP_S,
) -> None:
    """Claim errands and do several at once; one that fails takes nobody down."""
    free, running = asyncio.Semaphore(AT_ONCE), set[asyncio.Task[None]]()

    async def one(errand: T) -> None:
        try:
            await _safely(name, do(errand))
        finally:
            free.release()

    while not stop.is_set():
        await free.acquire()
        errand = await _safely(name, in_db(claim))
        if errand is None:
            free.release()
            await _nap(name, stop, nap_s)
            continue
        task = asyncio.create_task(one(errand))
        running.add(task)
        task.add_done_callback(running.discard)
    if running:
        await asyncio.wait(running, timeout=LAST_S)


async def _safely(name: str, work: Awaitable[T]) -> T | None:
    """The result, or None when it went wrong: leases and retries bring it back."""
    try:
        return await work
    except OperationalError:
        log.warning("work.database_busy", loop=name)
    except Exception:  # the loop must live; the row comes back when its lease ends
        log.exception("work.failed", loop=name)
    return None


async def _nap(name: str, stop: asyncio.Event, nap_s: float = NAP_S) -> None:
    """Until the bell rings, the next look is due, or it is time to stop."""
    bell = asyncio.create_task(wait(name, nap_s))
    end = asyncio.create_task(stop.wait())
    await asyncio.wait({bell, end}, return_when=asyncio.FIRST_COMPLETED)
    for task in (bell, end):
        task.cancel()
    await asyncio.gather(bell, end, return_exceptions=True)
