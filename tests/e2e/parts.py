"""Doorstep as several processes on one PostgreSQL, beside a living world.

with parts(tmp_path, workers=2) as some:
    some.here.world.place(journey="smooth", route="api")
    some.workers[0].kill()
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.e2e.product import BIN, RATE, Program, Town, free_ports, new_database, town


class Parts:
    """A town whose product is several processes."""

    def __init__(self, here: Town, home: Path, database: str, workers: int) -> None:
        self.here, self._home, self._database = here, home, database
        hooks, *self.health = free_ports(1 + workers)
        self.hooks_url = here.product.env["DOORSTEP_PUBLIC_URL"] = f"http://127.0.0.1:{hooks}"
        self.web = self._program("web", "web")
        self.hooks = self._program("hooks", "hooks", "--smtp", "--port", str(hooks))
        self.workers = [
            self._program(f"worker-{n}", "worker", "--health-port", str(port)) for n, port in enumerate(self.health)
        ]

    @property
    def running(self) -> list[Program]:
        """All that should be alive."""
        return [one for one in (self.web, self.hooks, *self.workers, self.here.world) if one.alive]

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """What the database says."""
        with psycopg.connect(self._database, autocommit=True) as link:
            found = link.execute(statement)
            return found.fetchall() if found.description else []

    def start(self) -> None:
        """Start all processes, with what the product's settings are by now."""
        for one in (self.web, self.hooks, *self.workers):
            one.env.update(self.here.product.env)
            one.start()

    def close(self) -> None:
        """Stop all processes."""
        for one in (self.web, self.hooks, *self.workers):
            one.stop()

    def _program(self, name: str, *words: str) -> Program:
        log = self._home / f"{name}.log"
        return Program([BIN / "doorstep", *words, "--json"], self.here.product.env, log, ready='{"url": ')


@contextmanager
def parts(home: Path, *, workers: int = 2, rate: float = RATE, timeout_s: float = 20) -> Iterator[Parts]:
    """All processes of a shop that is connected; stopped at the end. ``timeout_s``: of requests to vendors."""
    database = new_database()
    with town(home, rate=rate, database=database) as here:
        here.product.env["DOORSTEP_HTTP_TIMEOUT"] = str(timeout_s)
        some = Parts(here, home, database, workers)
        here.connect_shop()
        try:
            some.start()
            yield some
        finally:
            some.close()
