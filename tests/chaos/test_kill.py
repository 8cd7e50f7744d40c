"""``kill -9`` at random moments while orders, webhooks, mails, polls and pushes flow: nothing acknowledged is lost, and
no store receives the same fulfillment twice.

DOORSTEP_KILLS says how often (5), DOORSTEP_SEED repeats a run (it is printed).
"""

import json
import os
import random
import secrets
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.sender import Sender
from tests.e2e.product import ROOT, Town, town, wait_until

KILLS = int(os.environ.get("DOORSTEP_KILLS", "5"))
SEED = int(os.environ.get("DOORSTEP_SEED") or secrets.randbelow(10**6))
SETTLE_S = 240.0  # until everything has come to rest after the last restart
POSTS = {"vendor": "store", "method": "POST", "path": "/wp-json/wc-ast/v3/orders"}
TROUBLES = (
    {**POSTS, "fault": "slow", "seconds": 1.2},
    {**POSTS, "fault": "slow", "seconds": 3.0},  # longer than Doorstep waits for it
    {**POSTS, "fault": "lost"},
    {"vendor": "store", "fault": "lost", "method": "GET"},
    {"vendor": "store", "fault": "500"},
    {"vendor": "supplier", "fault": "lost"},
    {"vendor": "supplier", "fault": "429"},
    {"vendor": "aggregator", "fault": "slow", "seconds": 1.0},
)
pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600 + 40 * KILLS)]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path, seed=SEED) as place:
        place.product.env["DOORSTEP_HTTP_TIMEOUT"] = "2"
        place.connect_shop()
        yield place


def say(text: str) -> None:
    """For whoever looks at a failure."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")


def examine(here: Town) -> dict[str, Any]:
    """What Doorstep has on disk; it must not run."""
    command = [sys.executable, "-m", "tests.chaos.examine"]
    done = subprocess.run(command, env=here.product.env, cwd=ROOT, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def pushes(here: Town, *states: str) -> set[int]:
    """The pushes that are in one of these states, read beside the running Doorstep."""
    path = Path(here.product.env["DOORSTEP_DATA"]) / "doorstep.sqlite3"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as database:
        return {row[0] for row in database.execute("SELECT id, state FROM doorstep_push") if row[1] in states}


def place_orders(here: Town, dice: random.Random) -> list[dict[str, Any]]:
    """One order for each way in which a number becomes known."""
    journey = dice.choice(("smooth", "smooth", "number_swapped"))
    return [
        here.world.place(route="api", journey=journey),
        here.world.place(route="mail", journey="smooth", authentic=True),
        *([here.world.place(route="store", journey="smooth")] if dice.random() < 0.5 else []),
    ]


def kill(here: Town, dice: random.Random) -> str:
    """At a random moment, or at the moment when one more push is being sent."""
    aimed, before = dice.random() < 0.6, pushes(here, "sending")
    end = time.monotonic() + (8.0 if aimed else dice.uniform(0.0, 4.0))
    while time.monotonic() < end:
        if aimed and pushes(here, "sending") - before:
            time.sleep(dice.uniform(0.0, 0.3))
            break
        time.sleep(0.005)
    here.product.kill()
    return f"{'aimed' if aimed else 'random'}, {len(pushes(here, 'sending', 'unsure'))} pushes interrupted"


def test_nothing_is_lost_and_nothing_is_given_twice(here: Town):
    say(f"DOORSTEP_SEED={SEED} DOORSTEP_KILLS={KILLS}")
    dice, before, cases = random.Random(SEED), examine(here), list[dict[str, Any]]()
    sender = Sender(before["hook"], before["secret"], here.product.smtp, here.address)
    sender.start()
    try:
        for number in range(1, KILLS + 1):
            here.product.start()
            cases += place_orders(here, dice)
            for trouble in dice.sample(TROUBLES, 2):
                here.world.control("faults", trouble)
            say(f"kill {number}: {kill(here, dice)}; {len(sender.webhooks)} webhooks, {len(sender.mails)} mails so far")
        here.product.start()
        here.world.control("faults", method="DELETE")
        wait_until(
            "every number in the shop", lambda: not missing(here, cases), here.product, here.world, seconds=SETTLE_S
        )
    finally:
        sender.stop()
    wait_until("rest", lambda: not pushes(here, "due", "sending", "unsure"), here.product, seconds=60)
    say("everything is at rest")
    assert here.product.stop() == 0
    assert not missing(here, cases)
    told = here.world.control("pushes")
    assert told["duplicates"] == []
    after = examine(here)
    assert set(sender.webhooks) <= set(after["inbox"]) and sender.webhooks
    mails = "".join(after["mails"])
    accepted = here.world.control("state")["mails"]["accepted_ids"]
    assert [one for one in (*sender.mails, *accepted) if one not in mails] == [] and sender.mails and accepted
    assert after["audit"] and after["leased"] == 0 and after["bad"] == []
    assert [row for row in after["outbox"] if row[1] != "dead"] == [], after["outbox"]
    assert set(after["connections"].values()) == {"active"}, after["connections"]


def missing(here: Town, cases: list[dict[str, Any]]) -> list[str]:
    """Orders whose number is not in the shop yet. What was typed into the shop itself is there already."""
    given = here.world.pushes()
    return [
        case["order"]
        for case in cases
        if case["route"] != "store"
        and not {case["number"], case["local_number"]} & {number for number, _ in given.get(case["order"], ())}
    ]
