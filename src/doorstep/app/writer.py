"""Group commit: what arrives at the same time is stored in one transaction, and nobody is answered before it is."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from django.db import close_old_connections, connections

T = TypeVar("T")
R = TypeVar("R")


class Full(Exception):
    """Too much is waiting to be stored: the sender has to come again."""


class Writer(Generic[T, R]):
    """A thread that hands everything waiting to ``store`` at once. ``size`` tells how many bytes one item holds."""

    def __init__(
        self,
        store: Callable[[Sequence[T]], Sequence[R]],
        size: Callable[[T], int],
        *,
        batch: int = 256,
        most: int = 2048,
        most_bytes: int = 64 << 20,
    ) -> None:
        self._store, self._size = store, size
        self._batch, self._most, self._most_bytes = batch, most, most_bytes
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._bytes = 0
        self._bell = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopping = False

    async def put(self, item: T) -> R:
        """Store ``item``; returns after the commit. Raises Full, or what ``store`` raised for its batch."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        with self._bell:
            full = len(self._waiting) >= self._most or self._bytes + self._size(item) > self._most_bytes
            if full or self._stopping:
                raise Full
            self._waiting.append((item, future))
            self._bytes += self._size(item)
            if self._thread is None:
                self._start()
            self._bell.notify()
        return await future

    @property
    def waiting(self) -> int:
        """How many items wait to be stored."""
        return len(self._waiting)

    def stop(self) -> None:
        """Store what waits, close the connection, end the thread. Meanwhile it is full."""
        with self._bell:
            thread, self._thread = self._thread, None
            self._stopping = True
            self._bell.notify()
        if thread:
            thread.join()
        self._stopping = False

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while taken := self._take():
            items = [item for item, _ in taken]
            try:
                answers: Sequence[R] | Exception = self._store(items)
            except Exception as problem:  # it belongs to those who wait
                close_old_connections()
                answers = problem
            _answer([future for _, future in taken], answers)
        connections.close_all()

    def _take(self) -> list[tuple[T, asyncio.Future[R]]]:
        """The next batch; empty = stop."""
        with self._bell:
            while not self._waiting and not self._stopping:
                self._bell.wait()
            taken, self._waiting = self._waiting[: self._batch], self._waiting[self._batch :]
            self._bytes -= sum(self._size(item) for item, _ in taken)
        return taken


def _answer(futures: Sequence[asyncio.Future[R]], answers: Sequence[R] | Exception) -> None:
    """Tell those who wait, with one call per loop."""

    def tell(mine: Sequence[tuple[asyncio.Future[R], R | Exception]]) -> None:
        for future, answer in mine:
            if future.done():  # its request was cancelled
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    each: Sequence[R | Exception] = [answers] * len(futures) if isinstance(answers, Exception) else answers
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[R], R | Exception]]] = {}
    for future, answer in zip(futures, each, strict=True):
        by_loop.setdefault(future.get_loop(), []).append((future, answer))
    for loop, mine in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, mine)
