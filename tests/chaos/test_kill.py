"""``up`` on SQLite is killed at random moments (``kill -9``) while orders, webhooks, mails, polls and pushes flow, the
disk is full and the machine's clock jumps: nothing acknowledged is lost, and no store is told twice.

DOORSTEP_KILLS says how often (10, half of them here), DOORSTEP_SEED repeats a run (it is printed).
"""

import resource
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.chaos import records
from tests.chaos.storm import HOUR_S, KILLS, SEED, Storm, examine, on_a_wrong_machine, say
from tests.e2e.product import town, wait_until

MINE = KILLS // 2
START_S = 4.0  # within it most starts are over: every fifth kill comes at any moment of one
pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600 + 40 * KILLS)]


@pytest.fixture
def storm(tmp_path: Path) -> Iterator[Storm]:
    with town(tmp_path, seed=SEED) as here:
        here.product.env["DOORSTEP_HTTP_TIMEOUT"] = "2"
        here.connect_shop()
        here.product.words = on_a_wrong_machine(tmp_path / "skew", "up", "--json")
        yield Storm(here, records.File(data(tmp_path)), tmp_path / "skew")


def data(home: Path) -> Path:
    return home / "data" / "doorstep.sqlite3"


def test_nothing_is_lost_and_nothing_is_given_twice(storm: Storm, tmp_path: Path):
    say(f"DOORSTEP_SEED={SEED} DOORSTEP_KILLS={KILLS}: {MINE} of up on SQLite")
    before, product, dice = examine(storm.here), storm.here.product, storm.dice
    sender = storm.send(before["hook"], before["secret"])
    try:
        for number in range(1, MINE + 1):
            product.launch()
            storm.trouble()
            if number % 3 == 0:
                storm.set_clock(dice.choice((HOUR_S, -HOUR_S, 0.0)))
            if number % 5 == 0:
                how = "starting"
                time.sleep(dice.uniform(0.0, START_S))
            else:
                wait_until("its start", lambda: product.ready, product, seconds=90, every=0.05)
                if number % 4 == 0:
                    fill_the_disk(storm, tmp_path)
                how = storm.wait_for_a_push()
            product.kill()
            storm.look(number)
            say(f"kill {number}: {how}; {len(sender.webhooks)} webhooks, {len(sender.mails)} mails so far")
        product.start()
        storm.end()
    finally:
        sender.stop()
    assert product.stop() == 0
    storm.check()
    with closing(sqlite3.connect(data(tmp_path))) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def fill_the_disk(storm: Storm, home: Path) -> None:
    """For a moment no file can grow: nothing is acknowledged any more, and the process lives; then all goes on."""
    product, sender = storm.here.product, storm.sender
    assert sender is not None
    size = data(home).stat().st_size
    _, most = resource.prlimit(product.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(product.pid, resource.RLIMIT_FSIZE, (size, most))
    wait_until("a refusal", sender.is_refused, product, seconds=60, every=0.05)
    resource.prlimit(product.pid, resource.RLIMIT_FSIZE, (most, most))
    count = len(sender.webhooks)
    wait_until("a webhook after the disk was full", lambda: len(sender.webhooks) > count, product, seconds=60)
    say(f"the disk was full: no file grew beyond {size} bytes")
