"""Between threads and the event loop: database work off the loop, coroutines from views, bells for the workers.

``up`` has one loop. Views run on threads and call into it (``call``); its coroutines never touch the database
themselves but hand the work to database threads (``in_db``).
"""

import asyncio
import functools
import queue
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, WeakValueDictionary

from django.db import InterfaceError, OperationalError, close_old_connections, connection, connections, transaction

T = TypeVar("T")
Job = tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]
POSTGRES_THREADS = 4


class Bench:
    """Daemon threads with a database connection each, started when first needed. SQLite has one writer: one thread."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._guard = threading.Lock()
        self._broken = 0  # connections found broken so far, by any thread

    def submit(self, fn: Callable[..., T], *args: Any) -> Future[T]:
        """Have ``fn(*args)`` done by the next free thread."""
        future: Future[T] = Future()
        with self._guard:
            if not self._threads:
                self._start(1 if connection.vendor == "sqlite" else POSTGRES_THREADS)
            self._jobs.put((future, fn, args))
        return future

    @property
    def waiting(self) -> int:
        """How many jobs no thread has begun yet."""
        return self._jobs.qsize()

    def close(self) -> None:
        """Finish what was submitted, close the connections, end the threads. A later submit starts new ones."""
        with self._guard:
            threads, self._threads = self._threads, []
            for _ in threads:
                self._jobs.put(None)
            for thread in threads:
                thread.join()

    def _start(self, count: int) -> None:
        self._threads = [threading.Thread(target=self._work, name=f"db-{i}", daemon=True) for i in range(count)]
        for thread in self._threads:
            thread.start()

    def _work(self) -> None:
        looked = self._broken
        while job := self._jobs.get():
            future, fn, args = job
            if not future.set_running_or_notify_cancel():
                continue
            if looked != self._broken:  # the server was restarted, perhaps: is ours broken as well?
                looked = self._broken
                close_old_connections()
            try:
                result = fn(*args)
            except BaseException as problem:  # it belongs to whoever waits
                self._broken += isinstance(problem, (OperationalError, InterfaceError))
                close_old_connections()  # before the answer: a broken connection is never seen again
                future.set_exception(problem)
            else:
                future.set_result(result)
            del future, fn, args, job  # an idle thread keeps nothing alive
        connections.close_all()


BENCH = Bench()


async def in_db(fn: Callable[..., T], *args: Any) -> T:
    """Run ``fn(*args)``, which may use the database, on a database thread."""
    return await asyncio.wrap_future(BENCH.submit(fn, *args))


_lines: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[int, asyncio.Lock]] = WeakKeyDictionary()


async def in_turn(ws: int, fn: Callable[..., T], *args: Any) -> T:
    """``in_db`` for what has to be alone in a workspace (``queries.alone_in``): of this process one after the other, so
    that a busy workspace keeps one database thread waiting, and the others serve the other workspaces.
    """
    lines = _lines.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    line = lines.get(ws) or lines.setdefault(ws, asyncio.Lock())
    async with line:
        return await in_db(fn, *args)


_server: asyncio.AbstractEventLoop | None = None
_enders: WeakKeyDictionary[asyncio.AbstractEventLoop, list[Callable[[], Awaitable[None]]]] = WeakKeyDictionary()


def serve_here() -> None:
    """Make the running loop the one on which ``call`` runs coroutines, until it ends (``end``)."""
    global _server  # noqa: PLW0603 - a process has one server loop
    _server = asyncio.get_running_loop()


def call(coroutine: Coroutine[Any, Any, T], timeout: float = 60.0) -> T:
    """Run a coroutine from a thread and wait for it: on the server's loop, or on one of its own when there is none.
    Raises TimeoutError after ``timeout`` seconds; the coroutine is cancelled then.
    """
    if _server is None:
        return asyncio.run(_alone(coroutine, timeout))
    future = asyncio.run_coroutine_threadsafe(coroutine, _server)
    try:
        return future.result(timeout)
    except TimeoutError:
        future.cancel()
        raise


def at_end(ender: Callable[[], Awaitable[None]]) -> None:
    """Have ``ender`` awaited before the running loop is given up."""
    _enders.setdefault(asyncio.get_running_loop(), []).append(ender)


async def end() -> None:
    """Give up the running loop: close what was opened on it."""
    global _server  # noqa: PLW0603 - see serve_here
    here = asyncio.get_running_loop()
    if _server is here:
        _server = None
    for ender in reversed(_enders.pop(here, [])):
        await ender()


async def _alone(coroutine: Coroutine[Any, Any, T], seconds: float) -> T:
    try:
        return await asyncio.wait_for(coroutine, seconds)
    finally:
        await end()


Bells = defaultdict[str, asyncio.Event]
_bells: WeakKeyDictionary[asyncio.AbstractEventLoop, Bells] = WeakKeyDictionary()
_bells_guard = threading.Lock()


_tell: Callable[[str], None] | None = None


def tell(others: Callable[[str], None] | None) -> None:
    """From now on ``wake`` tells ``others`` too: the wire to other processes."""
    global _tell  # noqa: PLW0603 - a process has one wire
    _tell = others


def wake(name: str) -> None:
    """Ring a bell, from any thread, as soon as what this thread has written can be seen: at its commit. Who waits
    for it goes on, here and in other processes; who is busy will not wait the next time.
    """
    if connection.in_atomic_block:
        transaction.on_commit(functools.partial(_wake, name))
    else:
        _wake(name)


def _wake(name: str) -> None:
    ring(name)
    if _tell is not None:
        _tell(name)


def ring(name: str) -> None:
    """Ring a bell in this process only, from any thread, now."""
    with _bells_guard:
        rooms = list(_bells.items())
    for loop, bells in rooms:
        if not loop.is_closed():
            loop.call_soon_threadsafe(lambda bells=bells: bells[name].set())  # type: ignore[misc]  # bound now


def ring_all() -> None:
    """Ring all bells of this process that anybody has ever waited for."""
    with _bells_guard:
        names = {name for bells in _bells.values() for name in list(bells)}
    for name in names:
        ring(name)


async def wait(name: str, timeout: float) -> bool:  # noqa: ASYNC109 - not ringing is an answer, not an error
    """Wait for a bell, at most ``timeout`` real seconds; False when it did not ring. For one waiter per name."""
    with _bells_guard:
        bell = _bells.setdefault(asyncio.get_running_loop(), defaultdict(asyncio.Event))[name]
    try:
        await asyncio.wait_for(bell.wait(), timeout)
    except TimeoutError:
        return False
    bell.clear()
    return True
