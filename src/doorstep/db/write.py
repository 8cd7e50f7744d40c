"""The right to write. SQLite has one writer at a time and its own waiting is neither fair nor quick, so every write
transaction of this process stands in one line. PostgreSQL needs no line.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError

PATIENCE_S = 30.0


class Line:
    """A lock that is given in the order in which it was asked for. ``first`` goes ahead of all who wait (hooks, whose
    senders give up soon). Belongs to the whole process; released by whoever holds it.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._taken = False

    def acquire(self, *, first: bool = False, timeout: float = PATIENCE_S) -> None:
        """Wait for the turn. Raises OperationalError after ``timeout`` seconds."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            turn = threading.Lock()
            turn.acquire()
            (self._waiting.appendleft if first else self._waiting.append)(turn)
        if not turn.acquire(timeout=timeout) and self._leave(turn):
            raise OperationalError(f"database is locked: another transaction has been writing for {timeout:g} s")

    def release(self) -> None:
        """Hand the turn to the next in line."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False

    @contextmanager
    def held(self, *, first: bool = False) -> Iterator[None]:
        """The turn for a with block."""
        self.acquire(first=first)
        try:
            yield
        finally:
            self.release()

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return len(self._waiting)

    def _leave(self, turn: threading.Lock) -> bool:
        """Stop waiting; False when the turn was handed over at the last moment."""
        with self._guard:
            if turn not in self._waiting:
                return False
            self._waiting.remove(turn)
            return True


WRITE = Line()
