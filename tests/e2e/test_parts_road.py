"""Web, hooks and workers as processes of their own on one PostgreSQL: one is killed, one is stopped; nothing is lost
and nothing is done twice.
"""

import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.e2e.product import BIN, RATE, Console, Program, Town, Visitor, free_ports, new_database, town, wait_until

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(500)]
LEASED = """SELECT 'schedule', number_id, lease_token FROM doorstep_schedule WHERE lease_token <> 0
    UNION SELECT 'feed', connection_id, lease_token FROM doorstep_feed WHERE lease_token <> 0
    UNION SELECT 'outbox', id, lease_token FROM doorstep_outbox WHERE lease_token <> 0"""
SLOW_S = 7.0  # a vendor's answer; shorter than the time-out, longer than a process that stops waits for it


class Parts:
    """A town whose product is several processes."""

    def __init__(self, here: Town, home: Path, database: str) -> None:
        self.here, self._home, self._database = here, home, database
        hooks, *self.health = free_ports(3)
        self.hooks_url = here.product.env["DOORSTEP_PUBLIC_URL"] = f"http://127.0.0.1:{hooks}"
        here.product.env["DOORSTEP_HTTP_TIMEOUT"] = "8"
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

    def close(self) -> None:
        """Stop all processes."""
        for one in (self.web, self.hooks, *self.workers):
            one.stop()

    def _program(self, name: str, *words: str) -> Program:
        log = self._home / f"{name}.log"
        return Program([BIN / "doorstep", *words, "--json"], self.here.product.env, log, ready='{"url": ')


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    database = new_database()
    with town(tmp_path, rate=RATE, database=database) as here:
        some = Parts(here, tmp_path, database)
        here.connect_shop()
        for one in (some.web, some.hooks, *some.workers):
            one.env.update(here.product.env)
            one.start()
        try:
            yield some
        finally:
            some.close()


def test_orders_travel_through_processes_of_which_one_is_killed_and_one_is_stopped(parts: Parts) -> None:
    here, (first, second) = parts.here, parts.workers
    here.world.control("faults", {"vendor": "store", "fault": "slow", "seconds": 1.5, "method": "POST", "calls": 20})
    cases = [here.world.place(journey="smooth", route=route, authentic=True) for route in ("api", "mail") * 3]
    sending = "SELECT id FROM doorstep_outbox WHERE state = 'sending'"
    wait_until("a push under way", lambda: parts.query(sending), *parts.running, seconds=120, every=0.05)
    first.kill()
    let_leases_of_the_dead_expire(parts)
    wait_until("every number in the shop", lambda: not missing(here, cases), *parts.running, seconds=150)
    page = Console(here.product).order(cases[0]["order"])
    assert cases[0]["number"] in Visitor.get(Console(here.product), page)
    assert status(f"{parts.hooks_url}{page}") == 404 and status(f"{here.product.url}/hooks/x") == 404
    assert {status(f"{url}/readyz") for url in (here.product.url, parts.hooks_url)} == {200}
    measured = read(f"http://127.0.0.1:{parts.health[1]}/metrics")
    assert 'doorstep_http_seconds_count{connector="woocommerce"}' in measured

    here.world.control("faults", method="DELETE")
    slow = {"vendor": "aggregator", "fault": "slow", "seconds": SLOW_S, "calls": 50}
    here.world.control("faults", slow)
    asked = "SELECT number_id FROM doorstep_schedule WHERE lease_token <> 0"
    wait_until("a carrier being asked", lambda: parts.query(asked), *parts.running, seconds=60, every=0.05)
    began = time.monotonic()
    assert second.stop() == 0
    assert time.monotonic() - began < SLOW_S
    assert [kind for kind, *_ in parts.query(LEASED) if kind != "outbox"] == []
    assert here.world.control("pushes")["duplicates"] == []
    assert parts.web.stop() == parts.hooks.stop() == 0


def let_leases_of_the_dead_expire(parts: Parts) -> None:
    """What the living hold changes hands within seconds; what does not is the dead one's: its time passes at once."""
    held = set(parts.query(LEASED))
    time.sleep(9)
    for table, key, token in held & set(parts.query(LEASED)):
        name = {"schedule": "number_id", "feed": "connection_id", "outbox": "id"}[table]
        parts.query(
            f"UPDATE doorstep_{table} SET lease_until = lease_until - 300"  # noqa: S608 - names of our own making
            f" WHERE {name} = {key} AND lease_token = {token}"
        )


def missing(here: Town, cases: list[dict[str, Any]]) -> list[str]:
    """Orders whose number is not in the shop yet."""
    given = here.world.pushes()
    return [
        case["order"] for case in cases if case["number"] not in {number for number, _ in given.get(case["order"], ())}
    ]


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - loopback
        text: str = answer.read().decode()
    return text


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - loopback
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code
