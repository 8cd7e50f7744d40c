"""Django's SQLite backend, made durable and fair.

Every ``atomic()`` begins IMMEDIATE while holding ``WRITE``: nobody reads first and is refused when writing (deferred
transactions fail at once then), and nobody starves. Reads outside ``atomic()`` take no lock: in WAL they never wait.
Never call out (HTTP, mail) inside ``atomic()``: everybody else waits for it.
"""

import base64
import itertools
from typing import Any, Final

from django.db.backends.sqlite3 import base

from doorstep.db.write import WRITE

PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # what was acknowledged survives a power cut; per connection
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA temp_store = MEMORY",
)
_LINES: Final = itertools.count(1)


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection of one thread. ``_writing``: it holds ``WRITE``. ``line``: which of this process's it is."""

    _writing = False
    line = 0

    def get_connection_params(self) -> dict[str, Any]:
        """Django's, with a busy time-out for writers of other processes (a command beside a running server)."""
        params = {"timeout": 20.0, **super().get_connection_params()}
        self.transaction_mode = "IMMEDIATE"
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """An open sqlite3 connection. ``from_base64(text)`` returns a blob (unhex() came only with SQLite 3.41)."""
        conn = super().get_new_connection(conn_params)
        self.line = next(_LINES)
        for pragma in PRAGMAS:
            conn.execute(pragma)
        conn.create_function("from_base64", 1, base64.b64decode, deterministic=True)
        return conn

    def set_autocommit(self, autocommit: bool, force_begin_transaction_with_broken_autocommit: bool = False) -> None:
        """Begin (``atomic()`` turns autocommit off) holding ``WRITE``."""
        begins = not autocommit and not self._writing
        if begins:
            WRITE.acquire()
            self._writing = True
        try:
            super().set_autocommit(autocommit, force_begin_transaction_with_broken_autocommit)
        except BaseException:
            if begins:
                self._done()
            raise

    def commit(self) -> None:
        """Commit and leave the line; after a failed commit Django rolls back."""
        super().commit()
        self._done()

    def rollback(self) -> None:
        """Roll back and leave the line; after a failed one Django closes the connection."""
        super().rollback()
        self._done()

    def close(self) -> None:
        """Close, which ends any transaction."""
        try:
            super().close()
        finally:
            self._done()

    def _done(self) -> None:
        if self._writing:
            self._writing = False
            WRITE.release()
