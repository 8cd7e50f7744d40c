"""Bells across processes: what rings in one process rings in all that work on the same PostgreSQL (LISTEN, NOTIFY).

One thread with a connection of its own tells and listens, and sleeps in between. A bell may get lost while the server
is away: everything is rung when it is back, and no loop naps for longer than a second anyway. SQLite needs no wire: one
process does everything.
"""

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, Final

from django.db import DatabaseError, connection

from doorstep.app import loop
from doorstep.app.log import logger

CHANNEL: Final = "doorstep"
FIRST_WAIT_S: Final = 0.1  # before a lost connection is made anew; doubles up to the longest
LONGEST_WAIT_S: Final = 5.0
PATIENCE_S: Final = 2.0  # for the thread to end
TELL: Final = "SELECT pg_notify(%s, name) FROM unnest(%s::text[]) AS name"
log = logger(__name__)


class Wire:
    """The line to the other processes. What is told here is heard there as ``loop.ring``; never by ourselves."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._names: set[str] = set()
        self._stopping = threading.Event()
        self._up = threading.Event()
        self._thread: threading.Thread | None = None
        self._pair: tuple[socket.socket, socket.socket] | None = None  # wakes the thread: read from one, written to two

    def start(self) -> None:
        """Listen, and hand on what ``loop.wake`` rings."""
        self._stopping.clear()
        self._names.clear()
        self._pair = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="wire", daemon=True)
        self._thread.start()
        loop.tell(self.tell)

    def stop(self) -> None:
        """Hang up."""
        loop.tell(None)
        if self._thread is None:
            return
        self._stopping.set()
        self._poke()
        self._thread.join(PATIENCE_S)
        if not self._thread.is_alive():  # one that still tries to connect ends with the process
            self._close()
        self._thread = None

    def _poke(self) -> None:
        with self._guard:
            if self._pair:
                self._pair[1].send(b"!")

    def _close(self) -> None:
        with self._guard:
            for one in self._pair or ():
                one.close()
            self._pair = None

    def tell(self, name: str) -> None:
        """Ring a bell in all other processes; returns at once. Bells that ring together travel together."""
        with self._guard:
            fresh = not self._names
            self._names.add(name)
        if fresh:
            self._poke()

    def connected(self, seconds: float) -> bool:
        """Wait until the line is up, at most so long."""
        return self._up.wait(seconds)

    def _run(self) -> None:
        wait = FIRST_WAIT_S
        while not self._stopping.is_set():
            try:
                with closing(connection), self._line() as (link, ready):
                    wait = FIRST_WAIT_S
                    self._hold(link, ready)
            except DatabaseError as problem:
                log.warning("wire.cut", problem=str(problem).strip()[:200])
                self._stopping.wait(wait)
                wait = min(2 * wait, LONGEST_WAIT_S)

    @contextmanager
    def _line(self) -> Iterator[tuple[Any, selectors.BaseSelector]]:
        """A connection that listens, and what tells that it or ``tell`` has something."""
        connection.ensure_connection()
        link = connection.connection  # psycopg's own: Django knows no notifications
        own = link.info.backend_pid

        def hear(note: Any) -> None:
            if note.pid != own:
                loop.ring(note.payload)

        link.add_notify_handler(hear)
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        with selectors.DefaultSelector() as ready:
            ready.register(link.fileno(), selectors.EVENT_READ)
            assert self._pair
            ready.register(self._pair[0], selectors.EVENT_READ, self._pair[0])
            self._up.set()
            loop.ring_all()
            try:
                yield link, ready
            finally:
                self._up.clear()

    def _hold(self, link: Any, ready: selectors.BaseSelector) -> None:
        """Tell and listen until told to stop. Raises DatabaseError when the line is cut."""
        while not self._stopping.is_set():
            for key, _ in ready.select():
                if key.data:
                    key.data.recv(4096)
            self._send()
            with connection.wrap_database_errors:
                link.pgconn.consume_input()
            while note := link.pgconn.notifies():
                link.pgconn.notify_handler(note)

    def _send(self) -> None:
        with self._guard:
            names, self._names = sorted(self._names), set()
        if names:
            with connection.cursor() as cursor:
                cursor.execute(TELL, [CHANNEL, names])


WIRE: Final = Wire()
