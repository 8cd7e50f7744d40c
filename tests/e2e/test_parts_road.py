"""Web, hooks and workers as processes of their own on one PostgreSQL: one is killed, one is upgraded, one is stopped;
nothing is lost and nothing is done twice.
"""

import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.parts import Parts, parts
from tests.e2e.product import ROOT, Console, Program, Town, wait_until

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(500)]
LEASED = """SELECT 'schedule', number_id, lease_token FROM doorstep_schedule WHERE lease_token <> 0
    UNION SELECT 'feed', connection_id, lease_token FROM doorstep_feed WHERE lease_token <> 0
    UNION SELECT 'outbox', id, lease_token FROM doorstep_outbox WHERE lease_token <> 0"""
SLOW_S = 7.0  # a vendor's answer; shorter than the time-out, longer than a process that stops waits for it


@pytest.fixture
def some(tmp_path: Path) -> Iterator[Parts]:
    with parts(tmp_path, timeout_s=8) as running:
        yield running


def test_orders_travel_through_processes_of_which_one_is_killed_and_one_is_stopped(some: Parts) -> None:
    here, (first, second) = some.here, some.workers
    here.world.control("faults", {"vendor": "store", "fault": "slow", "seconds": 1.5, "method": "POST", "calls": 20})
    cases = [here.world.place(journey="smooth", route=route, authentic=True) for route in ("api", "mail") * 3]
    sending = "SELECT id FROM doorstep_outbox WHERE state = 'sending'"
    wait_until("a push under way", lambda: some.query(sending), *some.running, seconds=120, every=0.05)
    first.kill()
    let_leases_of_the_dead_expire(some)
    wait_until("every number in the shop", lambda: not missing(here, cases), *some.running, seconds=150)
    console = Console(here.product)
    page = console.order(cases[0]["order"])
    assert cases[0]["number"] in console.get(page)
    assert status(f"{some.hooks_url}{page}") == 404 and status(f"{here.product.url}/hooks/x") == 404
    assert {status(f"{url}/readyz") for url in (here.product.url, some.hooks_url)} == {200}
    measured = read(f"http://127.0.0.1:{some.health[1]}/metrics")
    assert 'doorstep_http_seconds_count{connector="woocommerce"}' in measured

    here.world.control("faults", method="DELETE")
    the_next_release_works_beside_this_one(some, first)
    slow = {"vendor": "aggregator", "fault": "slow", "seconds": SLOW_S, "calls": 50}
    here.world.control("faults", slow)
    asked = "SELECT number_id FROM doorstep_schedule WHERE lease_token <> 0"
    wait_until("a carrier being asked", lambda: some.query(asked), *some.running, seconds=60, every=0.05)
    began = time.monotonic()
    assert second.stop() == 0
    assert time.monotonic() - began < SLOW_S
    assert [kind for kind, *_ in some.query(LEASED) if kind != "outbox"] == []
    assert here.world.control("pushes")["duplicates"] == []
    assert some.web.stop() == some.hooks.stop() == 0


def the_next_release_works_beside_this_one(some: Parts, first: Program) -> None:
    """The database is brought to the next version while everything runs; one worker is already of that version."""
    newer = {"DJANGO_SETTINGS_MODULE": "tests.upgrade.newer", "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    some.here.product.env.update(newer)
    assert some.here.product.command("migrate")["applied"] == 1
    first.env.update(newer)
    first.start()
    cases = [some.here.world.place(journey="smooth", route=route, authentic=True) for route in ("api", "mail")]
    wait_until("numbers after the upgrade", lambda: not missing(some.here, cases), *some.running, seconds=150)
    assert first.stop() == 0


def let_leases_of_the_dead_expire(some: Parts) -> None:
    """What the living hold changes hands within seconds; what does not is the dead one's: its time passes at once."""
    held = set(some.query(LEASED))
    time.sleep(9)
    for table, key, token in held & set(some.query(LEASED)):
        name = {"schedule": "number_id", "feed": "connection_id", "outbox": "id"}[table]
        some.query(
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
