"""What goes on while things are killed, and what must be true afterwards: everything that was acknowledged is there,
no shop was told twice, no vendor was called too often, and nothing is held by the dead.
"""

import json
import os
import random
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from doorstep.app.vendors.budget import BURST_S
from doorstep.connectors.registry import connector
from tests.chaos import records
from tests.chaos.records import Records
from tests.chaos.sender import Sender
from tests.e2e.product import ROOT, Town, wait_until

KILLS: Final = int(os.environ.get("DOORSTEP_KILLS", "10"))
SEED: Final = int(os.environ.get("DOORSTEP_SEED") or secrets.randbelow(10**6))
SETTLE_S: Final = 240.0 + 4 * KILLS  # until everything has come to rest after the last restart
HOUR_S: Final = 3600.0
POSTS: Final = {"vendor": "store", "method": "POST", "path": "/wp-json/wc-ast/v3/orders"}
TROUBLES: Final[tuple[dict[str, Any], ...]] = (
    {**POSTS, "fault": "slow", "seconds": 1.2},
    {**POSTS, "fault": "slow", "seconds": 3.0},  # longer than Doorstep waits for it
    {**POSTS, "fault": "lost"},
    {**POSTS, "fault": "cut"},
    {"vendor": "store", "fault": "lost", "method": "GET"},
    {"vendor": "store", "fault": "500", "calls": 6},
    {"vendor": "store", "fault": "slow", "seconds": 20.0, "method": "GET"},  # ten time-outs: see chaos.md
    {"vendor": "supplier", "fault": "lost"},
    {"vendor": "supplier", "fault": "cut"},
    {"vendor": "supplier", "fault": "429", "calls": 6},
    {"vendor": "aggregator", "fault": "slow", "seconds": 1.0, "calls": 3},
    {"vendor": "aggregator", "fault": "slow", "seconds": 20.0},
    {"vendor": "aggregator", "fault": "cut"},
    {"vendor": "aggregator", "fault": "500", "calls": 6},
    {"vendor": "aggregator", "fault": "429", "calls": 6},
)
WINDOW_S: Final = 20.0
AIMED: Final = 0.75  # of the kills of what runs: a push is on its way; with those of what starts, six of ten
LOOK: Final = 20  # kills between two looks from the outside while it goes on


def say(text: str) -> None:
    """For whoever looks at a failure, or waits."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


@dataclass
class Storm:
    """A town under load. ``jumps``: when (monotonic) the machine's clock was set."""

    here: Town
    records: Records
    skew: Path
    dice: random.Random = field(default_factory=lambda: random.Random(SEED))
    cases: list[dict[str, Any]] = field(default_factory=list)
    jumps: list[float] = field(default_factory=list)
    sender: Sender | None = None

    def send(self, hook: str, secret: str) -> Sender:
        """Begin to deliver webhooks and mails."""
        self.sender = Sender(hook, secret, self.here.product.smtp, self.here.address, seed=SEED)
        self.sender.start()
        return self.sender

    def trouble(self) -> None:
        """New orders, one for each way in which a number becomes known, and vendors that misbehave."""
        place, journey = self.here.world.place, self.dice.choice(("smooth", "smooth", "number_swapped"))
        self.cases.append(place(route="api", journey=journey))
        self.cases.append(place(route="mail", journey="smooth", authentic=True))
        if self.dice.random() < 0.5:
            self.cases.append(place(route="store", journey="smooth"))
        for one in self.dice.sample(TROUBLES, 2):
            self.here.world.control("faults", one)

    def set_clock(self, seconds: float) -> None:
        """Set the clock of the product's machine so far from the right time."""
        draft = self.skew.with_suffix(".new")
        draft.write_text(str(seconds), encoding="ascii")
        draft.replace(self.skew)
        self.jumps.append(time.monotonic())

    def wait_for_a_push(self) -> str:
        """Until something was acknowledged once more, and a random moment has come or one more push is sent."""
        assert self.sender
        heard = len(self.sender.webhooks)
        wait_until("a webhook", lambda: len(self.sender.webhooks) > heard, self.here.world, every=0.02)  # type: ignore[union-attr]
        aimed, before = self.dice.random() < AIMED, records.pushes(self.records, "sending")
        end = time.monotonic() + (4.0 if aimed else self.dice.uniform(0.0, 1.0))
        while time.monotonic() < end:
            if aimed and records.pushes(self.records, "sending") - before:
                time.sleep(self.dice.uniform(0.0, 0.3))
                break
            time.sleep(0.01)
        return "aimed" if aimed else "random"

    def missing(self) -> list[str]:
        """Orders whose number is not in the shop yet. What was typed into the shop itself is there already."""
        given = self.here.world.pushes()
        return [
            case["order"]
            for case in self.cases
            if case["route"] != "store"
            and not {case["number"], case["local_number"]} & {number for number, _ in given.get(case["order"], ())}
        ]

    def look(self, number: int) -> None:
        """Now and then, while all goes on: nothing acknowledged so far is lost, and nothing was told twice."""
        if number % LOOK == 0 and self.sender:
            acknowledged = set(self.sender.webhooks)
            wait_until("the database", lambda: self.records.query("SELECT 1"), self.here.world)
            assert not acknowledged - records.bodies(self.records)
            assert self.here.world.control("pushes")["duplicates"] == []
            self.say_what_is_left()

    def end(self) -> None:
        """Vendors behave, nothing new comes, and all is brought to rest."""
        assert self.sender
        self.sender.stop()
        self.here.world.control("faults", method="DELETE")
        self.say_what_is_left()
        wait_until("every number in the shop", lambda: not self.missing(), self.here.world, seconds=SETTLE_S)
        wait_until("rest", lambda: records.rests(self.records), self.here.world, seconds=SETTLE_S)

    def say_what_is_left(self) -> None:
        """Where the pushes are, for whoever waits."""
        say(f"{len(self.missing())} of {len(self.cases)} numbers are not in the shop yet")

    def check(self) -> None:
        """Nothing acknowledged is lost, nothing was done twice; Doorstep does not run any more."""
        told = self.here.world.control("pushes")
        assert told["duplicates"] == [], told["duplicates"]
        assert not self.missing(), self.missing()
        assert self.sender and self.sender.webhooks and self.sender.mails
        lost = set(self.sender.webhooks) - records.bodies(self.records)
        assert not lost, f"{len(lost)} of {len(self.sender.webhooks)} acknowledged webhooks are lost: {lost}"
        kept, accepted = records.mails(self.records), self.here.world.control("state")["mails"]["accepted_ids"]
        gone = [one for one in (*self.sender.mails, *accepted) if one not in kept]
        assert not gone and accepted, f"acknowledged mails are lost: {gone}"
        held = self.records.query(records.LEASED)
        assert not held, f"still leased to the dead: {held}"
        self._check_budget()
        after = examine(self.here)
        assert after["audit"] and after["bad"] == [], after["bad"]
        assert {row[1] for row in after["outbox"]} <= {"dead", "due"}, after["outbox"]
        assert set(after["connections"].values()) == {"active"}, after["connections"]

    def _check_budget(self) -> None:
        """A bucket holds ``BURST_S`` of the pace; a clock that is set forward fills it once more."""
        pace = connector("carrier", "seventeen_track").meta.polls_per_minute / 60
        calls: list[float] = self.here.world.control("calls")["aggregator"]
        for first in calls:
            count = sum(first <= at < first + WINDOW_S for at in calls)
            fills = 1 + sum(first - BURST_S <= at < first + WINDOW_S for at in self.jumps)
            assert count <= pace * (WINDOW_S + fills * BURST_S), f"{count} calls within {WINDOW_S:g} s"


def examine(here: Town) -> dict[str, Any]:
    """What Doorstep itself says about what it has; it must not be running (SQLite)."""
    command = [sys.executable, "-m", "tests.chaos.examine"]
    done = subprocess.run(command, env=here.product.env, cwd=ROOT, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def on_a_wrong_machine(skew: Path, *words: str) -> list[str | Path]:
    """The command ``doorstep ...`` on a machine whose clock ``skew`` sets."""
    skew.write_text("0", encoding="ascii")
    return [sys.executable, "-m", "tests.chaos.machine", skew, *words]
